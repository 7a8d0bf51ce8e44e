r"""Markup within one word, such as `H$_2$O`, `CO<sub>2</sub>` and `$\beta$-catenin`, and names of Greek letters. Pure.

A link takes the place of the markup and has its length, so that all offsets stay: `_` where an index begins, `$`
everywhere else. `digest.text.words` decides which links join words.
"""

import re
import unicodedata

from digest.text.folding import Traced

_GREEK = [
    "alpha",
    "beta",
    "gamma",
    "delta",
    "epsilon",
    "zeta",
    "eta",
    "theta",
    "iota",
    "kappa",
    "lambda",
    "mu",
    "nu",
    "xi",
    "omicron",
    "pi",
    "rho",
    "sigma",
    "tau",
    "upsilon",
    "phi",
    "chi",
    "psi",
    "omega",
]
# ∆ is the sign of an increment, which is typed for the letter.
_LETTER_NAMES = dict(zip("αβγδεζηθικλμνξοπρστυφχψω", _GREEK, strict=True)) | {"∆": "delta"}
_NAMES = {letter: f"${name}$" for letter, name in _LETTER_NAMES.items()}  # of the letters that folding leaves
_LETTERS = "".join(_NAMES)
# Four letters in a row are a Greek word.
_RUN = re.compile(rf"(?<![\u0370-\u03ff])[{_LETTERS}]{{1,3}}(?![\u0370-\u03ff])")
# Before a unit, μ means a millionth: "μm" is not "mum".
_UNIT = r"(?:pa|hz|sv|gy|ci|da|wb|mol|rad|bar|ev|sec|min|[mslgavwfhjntckω])"
_MICRO = re.compile(rf"\$*{_UNIT}(?![a-z])")

_FONT = r"\\(?:math(?:rm|it|bf|sf|tt|up|normal)|text(?:rm|it|bf|sf|tt|up|normal)?|rm|it|bf|sf|tt|up|mbox|hbox)(?![A-Za-z])"
_INDEX = r"[A-Za-z0-9][A-Za-z0-9.,+\-\u2212]{0,30}+"
_COMMAND = rf"(?:var|up|text)? (?P<GROUP> {'|'.join(_GREEK)} ) (?![A-Za-z]) (?: \{{\}} | [ ](?=\$) )?+"
_TAG = r"(?:jats:)?(?:su[bp]|inf|i|b|u|em|strong|sc|scp|italic|bold)"
# It begins with a set of characters, which the engine can look for quickly.
_MARKUP = re.compile(
    rf"""
    [\\{{_^<~] (?:
      (?<= [_^] ) \s{{0,3}}+ (?:
          \{{ \s{{0,3}}+ (?: {_FONT} \s{{0,3}}+ (?P<inner> \{{ )?+ )?+
            (?P<braced> {_INDEX} ) \s{{0,3}}+ (?(inner) \}} \s{{0,3}}+ ) \}}
        | {_FONT} \s{{0,3}}+ \{{ (?P<in_font> {_INDEX} ) \}}
        | (?P<single> [A-Za-z0-9] )
      )
    | (?<= \\ ) (?:
          text(?:sub|super)script \s{{0,3}}+ \{{ (?P<in_text> {_INDEX} ) \}}
        | {_COMMAND.replace("GROUP", "greek")}
        | (?P<chemistry> c[eh] ) (?=\{{)
        | (?P<command> (?: [A-Za-z]++ \*?+ (?: \s{{0,3}}+ \[ [^][{{}}\\]*+ \] )*+ | . ) (?: \s{{0,3}}+ \{{ )?+ )
      )
    | (?<= \{{ ) (?: (?P<protected> [A-Za-z0-9]++ ) \}} | \\ {_COMMAND.replace("GROUP", "greek_in_braces")} \}} )
    | (?<= < ) (?P<tag> /?{_TAG} ) \s?/?>
    | (?<= [A-Za-z)\]]~ ) (?P<tilde> [0-9]{{1,3}} | x ) ~
    )
    """,
    re.VERBOSE | re.DOTALL,
)
_INDEXES = frozenset(("braced", "in_font", "single", "in_text", "tilde"))
# No index belongs to a blank.
_BLANK_BEFORE_INDEX = re.compile(r" (?:(?=\$_)|(?=<(?:jats:)?sub>))(?<=[A-Za-z)] )")
_UNIT_IN_TEX = re.compile(rf"\$*(?:{_FONT}\s?\{{?)?{_UNIT}(?![A-Za-z])", re.IGNORECASE)
_SIGN = re.compile(rf"[{{}}$~]|</?{_TAG}>")
_CLOSING = re.compile(rf"[+-]?(?:{_SIGN.pattern})+")


def greek_names() -> dict[str, str]:
    """Return the name of each Greek letter without an accent: small, capital, of a formula, and as a sign of its own."""
    codes = (0xB5, 0x2126, 0x2206, *range(0x0370, 0x0400), *range(0x1D6A8, 0x1D7CC))
    folded = {chr(code): unicodedata.normalize("NFKC", chr(code)).casefold() for code in codes}
    return {char: _LETTER_NAMES[letter] for char, letter in folded.items() if letter in _LETTER_NAMES}


def is_marked(text: str) -> bool:
    """Return whether a text may contain markup that `linked` replaces."""
    return "{" in text or "^" in text or "\\" in text or "~" in text or "<" in text or " $_" in text


def linked(text: str) -> str:
    """Return a text of the same length in which links take the place of markup within words."""
    if " $_" in text or "sub>" in text:
        text = _BLANK_BEFORE_INDEX.sub("$", text)
    return _MARKUP.sub(_link, text)


def _link(found: re.Match[str]) -> str:
    """Return the content of the markup with the links before and after it."""
    kind = found.lastgroup or ""
    if kind == "command":  # `digest.text.tex` reads it
        return found[0]
    if kind == "chemistry":
        return r"\rm"
    if kind == "tag":
        return ("_" if found["tag"] in {"sub", "sup", "jats:sub", "jats:sup"} else "$").ljust(
            len(found[0]), "$"
        )
    if kind.startswith("greek") and found[kind] == "mu" and _UNIT_IN_TEX.match(found.string, found.end()):
        return "μ".ljust(len(found[0]), "$")
    start, end = found.span(kind)
    before, after = start - found.start(), found.end() - end
    return ("_" if kind in _INDEXES else "$").ljust(before, "$") + found[kind] + "$" * after


def named(folded: str) -> str:
    """Return a folded text with the names of Greek letters in place of the letters, between links."""
    return folded if folded.isascii() else _RUN.sub(_name, folded)


def named_traced(folded: str, starts: list[int], ends: list[int]) -> Traced:
    """Name the Greek letters of a folded text and trace each character back to the original."""
    if folded.isascii() or not _RUN.search(folded):
        return folded, starts, ends
    parts: list[str] = []
    new_starts: list[int] = []
    new_ends: list[int] = []
    place = 0
    for found in _RUN.finditer(folded):
        first, after = found.span()
        parts += (folded[place:first], _name(found))
        new_starts += starts[place:first]
        new_ends += ends[place:first]
        lengths = [len(parts[-1])] if len(parts[-1]) == 1 else [len(_NAMES[letter]) for letter in found[0]]
        for letter, length in enumerate(lengths, first):
            new_starts += [starts[letter]] * length
            new_ends += [ends[letter]] * length
        place = after
    parts.append(folded[place:])
    return "".join(parts), new_starts + starts[place:], new_ends + ends[place:]


def _name(run: re.Match[str]) -> str:
    if run[0] == "μ" and _MICRO.match(run.string, run.end()):
        return run[0]
    return "".join(map(_NAMES.__getitem__, run[0]))


def closed(text: str, start: int, end: int) -> int:
    """Return the end of a part of a text, extended over the markup that closes what was opened in the part."""
    part = text[start:end]
    if part.isalnum():
        return end
    found = _CLOSING.match(text, end)
    return end if found is None or not any(map(part.__contains__, "{$~<")) else _closed(part, found)


def _closed(part: str, closing: re.Match[str]) -> int:
    """Return where the markup that was opened in the part is closed; the sign of a charge may come before."""
    opened: list[str] = []
    for sign in _SIGN.findall(part):
        if sign == "{" or (sign.startswith("<") and not sign.startswith("</")):
            opened.append({"{": "}"}.get(sign, f"</{sign[1:]}"))
        elif opened and opened[-1] == sign:
            opened.pop()
        elif sign in {"$", "~"}:
            opened.append(sign)
    end = closing.start()
    for sign in _SIGN.finditer(closing[0]):
        if not opened or opened.pop() != sign[0]:
            break
        end = closing.start() + sign.end()
    return end
