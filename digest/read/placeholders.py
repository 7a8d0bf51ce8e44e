"""What exporters write where there is nothing: `[Not Available].`, `[No abstract available]`, `N/A`. Pure."""

import re

_PLACEHOLDER = re.compile(
    r"[\[({<]?\s*(?:"
    r"(?:the\s+)?(?:abstract|title|author(?:s|\s+name)?|author\s+names?|summary|text)\s+(?:is\s+|are\s+)?(?:not|un)\s?-?available(?:\s+for\s+this\s+\w+)?"
    r"|no\s+(?:abstract|title|authors?|author\s+names?(?:\(s\))?|author\s+id|authorship|summary|description|text)"
    r"(?:\s+(?:is\s+|are\s+)?(?:available|provided|given|found|listed|indicated|supplied|entered|present|text))?(?:\s+for\s+this\s+\w+)?"
    r"|(?:not|un)\s?-?available|not\s+applicable|not\s+provided|no\s+data|untitled|title\s+unknown"
    r"|n\s?[./]\s?a|none|null|nan|nil|tbd|undefined|missing|unknown"
    r")\s*[\])}>]?\s*[.!]?|[\s.\-–—_*?/]{1,10}|NA|#N/A|\[\s*\]|\(\s*\)|\{\s*\}",
    re.IGNORECASE,
)
_LONGEST = 60
# As a word of a title these may be meant: a paper may be titled "Missing" or "Unknown".
_MEANT = frozenset({"none", "null", "nan", "nil", "missing", "unknown", "undefined", "untitled", "tbd", "na"})


def is_placeholder(text: str) -> bool:
    """Return whether a text stands for nothing. Short words count as nothing only as machines write them."""
    if not text:
        return True
    if len(text) > _LONGEST or _PLACEHOLDER.fullmatch(text) is None:
        return False
    bare = text.strip("[](){}<>. ")
    return (
        bare.lower() not in _MEANT
        or bare in {"NA", "NaN", "nan", "None", "null", "NULL"}
        or bare != text.strip()
    )


def real(text: str) -> str:
    """Return a text, or "" for a placeholder."""
    return "" if is_placeholder(text) else text
