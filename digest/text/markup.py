"""Markup and entities of HTML, JATS and MathML that stand in plain text, as bibliographies have them. Pure.

Only the tags of these languages count as markup, so that `a < b and c > d` stays. Time is proportional to the text.
"""

import re
from collections.abc import Iterator
from html import unescape
from html.entities import html5

_BLOCKS = (
    "p br div sec section title list list-item li ul ol dl dt dd table tr td th thead tbody caption abstract h1 h2 h3"
    " h4 h5 h6 hr blockquote pre disp-formula disp-quote label fig"
)
_INLINE = (
    "a i b u s em strong sub sup inf small big font span tt code kbd var q cite mark strike del ins abbr italic bold"
    " sc scp monospace roman sans-serif underline overline overline-start styled-content named-content inline-formula"
    " inline-graphic graphic ext-link uri xref alternatives tex-math private-char nocase body html jats root"
)
_MATHS = (
    "math mrow mi mo mn ms mtext mspace msub msup msubsup munder mover munderover mmultiscripts mprescripts none mfrac"
    " msqrt mroot mfenced mtable mtr mtd mstyle mpadded mphantom menclose semantics annotation annotation-xml"
)
# The same formula again, in another language.
_TWINS = frozenset({"tex-math", "annotation", "annotation-xml"})
_BLOCK_NAMES = frozenset(_BLOCKS.split())

_NAME = "|".join(sorted({*_BLOCKS.split(), *_INLINE.split(), *_MATHS.split()}, key=len, reverse=True))
_PREFIX = r"(?:jats|mml|m|ns\d|html|xhtml|ce|sb):"
_ATTRIBUTES = (
    r"(?:\s+[\w:.-]{1,60}\s*=\s*(?:\"[^\"<>]{0,2000}\"|'[^'<>]{0,2000}'|[^\s<>\"']{1,2000})){0,20}\s{0,20}"
)
_TAG = re.compile(
    rf"<(?=[/A-Za-z!])(?:(?P<end>/?)(?:(?P<prefix>{_PREFIX})(?P<any>[A-Za-z][\w-]{{0,40}})|(?P<name>{_NAME}))(?P<rest>{_ATTRIBUTES})(?P<alone>/?)>"
    rf"|!--[^<>]{{0,2000}}-->)",
    re.IGNORECASE,
)
_ENTITY = re.compile(r"&(?:amp;)*(#\d{1,7}|#[xX][0-9a-fA-F]{1,6}|[A-Za-z][A-Za-z0-9]{1,31});")
_MOST_PASSES = 3  # markup may be escaped, and escaped again

# How TeX writes the signs around a tag: Mendeley and Zotero escape HTML like any other text.
_LESS, _GREATER = (
    r"(?:\{\\textless\}|\\textless(?:\{\}|\s)?|\\ensuremath\{<\}|\$<\$|<)",
    (r"(?:\{\\textgreater\}|\\textgreater(?:\{\}|\s)?|\\ensuremath\{>\}|\$>\$|>)"),
)
_IN_TEX = re.compile(
    rf"{_LESS}(?:(?P<tag>/?(?:(?:{_PREFIX})[A-Za-z][\w-]{{0,40}}|{_NAME}){_ATTRIBUTES}/?)"
    rf"|(?P<math>{_PREFIX}math)\s[^<>\\$]{{0,400}}){_GREATER}",
    re.IGNORECASE,
)
_HEADING = re.compile(r"(?:Abstract|ABSTRACT|Summary|SUMMARY)\s*[:.]?\s+(?=\S)")


def unmarked(text: str) -> str:
    """Return a text on one line without tags, with its entities resolved; formulas in MathML lose their blanks."""
    if "<" not in text and "&" not in text:
        return " ".join(text.split())
    for _ in range(_MOST_PASSES):
        if "<![CDATA[" in text:
            text = text.replace("<![CDATA[", "").replace("]]>", "")
        bare = _without_tags(text) if "<" in text else text
        plain = _ENTITY.sub(_character, bare) if "&" in bare else bare
        if plain == text:
            break
        text = plain
    return " ".join(text.split())


def unmarked_abstract(text: str) -> str:
    """Return an abstract without markup, and without the heading "Abstract" that JATS gives it."""
    plain = unmarked(text)
    found = _HEADING.match(plain) if _TAG.match(text.lstrip()) else None
    return plain[found.end() :] if found else plain


def tags_out_of_tex(text: str) -> str:
    r"""Return TeX in which tags such as `{\textless}i{\textgreater}` and `$<$sub$>$` are tags again."""
    escaped = "\\text" in text or "$<$" in text or "ensuremath{<}" in text
    if not escaped:
        return text
    bare = _IN_TEX.sub(lambda found: f"<{found['tag'] or found['math']}>", text)
    # The brace that closes a group which began in a tag is left over.
    is_left_over = (
        bare.endswith("}") and bare.count("}") > bare.count("{") and text.count("}") <= text.count("{")
    )
    return bare[:-1] if is_left_over else bare


def _character(found: re.Match[str]) -> str:
    name = found[1]
    if name.startswith("#"):
        return unescape(f"&{name};")
    return html5.get(f"{name};", found[0])


def _without_tags(text: str) -> str:
    return "".join(_pieces(text))


def _pieces(text: str) -> Iterator[str]:
    """Yield the text between the tags, with a space for each block; twins of formulas are left out."""
    place = 0
    in_maths = False
    twin = ""
    last_end = {name: text.lower().rfind(f"{name}>") for name in _TWINS} if "</" in text else {}
    for tag in _TAG.finditer(text):
        if tag.start() < place:
            continue
        name, ends = (tag["name"] or tag["any"] or "").lower(), bool(tag["end"])
        if twin:
            if ends and name == twin:
                twin, place = "", tag.end()
            continue
        between = text[place : tag.start()]
        yield between.strip() if in_maths else between
        place = tag.end()
        if name in _TWINS and not (ends or tag["alone"]) and last_end.get(name, -1) > place:
            twin = name
        elif name == "math":
            in_maths = not ends and not tag["alone"]
        elif name in _BLOCK_NAMES:
            yield _block(name, ends=ends, prefixed=bool(tag["prefix"]), before=between)
    yield text[place:]


def _block(name: str, *, ends: bool, prefixed: bool, before: str) -> str:
    """Return what separates a block from its neighbours: the title of a section ends with a colon."""
    is_heading = name == "title" and ends and prefixed and before.strip()[-1:].isalnum()
    return ": " if is_heading else " "
