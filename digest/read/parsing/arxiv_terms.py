"""Terms that formats share: withdrawal, retraction and removal, and arXiv's kinds of announcement. Pure.

The wordings are those of comments and abstracts on arXiv and of preprint servers. A paper that was withdrawn from a
conference or a journal, and articles that are withdrawn from anything else, are not withdrawn papers.
"""

import re

_WORK = (
    r"(?:(?:this|the|our|present|current|arxiv|latest|submitted)\s+){0,4}"
    r"(?:papers?|article|submission|manuscript|pre-?print|work|versions?|e-?print|draft|note|replacement|report|study)"
    r"(?:\s+(?:version|submission))?"
)
_ADVERB = r"(?:(?:now|temporarily|since|recently|already|currently|also|hereby|voluntarily)\s+)?"
_STATE = (
    r"(?:(?:has|have|had|is|was|are|were|will\s+be|(?:needs|has|is|ought)\s+to\s+be|should\s+be|must\s+be|to\s+be)\s+)?"
    rf"{_ADVERB}(?:(?:been|being)\s+)?{_ADVERB}"
)
# Nothing may follow that says from where else it was withdrawn.
_ELSEWHERE = r"\b(?!\s+from\s+(?!arxiv|the\s+arxiv|this\s+(?:server|archive)|(?:bio|med)rxiv|the\s+(?:server|archive)))"
_GONE = r"(?:withdrawn|retracted|removed\s+by\s+(?:the\s+)?(?:arxiv|authors?|admin\w*|moderators?))"
# A lone participle, as in `Withdrawn because of …`, but not `Withdrawn drugs in …`.
_ALONE = (
    rf"{_GONE}{_ELSEWHERE}(?=\s*(?:\Z|[^\w\s])"
    r"|\s+(?:by|because|due|as|since|for|from|pending|until|on|in\s+favou?r|after)\b)"
)
_PEOPLE = r"(?:the\s+)?(?:authors?|we|i)"
_ACTION = (
    r"(?:(?:has|have|had|would\s+like\s+to|wish(?:es)?\s+to|want\s+to|decided\s+to|requested\s+to|request\s+to|are|is|am|must|will)\s+){0,3}"
    rf"{_ADVERB}(?:withdraw|withdraws|withdrew|withdrawn|withdrawing|retract|retracts|retracted)"
)
_SAYS = re.compile(
    rf"(?:{_WORK}\s+{_STATE}{_GONE}{_ELSEWHERE}"
    rf"|(?:has|have)\s+been\s+{_ADVERB}{_GONE}{_ELSEWHERE}"
    rf"|{_PEOPLE}\s+{_ACTION}\s+(?:it\b|(?:this|the|our)\s+(?:\w+\s+)?{_WORK}\b|{_WORK}\b){_ELSEWHERE}"
    r"|(?:the\s+)?withdrawal\s+(?:(?:is|was|has\s+been)\s+)?requested\b"
    r"|(?:we|the\s+authors?)\s+(?:have\s+)?request(?:ed)?\s+(?:the\s+)?withdrawal\b"
    rf"|{_ALONE})",
    re.IGNORECASE,
)
_SENTENCE = re.compile(r"(?:\A|[.;:!?)\]]\s+|\s[-–—]\s+)[^\w\s]*+")
_LONGEST_COMMENT = 2000
_ANNOUNCEMENTS = frozenset(("new", "cross", "replace", "replace-cross"))


def is_withdrawn(abstract: str, comment: str) -> bool:
    """Return whether the abstract begins, or a sentence of the comment, by saying that the paper is withdrawn."""
    short = comment[:_LONGEST_COMMENT]
    return bool(
        _SAYS.match(abstract.lstrip("[(*{ \"'"))
        or any(_SAYS.match(short, sentence.end()) for sentence in _SENTENCE.finditer(short))
    )


def announced(text: str) -> str | None:
    """Return the kind of announcement, or None if it is unknown."""
    kind = text.strip().lower()
    return kind if kind in _ANNOUNCEMENTS else None
