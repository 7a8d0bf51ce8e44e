"""Whether a listing says that its paper is withdrawn, retracted or removed. Pure.

Publishers put a mark before or after the title (`RETRACTED ARTICLE: …`, `WITHDRAWN: …`, `TEMPORARY REMOVAL: …`,
`… (Retracted article. See vol. 12, 2014)`), authors a sentence at the beginning of the abstract or in arXiv's comments.
A paper about retractions, and the notice of the retraction of another paper, are neither. Nor is a paper that was
withdrawn from a conference or a journal.
"""

import re
from typing import Final

STATUSES: Final = ("withdrawn", "retracted", "removed")

# --- titles ------------------------------------------------------------------------------------------------

_MARK = r"(?:retracted|withdrawn|removed|temporar(?:y|ily)\s+(?:removal|removed|withdrawn|withdrawal))"
_KIND = r"(?:\s+(?:(?:conference\s+)?(?:article|paper)|chapter|manuscript|pre-?print|publication|(?:as\s+)?duplicate))?"
_TITLE = re.compile(
    rf"""
      \W{{0,3}} [\[(] \s? {_MARK}{_KIND} \s? [\])]      # [RETRACTED] A title
    | \W{{0,3}} {_MARK}{_KIND} \s? :                    # Retracted article: A title
    | (?-i: (?:RETRACTED|WITHDRAWN|REMOVED) (?:\s(?:ARTICLE|PAPER|CHAPTER))? \s? [-\u2013\u2014]? \s? (?=[A-Z][a-z]) )
    """,
    re.IGNORECASE | re.VERBOSE,
)
_TITLE_END = re.compile(
    rf"[\[(]\s?{_MARK}{_KIND}\s?(?:[\])]|[.:;,][^\[\]()]{{0,200}}[\])])\W{{0,3}}\Z", re.IGNORECASE
)
_NOTICE = re.compile(
    r"\W{0,3}(?:(?:notice|statement|note)\s+of\s+(?:article\s+)?(?:retraction|withdrawal|removal)\b"
    r"|(?:retraction|withdrawal|removal)(?:\s+(?:notice|note|statement)\b|\s?:))",
    re.IGNORECASE,
)

# --- abstracts and comments --------------------------------------------------------------------------------

_WORK = (
    r"(?:(?:this|the|our|present|current|arxiv|latest|submitted|duplicate)\s+){0,4}"
    r"(?:papers?|article|submission|manuscript|pre-?print|work|versions?|e-?print|draft|note|replacement|report|study)"
    r"(?:\s+(?:version|submission))?"
)
_ADVERB = r"(?:(?:now|temporarily|since|recently|already|currently|also|hereby|voluntarily|therefore)\s+)?"
_STATE = (
    r"(?:(?:has|have|had|is|was|are|were|will\s+be|(?:needs|has|is|ought)\s+to\s+be|should\s+be|must\s+be|to\s+be)\s+)?"
    rf"{_ADVERB}(?:(?:been|being)\s+)?{_ADVERB}"
)
# Nothing may follow that says from where else it was withdrawn.
_ELSEWHERE = r"\b(?!\s+from\s+(?!arxiv|the\s+arxiv|this\s+(?:server|archive)|(?:bio|med)rxiv|the\s+(?:server|archive)))"
_GONE = r"(?:withdrawn|retracted|removed\s+by\s+(?:the\s+)?(?:arxiv|authors?|admin\w*|moderators?))"
_REASON = r"(?:by|because|due|as|since|for|from|pending|until|on|in\s+favou?r|after)\b"
# A lone participle, as in `Withdrawn because of …`, but not `Withdrawn drugs in …`.
_ALONE = rf"{_GONE}{_ELSEWHERE}(?=\s*(?:\Z|[^\w\s])|\s+{_REASON})"
_REMOVED = (
    rf"{_WORK}\s+(?:has|have|had|is|was|were)\s+{_ADVERB}(?:(?:been|being)\s+)?{_ADVERB}removed"
    rf"{_ELSEWHERE}(?=\s*(?:\Z|[.:;,(])|\s+(?:at\s+the\s+request|{_REASON}))"
)
_PEOPLE = r"(?:the\s+)?(?:authors?|we|i)"
_ACTION = (
    r"(?:(?:has|have|had|would\s+like\s+to|wish(?:es)?\s+to|want\s+to|decided\s+to|requested\s+to|request\s+to|are|is|am|must|will)\s+){0,3}"
    rf"{_ADVERB}(?:withdraw|withdraws|withdrew|withdrawn|withdrawing|retract|retracts|retracted)"
)
_SAYS = re.compile(
    r"(?:the\s+publishers?\s+regrets?\s+that\s+)?"
    rf"(?:{_WORK}\s+{_STATE}{_GONE}{_ELSEWHERE}|{_REMOVED}"
    r"|this\s+article\s+is\s+an\s+accidental\s+duplication\b"
    rf"|(?:has|have)\s+been\s+{_ADVERB}{_GONE}{_ELSEWHERE}"
    rf"|{_PEOPLE}\s+{_ACTION}\s+(?:it\b|(?:this|the|our)\s+(?:\w+\s+)?{_WORK}\b|{_WORK}\b){_ELSEWHERE}"
    r"|(?:the\s+)?withdrawal\s+(?:(?:is|was|has\s+been)\s+)?requested\b"
    r"|(?:we|the\s+authors?)\s+(?:have\s+)?request(?:ed)?\s+(?:the\s+)?withdrawal\b"
    rf"|{_ALONE})",
    re.IGNORECASE,
)
_SENTENCE = re.compile(r"(?:\A|[.;:!?)\]]\s+|\s[-–—]\s+)[^\w\s]*+")
_LONGEST_COMMENT = 2000


def standing(title: str, abstract: str, comment: str = "") -> str | None:
    """Return `withdrawn`, `retracted` or `removed`; None for any other paper.

    The title has a mark at its beginning or end, or the abstract begins, or a sentence of the comment, by saying so.
    """
    if _NOTICE.match(title):
        return None
    found = _TITLE.match(title) or _TITLE_END.search(title, max(0, len(title) - 300))
    if found is None:
        found = _SAYS.match(abstract.lstrip("[(*{ \"'"))
    if found is None and comment:
        short = comment[:_LONGEST_COMMENT]
        sentences = (_SAYS.match(short, sentence.end()) for sentence in _SENTENCE.finditer(short))
        found = next(filter(None, sentences), None)
    if found is None:
        return None
    words = found[0].lower()
    return "retracted" if "retract" in words else "removed" if "remov" in words else "withdrawn"


def known_status(value: object) -> str | None:
    """Return one of the three words for what another program calls it (`Retracted`, `withdrawal`); None otherwise."""
    word = value.strip().lower() if isinstance(value, str) else ""
    return {"retraction": "retracted", "withdrawal": "withdrawn", "removal": "removed"}.get(
        word, word if word in STATUSES else None
    )
