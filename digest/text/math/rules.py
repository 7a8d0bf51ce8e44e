"""The patterns by which TeX and its remnants are found in a text."""

import re
from collections.abc import Sequence

from digest.text.math import tables

NAMES = "|".join(sorted(tables.BARE, key=len, reverse=True))
GREEK = "|".join(sorted(tables.GREEK, key=len, reverse=True))
FONTS = "|".join(sorted(tables.BARE_FONTS, key=len, reverse=True))
_FUNCTIONS = "|".join(sorted(tables.FUNCTIONS_OF_ONE, key=len, reverse=True))
_ACCENTS = "|".join(sorted(tables.MATHS_ACCENTS, key=len, reverse=True))
# What lost its backslash between two operands, or after a number.
_FONT_AND_LETTER = r"(?<![A-Za-z\\])math(?:cal|bb|bf|rm|frak|scr|sf|it) (?=[A-Z](?![A-Za-z]))"
_COMPOSED = r"(?<=\b[A-Za-z] )circ(?= [A-Za-z](?!\w))"
_DEGREES = r"(?<=\d)circ(?= ?[CFK]?(?!\w))"
_PERCENT = r"(?<=\d)percent(?![a-z])"

# A perturbation of a picture, such as 8/255, whose slash was lost.
LOST_SLASH = (
    r"(?<![A-Za-z])(?:epsilon|varepsilon|eps|ε|ϵ|delta|δ)(?: ?(?:=|≤|<|leq|of|is) ?| )"
    r"(?P<steps>1|2|3|4|6|8|10|12|16|24|32|64)255(?!\d|\.\d)"
)

FURTHER_STEPS = re.compile(r"(?:,|,? and|,? or)? (?P<steps>1|2|3|4|6|8|10|12|16|24|32|64)255(?!\d|\.\d)")

# A text without any of these is not searched further. Each word comes with its pattern, because a search for the
# word alone is much faster.
SIGNS = "\\$~`"
SIGNS_OF_REMNANTS = "^_{}"
WORDS_OF_REMNANTS = tuple(
    (word, re.compile(pattern))
    for word, pattern in (
        ("times", r"times(?:\d|(?<=\dtimes)|(?<=[\d)}A-Z] times) )"),
        ("sim", r"sim(?: ?\d|(?<=\dsim))"),
        ("approx", r"approx\d"),
        ("pm", r"pm(?<=\dpm)\d"),
        ("Delta", r"Delta\d"),
        ("to", r"to(?:∞|infty)"),
        ("math", _FONT_AND_LETTER),
        ("circ", f"{_COMPOSED}|{_DEGREES}"),
        ("percent", _PERCENT),
        ("255", LOST_SLASH),
        ("(", rf"\((?:{GREEK})[),^_ ]"),
    )
)
# Shows that dollars and backslashes were dropped from the text, so that some words may be TeX.
DROPPED = re.compile(
    rf"[\^_]\{{|\^circ|\dtimes(?![a-z])|(?<![A-Za-z-])sim\d|(?<![A-Za-z])[A-Za-z]?(?:{NAMES})(?![a-z])"
    rf"|(?<![A-Za-z\\])(?:{FONTS})\{{"
)

ACCENT = (
    r"\\(?:(?P<mark>[\"'`^~=.])|(?P<letters>[cvuHkdbrt])(?![A-Za-z]))\s*"
    r"(?:(?P<on>[A-Za-z])|\\(?P<on_dotless>[ij])(?![A-Za-z])(?:\{\})?|\{\\?(?P<on_braced>[A-Za-z])\})"
)

# `\r{ho}`: a program took the first letter of `\rho` for an accent.
_SPLIT_GREEK = "|".join(re.escape(f"{name[0]}{{{name[1:]}}}") for name in tables.GREEK)
BROKEN_GREEK = rf"\\(?:{_SPLIT_GREEK})"
ENVIRONMENT = (
    r"\\begin\{(?P<environment_name>align|aligned|alignat|flalign|gather|eqnarray|equation|multline|split|displaymath|math)"
    r"(?P<environment_star>\*?)\}(?P<environment_lines>.{1,2000}?)\\end\{(?P=environment_name)(?P=environment_star)\}"
)

_OPERATORS = r"[-+=<>:,./×·∼≈±→|*%]|times|cdot|to|sim|approx|pm|mp|leq?|geq?|neq?|ll|gg|in|rightarrow|leftarrow|mapsto|circ|otimes|oplus"

# Rules that begin with a sign. A rule is the name of a method of the reader, and its pattern.
SIGN_RULES = (
    # Not TeX: paths, Windows paths, code.
    (
        "code",
        r"(?<!\S)~/\S+|(?<=\b[A-Za-z]:)\\\S+|\\\\[a-z]\S+|```.*?```|``[^`'\"\n]{1,200}``|(?<!`)`[^`'\n]{1,200}`(?!`)",
    ),
    # Quotation marks.
    ("quotes", r"``(?=[^\s`](?:[^`']|'(?!'))*'')"),
    ("unquotes", r"''"),
    ("half_quotes", r"``(?=[^\s`][^`\"]{0,200}\")"),
    ("quote", r"(?<![\w`'\\])`(?=(?P<quoted>\w(?:[^`'\n]|'(?=[a-z])){0,200})'(?![\w']))"),
    # Complete formulae.
    (
        "display",
        r"\\\((?P<round>(?:[^\\]|\\(?!\))){1,500})\\\)|\\\[(?P<square>(?:[^\\]|\\(?!\])){1,500})\\\]",
    ),
    ("dollar", r"(?<!\\)\$"),
    # Backslashes.
    ("escape", r"\\[%&$#_{}]"),
    ("apostrophe", r"(?<=[A-Za-z])\\(?='(?:s|t|re|ll|ve|d|m)\b)"),
    ("broken", BROKEN_GREEK),
    ("accent", ACCENT),
    ("environment", ENVIRONMENT),
    (
        "around_text",
        r"\\(?:(?:begin|end)\{(?:itemize|enumerate|description|quote|quotation|center|abstract)\}|item(?![A-Za-z]))\s*",
    ),
    ("command", r"\\(?P<name>[A-Za-z]+)\*?"),
    ("space", r"\\[,;:!]|(?<=\S)\\ (?=\S)|\\\\(?=\s|\Z)"),
    # Braces.
    (
        "switch",
        r"\{\\?(?:it|bf|em|rm|tt|sc|sl|sf|bfseries|itshape)(?![A-Za-z])\s*|\{\\color(?:\[\w+\])?\{[^{}]*\}\s*",
    ),
    # An operator without the spaces around it: `N{+}D`, `64{times}64`, `{+}5`.
    (
        "operator",
        rf"(?<=[\w)\]}}%'’])\{{(?:(?P<infix>{_OPERATORS})\}}(?=\S)|(?P<unit>[%°])\}})|\{{(?P<sign>[-+<>=≤≥~])\}}(?=[\d.])",
    ),
    ("about", r"\{sim\}\s?(?=\d)"),
    ("term", r"(?<=[\[(\s])\{(?P<multiplicity>\d|2S ?\+ ?1)\}(?=[A-Z]_[\w{])"),
    (
        "kept",
        r"\{(?=[A-Za-z]{1,3}\}[a-z])|\{(?=[A-Za-z0-9.]*[A-Z0-9][A-Za-z0-9.]*(?:\([A-Za-z0-9]{1,3}\))?\})",
    ),
    ("titled", r"\{(?=[A-Z][\w'’-]*(?: (?:[A-Z0-9][\w'’-]*|of|and|the|in|for)){0,6}\}(?!\}))"),
    ("doubled", r"\{\{(?=[A-Z][^{}]{0,200}\}\})"),
    ("around", r"\{(?=\\[A-Za-z]+\s?\})"),
    ("fraction", r"(?<=[0-9}])\{(?=[^{}\s]{1,40}(?:\{[^{}\s]{1,20}\}[^{}\s]{0,20})?\})"),
    ("empty", r"(?<=[A-Za-z])\{\}"),
    ("script", r"(?<=[\w)\]}|'])[\^_](?=[\w{*\\'+-])"),
    ("tie", r"(?<=[A-Za-z.,;:)\]}%'’])~(?=[\w(\[\\$`{\-])|(?<=\d)~(?=[A-Za-z(\[\\])|(?<=\s)~(?=[(\\])"),
)
_WEB = r"https?://|www\."
_HOST = r"(?<![\w@/.-])(?:[A-Za-z0-9][A-Za-z0-9-]*\.)+[A-Za-z]{2,}/"
_MAIL = r"(?<![\w@/.-])[\w.+-]+@(?=\w)"
# Rules that begin with a letter or a space.
WORD_RULES = (
    # Not TeX: addresses, which may be repeated in braces.
    ("address", rf"(?P<url>(?:{_WEB}|{_HOST}|{_MAIL})[^\s{{}}\\$]+)(?P<again>\{{(?P=url)/?\}})?"),
    ("lost_slash", LOST_SLASH),
    ("limit", r"(?:(?<![A-Za-z\\])(?P<tends>[A-Za-z])|(?<=\b[A-Za-z] ))to(?P<end>∞|infty(?![a-z]))"),
    # Remnants of formulae without dollars and backslashes.
    ("sum", r"(?<![A-Za-z\\])(?:sum|prod|int)(?=_\{)"),
    ("bracket", rf"(?P<sized>[A-Za-z]|min|max|{GREEK})?[Bb]igg?[lrm]?(?=[\[\](){{}}|])"),
    ("indexed", rf"(?<![A-Za-z\\/_.-])(?:ell|{GREEK})(?=\^[^\s\]]|_(?:infty(?![a-z])|[\w{{](?!\w|\.\w)))"),
    ("font", rf"(?<![A-Za-z\\])(?:{FONTS})\{{"),
    ("lettered", _FONT_AND_LETTER),
    ("function", rf"(?<![A-Za-z\\])(?:{_FUNCTIONS})\{{(?=[^{{}},]{{1,40}}\}})"),
    ("accented", rf"(?<![A-Za-z\\])(?:{_ACCENTS})\{{(?P<under>[A-Za-z]|{GREEK})\}}"),
    ("root", r"(?<![A-Za-z\\])(?:d|t)?(?:sqrt|frac)\{"),
    (
        "tilde",
        r"(?<![A-Za-z\\])(?:wide)?tilde (?P<tilded>O|Theta|Omega)(?:[Bb]igg?[lrm]?(?=[\[(])|(?![a-z]))",
    ),
    ("bare", rf"(?<![A-Za-z\\])(?P<one>[A-Za-z]?)(?P<bare_name>{NAMES})(?![a-z])(?P<after> ?)"),
    ("ring", r"(?<![A-Za-z\\/_.-])circ_(?P<ring_index>[a-z0-9])(?!\w)"),
    ("composed", _COMPOSED),
    ("degrees", _DEGREES),
    ("percent", _PERCENT),
    ("times", r"(?<=\d)times(?: (?=\d)|(?![a-z]))|(?<![\w-])times(?=\d)"),
    (
        "product",
        r"(?<=[0-9)}]) times (?=(?P<right>\d+)(?![\d.]*%)|[B-HJ-Zb-z](?![A-Za-z]))|(?<=\b[B-HJ-Z]) times (?=[B-HJ-Z]\b)",
    ),
    ("sim", r"(?<![\w-])sim(?=\d)|(?<=\d)sim ?(?=\d)|(?<![\w-])sim (?=\d)"),
    ("approx", r"(?<![\w-])approx(?=\d)"),
    ("plus_minus", r"(?<=\d)pm(?=\d+\.\d)"),
    ("relation", r"(?<=[)\d}]) (?:le|ge) (?=[(\d])"),
    ("greek", rf"(?<![A-Za-z\\-])(?:{GREEK})(?![a-z])"),
)


def _any_of(rules: Sequence[tuple[str, str]]) -> str:
    return "|".join(f"(?P<{name}>{pattern})" for name, pattern in rules)


ONLY_SIGNS = re.compile(
    rf"(?=[\\$`'{{^_~])(?:{_any_of(SIGN_RULES)})|(?<![A-Za-z])(?=[A-Za-z])(?:{_any_of(WORD_RULES[:1])})",
    re.DOTALL,
)
ALL = re.compile(
    rf"(?=[\\$`'{{^_~])(?:{_any_of(SIGN_RULES)})"
    rf"|(?<![a-z])(?=[A-Za-z ])(?:{_any_of(WORD_RULES)})",
    re.DOTALL,
)

# These distinguish a formula between dollars from prose and money.
PROSE = re.compile(r"(?<![\\A-Za-z{])[a-z]{3,}\s+[a-z]{2,}(?![A-Za-z]*[\^_({])")
MONEY = re.compile(r"[\d.,]+\s?(?:[kKMBT]|[A-Za-z]{2,}|[-–]|\(|and\b|to\b|per\b|\s|/)[^\\^_{}$]*")
TEXTUAL = re.compile(r"\\(?:text\w*|mbox|emph|mathrm|operatorname)\{[^{}]*\}")
MATHS_SIGN = re.compile(r"[\\^_{}]")
FUNCTION = re.compile(r"(?:tanh|sinh|cosh|exp|log|ln|sin|cos|tan|max|min)\(\Z")
OF_A_LETTER = re.compile(r"(?<![A-Za-z])[A-Za-z]\(\Z")


# The reader uses these on the text around a match.
BRACE = re.compile(r"\\.|[{}]", re.DOTALL)
REFERENCE = re.compile(rf"\\(?:{'|'.join(tables.REFERENCES)})(?![A-Za-z])")
OPTION = re.compile(r"\s*\[[^\[\]]*\]")
SUPERSCRIPT = re.compile(
    rf"(?:[-+]?\d+|circ(?![a-z])|prime(?![a-z])|top(?![a-z])|dagger(?![a-z])|\*|(?:{GREEK})(?![a-z])"
    rf"|[A-Za-z](?![A-Za-z0-9_])|[a-z](?={NAMES})|\\(?:circ|prime|top|dagger|ast|{GREEK})(?![A-Za-z]))"
)
SUBSCRIPT = re.compile(
    rf"(?:\d+(?![\w.]\w)|[a-z](?![\w])|(?:{GREEK})(?![\w])|\\(?:{GREEK})(?![A-Za-z]))(?!/)"
)
# What may have an index: a single letter, `log`, `ell`, a Greek letter.
INDEXED = re.compile(
    rf"(?<![\w/.\\~@-])(?:[A-Za-z]|log|ell|[α-ωΑ-Ωℓ])\Z|(?<![A-Za-z\\])(?:{GREEK}|log|ell)\Z"
)
RANGE = re.compile(r"(?<![\w.])[\d.,]+[A-Za-z%]~\d\Z")
BARE_NAME = re.compile(NAMES)
PERCENT = re.compile(r"\d[\d.]*\\?%")
AFTER_SIGN = re.compile(r"(?:[=<>≤≥|] ?|leq |geq |[(,/]| to )\Z")
BEFORE_SIGN = re.compile(r" ?(?:[=<>≤≥]|leq|geq|to infty)")
