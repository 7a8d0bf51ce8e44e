"""The gist of an abstract: the sentence that says what was done, and the one with the best result. Pure.

Both can be read on their own. A leading connective is left out ("To address these challenges, we propose ..." becomes "We
propose ..."), and so is an end that points at what is not shown ("We propose Kettle, a method that addresses these
challenges by ..." becomes "We propose Kettle, a method"). Any other sentence that points at another one is not chosen.
"""

import re
from dataclasses import dataclass
from functools import lru_cache

from digest.text.links import Span
from digest.text.sentences import sentences

_WORK = r"(?:paper|work|study|article|report|survey|thesis|letter|review|manuscript|note|chapter|tutorial|dissertation)"

# How authors announce what they did, the most explicit wording first.
_CLAIMS = (
    re.compile(
        rf"\b(?:we|(?-i:I)|this {_WORK})\b[^.;:]{{0,90}}?\b(?:propos|introduc|present|develop|"
        r"design|devis|contribut|releas|offer)(?:e|es|ed|s|ing)?\b",
        re.IGNORECASE,
    ),
    re.compile(
        rf"\b(?:we|(?-i:I)|this {_WORK})\b[^.;:]{{0,60}}?\b(?:show|find|found|prov|demonstrat|study|studi|investigat|explor|"
        r"analy[sz]|describ|build|built|construct|formulat|unif|unify|address|establish|argu|provid|examin|deriv|survey|"
        r"review|revisit|identif|identify|compar|evaluat|extend|report)(?:e|es|ed|s)?\b|"
        r"\A[A-Z][\w-]*[A-Z\d][\w-]* is an? (?:novel|new|first|large|simple|open)\b",
        re.IGNORECASE,
    ),
    re.compile(
        r"\b(?:is|are) (?:proposed|introduced|presented|developed)\b|\b(?:here|in this (?:paper|work))\b",
        re.IGNORECASE,
    ),
)
_CLAIM_LENGTHS, _RESULT_LENGTHS = range(40, 361), range(30, 261)

# What may stand before the comma in front of the subject and says nothing by itself, or only with what was said before.
_POINTER = r"(?:this|these|those(?!\s+(?:of|in|that|who|with|from|for)\b)|such(?!\s+(?:as|that)\b)|the\s+(?:above|aforementioned|former|latter))"
_CONNECTIVE = re.compile(
    rf"""(?: However | Therefore | Thus | Hence | Moreover | Furthermore | Additionally | In\ addition | Specifically
        | In\ particular | Consequently | Accordingly | As\ a\ (?:result|consequence) | Besides | Meanwhile | Nevertheless
        | Nonetheless | Instead | Here | Herein | In\ response | In\ turn | Notably | Remarkably | Importantly | Crucially
        | Overall | Ultimately | Finally | Lastly | First(?:ly)? | Second(?:ly)? | Third(?:ly)? | Then | Next | Also
        | To\ do\ so | Towards?\ (?:this|that|these)\ (?:ends?|goals?|aims?) | To\ (?:this|that|these)\ ends? | For\ (?:this|that|these)\ (?:purpose|reason)s? | Concretely
        | In\ contrast | By\ contrast | On\ the\ (?:other\ hand|contrary) | Conversely | Alternatively | Similarly | Likewise
        | Further | More\ (?:specifically|precisely|importantly|generally|concretely) | As\ such | So | Now
        | For\ (?:example|instance) | In\ fact | Indeed | In\ this\ {_WORK} | In\ the\ (?:present|current)\ {_WORK}
        ) ,\s+
      | (?: Here | Thus | Hence | Therefore | So | In\ this\ {_WORK} ) \s+ (?= we\b | in\ this\b )
      | \( (?: i{{1,3}} | iv | v | [1-9] | [a-d] ) \) \s+
      | (?: Background | Objectives? | Aims? | Purpose | Methods? | Results? | Findings | Conclusions? | Introduction )
        \s* : \s+""",
    re.VERBOSE | re.IGNORECASE,
)
_PHRASE = re.compile(
    rf"""(?: (?:To|In|For|With|On|By|From|Given|Following|Using|Leveraging|Based\ on|Building\ (?:up)?on|Drawing\ on|Driven\ by
            |Guided\ by|Motivated\ by|Inspired\ by|Considering|Recognizing|In\ light\ of|In\ view\ of|Due\ to)
          \b (?:(?!\bwe\b)[^,.;:]){{0,60}}? \b {_POINTER} \b
          (?: (?:(?!\bwe\b)[^.;:]){{0,240}}? ,\s+ (?=we\b) | (?:(?!\bwe\b)[^,.;:]){{0,80}} ,\s+ ) )""",
    re.VERBOSE | re.IGNORECASE,
)
_AFTER_PHRASE = re.compile(
    rf"(?:we|our|in this {_WORK}|this {_WORK}|the (?:present|current|proposed)|the authors|a|an|the|experiments|extensive experiments|"
    r"experimental results|empirical results|evaluations?|results)\b",
    re.IGNORECASE,
)
# What points at another sentence.
_POINTS = re.compile(
    rf"(?!this {_WORK}\b)\b{_POINTER}\b|\b(?:"
    r"in (?:the|our|an?) (?:previous|earlier|prior|companion) (?:article|paper|work|study)|"
    r"(?:above|afore)-?mentioned|as (?:shown|described|discussed) above|we now)\b|\A(?:They|It|Its|Their|Both|Each|Another)\b",
    re.IGNORECASE,
)
# An end of a sentence that points: what it says is known only from the sentences before.
_TAIL = re.compile(
    rf"""(?: \s* [,:;\u2013\u2014] )? \s+
      (?: (?:specifically\s+)? (?:developed|created|built|made|introduced|proposed|specifically) \s+ (?=to\b|for\b) )?
      (?: (?:that|which) \s+ (?:can\s+|could\s+|may\s+|aims?\s+to\s+|seeks?\s+to\s+)? | (?:in\ order\s+|so\ as\s+)? to \s+
        | (?:designed|intended|able|meant|aimed|aiming|seeking) \s+ (?:to|at) \s+ | (?:capable\ of|for|thereby|thus) \s+ )?
      (?:\w+ly\s+|both\s+|help\s+)?
      (?:address|tackl|solv|overc[oa]m|alleviat|mitigat|resolv|handl|remed|answer|bridg|fill|clos|circumvent|meet|counter
        |eliminat|reduc|fix|combat|remov|avoid|approach|achiev|realiz|realis|accomplish|attain)(?:e|es|s|y|ies|ing)?
      \s+ (?:(?:all|both|some|many|most|each|one)\s+(?:of\s+)?)? {_POINTER}\b""",
    re.VERBOSE | re.IGNORECASE,
)
_DANGLING = re.compile(
    r"(?:\b(?:is|are|was|were|be|been|being|and|or|but|by|of|for|to|in|on|at|with|as|from|than|we|can|may|how|that|which|"
    r"aims?|seeks?|tr(?:y|ies)|helps?|attempts?|order|not|when|while|the|an?|our|its|their|community|communities|researchers|practitioners|others|us|them)|[(\[{,:;])\Z",
    re.IGNORECASE,
)
_LEAST_LEFT = 45  # characters of a sentence without its end, if it does not name the method
_GENERIC_SUBJECT = re.compile(
    r"\A(?:The|Our) (?:proposed )?(?:approach|method|framework|model|system|algorithm|technique|architecture)\b"
)
# A sentence of a series: only what came before says what it adds.
_SERIES = re.compile(
    r"\A(?:\((?:i{1,3}|iv|v|[1-9]|[a-d])\)\s|(?:First|Firstly|Second|Secondly|Third|Thirdly|Finally|Lastly|Then|Next|Also|Moreover|Furthermore|"
    r"Additionally|In addition|Besides|To (?:further|additionally|also)(?:ly)?|"
    r"Further|Similarly|Likewise|More specifically)\b)|"
    rf"\b(?:we|{_WORK}) (?:also|then|further|additionally|finally|next|first)\b",
    re.IGNORECASE,
)
_NAME = re.compile(r"\b(?:[A-Z][a-z]+[A-Z]\w*|[A-Z]{2,}[a-z]\w*|[A-Z]{3,}(?:-\w+)*|[A-Z]\w*\d\w*)\b")
_TITLE_NAME = re.compile(r"\A\W*(\S+(?: \S+){0,2}?):\s")

_MEASURE = re.compile(
    r"\d\s?(?:%|percent\b|×|x\b|-?fold\b|times\b|points?\b|dB\b|FPS\b|pp\b)|"
    r"\b(?:by|of|from|to|only|than|over|under|about|least|most) (?:a factor of )?[$~≈]?\d",
)
_COMPARES = re.compile(
    r"\b(?:outperform|surpass|exceed|superior|better than|faster|state-of-the-art|SOTA|competitive|comparable|"
    r"compared (?:to|with)|on par\b|match(?:es|ing)\b)",
    re.IGNORECASE,
)
_GAINS = re.compile(
    r"\b(?:improv|reduc|achiev|attain|increas|decreas|gain|boost|speed-?up|accelerat|lower|higher|significant|reach)",
    re.IGNORECASE,
)
_NO_RESULT = re.compile(
    r"://|\b(?:code|datasets?|data|models?|weights)\b[^.]* (?:is|are|will be) (?:\w+ )?(?:available|released|open)|"
    r"\bavailable at\b",
    re.IGNORECASE,
)
_WORTH_IT = 1.2  # the least worth of a sentence that is shown as a result
_COMPLETE = 2.0  # the least worth of a claim that includes the result


@dataclass(frozen=True, slots=True)
class Part:
    """What is shown of the sentence at a place.

    `trimmed`: without its first words, so it begins in lower case; `cut`: without its last words and its full stop.
    """

    place: int
    span: Span
    trimmed: bool
    cut: bool = False


@dataclass(frozen=True, slots=True)
class Gist:
    """What was done and, if there is one, the best result."""

    claim: Part
    result: Part | None

    @property
    def parts(self) -> tuple[Part, ...]:
        return (self.claim, self.result) if self.result else (self.claim,)


def gist(text: str, parts: tuple[Span, ...], title: str = "") -> Gist | None:
    """Return the gist of an abstract, or None if no sentence that says what was done can be read on its own.

    `parts` are the spans of the sentences. The name before the colon of a title is looked for in them.
    """
    name = _name(title)
    shown = [
        _without_tail(text, Part(place, *_untied(text, *span)), name) for place, span in enumerate(parts)
    ]
    costs = [
        (cost, part.place)
        for part, (start, _) in zip(shown, parts, strict=True)
        if (cost := _cost(text, part, start, name)) is not None
    ]
    if not costs:
        return None
    claim = shown[min(costs)[1]]
    complete = _worth(text[slice(*claim.span)]) >= _COMPLETE
    return Gist(claim, None if complete else _best_result(text, shown[claim.place + 1 :]))


@lru_cache(maxsize=4096)
def gist_of(text: str, title: str) -> Gist | None:
    """Return the gist of an abstract, for issues and feeds alike."""
    return gist(text, sentences(text), title)


def _name(title: str) -> str:
    found = _TITLE_NAME.match(title)
    return found[1] if found else ""


def _untied(text: str, start: int, end: int) -> tuple[Span, bool]:
    """Return a sentence without its leading connectives, and whether there were some.

    A phrase that points is one, if a subject follows: there it cannot be a part of a list.
    """
    begin = start
    while (found := _CONNECTIVE.match(text, begin, end)) or (
        (found := _PHRASE.match(text, begin, end)) and _AFTER_PHRASE.match(text, found.end(), end)
    ):
        begin = found.end()
    return (begin, end), begin > start


def _without_tail(text: str, part: Part, name: str) -> Part:
    """Return a claim without its end if that points at what is not shown, and what is left says enough."""
    start, end = part.span
    found = _TAIL.search(text, start, end)
    if found is None:
        return part
    left = text[start : found.start()].rstrip()
    claim = next(filter(None, (each.search(left) for each in _CLAIMS)), None)
    named = bool(_NAME.search(left)) or bool(name and name in left)
    if (
        claim is None
        or len(left[claim.end() :].split()) < 2
        or (len(left) < _LEAST_LEFT and not named)
        or _DANGLING.search(left)
        or any(left.count(opening) != left.count(closing) for opening, closing in ("()", "[]", "{}"))
        or left.count("$") % 2
        or ". " in left
    ):
        return part
    return Part(part.place, (start, start + len(left)), part.trimmed, cut=True)


def _cost(text: str, part: Part, start: int, name: str) -> float | None:
    """Return how far a sentence, which begins at `start`, is from the best claim; None if it is not a claim."""
    kind = next((n for n, claim in enumerate(_CLAIMS) if claim.search(text, start, part.span[1])), None)
    shown = text[slice(*part.span)]
    if (
        kind is None
        or (len(shown) not in _CLAIM_LENGTHS and not part.cut)
        or _POINTS.search(shown)
        or _NO_RESULT.search(shown)
    ):
        return None
    return (
        kind
        + 1.5 * bool(_SERIES.search(text, start, part.span[1]))
        + 0.3 * part.cut
        + 0.7 * bool(_GENERIC_SUBJECT.match(shown))
        - 1.2 * bool(name and name in shown)
        - 0.3 * bool(_NAME.search(shown))
    )


def _best_result(text: str, parts: list[Part]) -> Part | None:
    best, most = None, 0.0
    for part in parts:
        shown = text[slice(*part.span)]
        if len(shown) not in _RESULT_LENGTHS or _POINTS.search(shown) or _NO_RESULT.search(shown):
            continue
        worth = _worth(shown) - bool(_CLAIMS[0].search(shown))
        if worth >= _WORTH_IT and worth > most:
            best, most = part, worth
    return best


def _worth(sentence: str) -> float:
    """Return how much a sentence says about a result: numbers, comparisons, gains."""
    return (
        1.5 * bool(_MEASURE.search(sentence))
        + 1.2 * bool(_COMPARES.search(sentence))
        + 0.9 * bool(_GAINS.search(sentence))
    )
