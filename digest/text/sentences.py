"""The sentences of a text. Pure."""

import re

from digest.text.links import Span

_END = re.compile(
    r"""(?: (?<!\.) [.!?] (?:["'”’)\]]|\}\$?)* (?= \s+ ["'“‘(\[$\\]* [A-Z0-9\u00c0-\u00de\u0391-\u03a9\u0410-\u042f] )
          | [。！？] )""",
    re.VERBOSE,
)
# A full stop after one of these does not end a sentence.
_ABBREVIATION = re.compile(
    r"""(?: \b (?: [A-Za-z] | et\ al | e\.g | i\.e | cf | vs | resp | approx | viz | ca | a\.k\.a | w\.r\.t | stat | syst?
        | Figs? | Eqs? | Secs? | Refs? | Tabs? | Thm | Prop | Dr | Prof | Mr | Ms | St | No | Nos | Vol ) )
        \. ["'”’)\]}$]* \Z""",
    re.VERBOSE,
)


def sentences(text: str) -> tuple[Span, ...]:
    """Return the spans of the sentences of a text, in order, without the blanks between them."""
    found: list[Span] = []
    start = len(text) - len(text.lstrip())
    for match in _END.finditer(text):
        if match.end() <= start or _ABBREVIATION.search(text, max(start, match.end() - 12), match.end()):
            continue
        found.append((start, match.end()))
        start = match.end() + len(text[match.end() :]) - len(text[match.end() :].lstrip())
    end = len(text.rstrip())
    if start < end:
        found.append((start, end))
    return tuple(found)
