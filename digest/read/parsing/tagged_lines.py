"""Lines with a tag, as in RIS and MEDLINE, each joined with the lines that continue it. Pure."""

import re
from collections.abc import Iterator

_LINE_END = re.compile(r"\r\n|\r|\n")


def fields(
    text: str, tagged: re.Pattern[str], continues: str = "", joined: str = " "
) -> Iterator[tuple[int, str, str]]:
    """Yield the line (from 1), the tag and the value of each tagged line, in time proportional to the text.

    `tagged` has the tag and the value as groups 1 and 2. A line that does not match it continues the value if it
    begins with `continues` and is not blank; other lines are ignored. `joined` joins the lines of a value.
    """
    start, tag = 0, ""
    parts: list[str] = []
    for number, line in enumerate(_LINE_END.split(text), start=1):
        match = tagged.fullmatch(line.rstrip())
        if match is None:
            if line.startswith(continues) and (rest := line.strip()):
                parts.append(rest)
            continue
        if tag:
            yield start, tag, joined.join(parts)
        start, tag, parts = number, match[1], [match[2] or ""]
    if tag:
        yield start, tag, joined.join(parts)
