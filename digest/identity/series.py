"""Marks that distinguish the papers of a series, and titles that many papers share."""

import re
from collections import Counter
from typing import Final


def word_set(text: str) -> frozenset[str]:
    """Return the words of a text, which blanks separate."""
    return frozenset(text.split())


_COUNTED = (
    "zero one two three four five six seven eight nine ten",
    "zeroth first second third fourth fifth sixth seventh eighth ninth tenth",
    "0 i ii iii iv v vi vii viii ix x xi xii xiii xiv xv xvi xvii xviii xix xx",
)
_NUMBERS: Final = {name: str(number) for names in _COUNTED for number, name in enumerate(names.split())}
RUNS = re.compile(r"\d+(?:\.\d+)*")
# Words that mark a different text with a similar title: a reply, a correction, a sequel, another edition.
_VERSIONS: Final = word_set(
    "revisited revised extended updated new continued sequel followup further reloaded redux again"
    " erratum errata corrigendum correction corrections addendum retraction retracted comment comments"
    " reply response rejoinder discussion supplement supplementary appendix edition review survey"
    " tutorial companion summary abstract beyond not no non without anti lite mini tiny turbo"
)
_LETTERS = frozenset("bcdefghjklmnopqrstuwyz")  # "a" is an article, "i", "v" and "x" are numbers


def series_marks(parts: tuple[str, ...]) -> Counter[str]:
    """Return the marks that may distinguish a paper from others of its series, with their counts.

    They are numbers in any notation, single letters, and words of version or contradiction. Titles with
    different marks are never near.
    """
    marks: Counter[str] = Counter()
    for part in parts:
        if part in _NUMBERS:
            marks[_NUMBERS[part]] += 1
        elif runs := RUNS.findall(part):
            marks.update(runs)
        elif part in _VERSIONS or part in _LETTERS:
            marks[part] += 1
        if part[-1] in "+#":
            marks[part[-1]] += 1
    return marks


# Many papers have titles made of these words alone: columns, front matter, notices.
_COLUMN: Final = word_set(
    "editor editors editorial editorials guest chair chairs president presidents treasurer treasurers publisher"
    " publishers note notes message messages letter letters foreword forward preface introduction introductory"
    " remarks column columns corner news announcement announcements report reports book books review reviews"
    " reminiscences contents table index issue special volume paper papers abstract abstracts erratum errata"
    " corrigendum correction corrections addendum retraction obituary memoriam reply comment comments response"
    " discussion panel tutorial tutorials keynote invited talk session sessions summary overview conclusion"
    " conclusions acknowledgements acknowledgments welcome address opening closing bibliography interview"
    " calendar events call minutes proceedings workshop conference symposium journal untitled title unknown"
    " appendix supplement supplementary material information front back matter"
)
_LINKING: Final = word_set("a an the of in on to for and from with by at s about this our key")


def is_recurrent(parts: tuple[str, ...]) -> bool:
    """Return whether many papers may share a title: `Editorial`, `Editor's Notes`, `Erratum`."""
    content = [part for part in parts if part not in _LINKING and not part.isdigit()]
    return bool(content) and all(part in _COLUMN for part in content)
