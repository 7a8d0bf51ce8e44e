"""The names of TeX commands and what they are converted to."""


def _names(names: str) -> frozenset[str]:
    return frozenset(names.split())


_SMALL_GREEK = (
    "alpha beta gamma delta epsilon zeta eta theta iota kappa lambda mu nu xi omicron pi rho - sigma tau "
    "upsilon phi chi psi omega"
)
GREEK = {name: chr(0x3B1 + place) for place, name in enumerate(_SMALL_GREEK.split()) if name != "-"}
GREEK |= {
    name.capitalize(): chr(0x391 + ord(letter) - 0x3B1)
    for name, letter in GREEK.items()
    if name in {"gamma", "delta", "theta", "lambda", "xi", "pi", "sigma", "upsilon", "phi", "psi", "omega"}
}

# Signs between two operands; the spaces around them are kept.
RELATIONS = {
    "times": "×", "cdot": "·", "pm": "±", "mp": "∓", "div": "÷", "ast": "∗", "star": "⋆", "bullet": "•",
    "sim": "∼", "simeq": "≃", "approx": "≈", "cong": "≅", "equiv": "≡", "propto": "∝", "doteq": "≐",
    "leq": "≤", "le": "≤", "leqslant": "≤", "geq": "≥", "ge": "≥", "geqslant": "≥", "neq": "≠", "ne": "≠",
    "ll": "≪", "gg": "≫", "lesssim": "≲", "gtrsim": "≳", "la": "≲", "ga": "≳", "lt": "<", "gt": ">",
    "prec": "≺", "succ": "≻", "preceq": "⪯", "succeq": "⪰",
    "in": "∈", "notin": "∉", "ni": "∋", "subset": "⊂", "subseteq": "⊆", "supset": "⊃", "supseteq": "⊇",
    "cup": "∪", "cap": "∩", "setminus": "∖", "wedge": "∧", "vee": "∨", "land": "∧", "lor": "∨",
    "oplus": "⊕", "otimes": "⊗", "ominus": "⊖", "circ": "∘", "mid": "|", "parallel": "∥", "perp": "⊥", "bowtie": "⋈",
    "to": "→", "rightarrow": "→", "longrightarrow": "⟶", "leftarrow": "←", "gets": "←", "leftrightarrow": "↔",
    "Rightarrow": "⇒", "implies": "⇒", "Leftarrow": "⇐", "Leftrightarrow": "⇔", "iff": "⇔", "mapsto": "↦",
    "rightleftharpoons": "⇌", "hookrightarrow": "↪", "uparrow": "↑", "downarrow": "↓", "updownarrow": "↕",
    "nearrow": "↗", "searrow": "↘", "textrightarrow": "→", "vdash": "⊢", "models": "⊨", "colon": ":",
}  # fmt: skip

SYMBOLS = GREEK | RELATIONS | {
    "varepsilon": "ε", "vartheta": "ϑ", "varphi": "φ", "varrho": "ϱ", "varsigma": "ς", "varpi": "ϖ", "digamma": "ϝ",
    "infty": "∞", "nabla": "∇", "partial": "∂", "ell": "ℓ", "hbar": "ℏ", "Re": "ℜ", "Im": "ℑ", "aleph": "ℵ", "wp": "℘",
    "sum": "∑", "prod": "∏", "coprod": "∐", "int": "∫", "iint": "∬", "oint": "∮", "bigcup": "⋃", "bigcap": "⋂",
    "bigoplus": "⨁", "bigotimes": "⨂", "forall": "∀", "exists": "∃", "nexists": "∄", "neg": "¬", "lnot": "¬",
    "emptyset": "∅", "varnothing": "∅", "top": "⊤", "bot": "⊥", "angle": "∠", "triangle": "△", "square": "□", "Box": "□",
    "prime": "′", "dagger": "†", "dag": "†", "ddagger": "‡", "ddag": "‡", "degree": "°", "deg": "°", "textdegree": "°",
    "ldots": "…", "dots": "…", "dotsc": "…", "cdots": "⋯", "vdots": "⋮", "ddots": "⋱", "textellipsis": "…",
    "langle": "⟨", "rangle": "⟩", "lfloor": "⌊", "rfloor": "⌋", "lceil": "⌈", "rceil": "⌉", "lVert": "‖", "rVert": "‖",
    "lvert": "|", "rvert": "|", "vert": "|", "Vert": "‖", "|": "‖", "lbrace": "{", "rbrace": "}", "backslash": "\\",
    "odot": "⊙", "sun": "⊙", "earth": "⊕", "checkmark": "✓", "surd": "√", "flat": "♭", "sharp": "♯", "natural": "♮",
    "copyright": "©", "textregistered": "®", "circledR": "®", "texttrademark": "™", "pounds": "£", "euro": "€",
    "textmu": "µ", "micro": "µ", "micron": "µm", "textperthousand": "‰", "textpertenthousand": "‱", "S": "§",
    "textemdash": "—", "textendash": "–", "textbackslash": "\\", "textasciitilde": "~", "textasciicircum": "^",
    "textquotesingle": "'", "textless": "<", "textgreater": ">", "textbar": "|", "textunderscore": "_",
    "heartsuit": "♡", "spadesuit": "♠", "clubsuit": "♣", "diamondsuit": "♢", "diamond": "⋄", "blacksquare": "■",
}  # fmt: skip

# Names that are not words, so that they are recognised without their backslash.
BARE = _names(
    "varepsilon vartheta varphi varrho varsigma leq leqslant geq geqslant neq lesssim gtrsim simeq propto infty nabla "
    "cdot cdots ldots rightarrow longrightarrow leftarrow leftrightarrow uparrow downarrow Rightarrow Leftrightarrow "
    "mapsto langle rangle lfloor rfloor lceil rceil otimes oplus subseteq supseteq notin emptyset lVert rVert"
)
OPENING = frozenset(("langle", "lfloor", "lceil", "nabla", "lVert"))
CLOSING = frozenset(("rangle", "rfloor", "rceil", "rVert"))
BARE_FONTS = _names(
    "mathcal mathbb mathbf mathrm mathsf mathit mathfrak mathscr mathtt boldsymbol operatorname textit textbf textsc "
    "texttt textrm textsf emph underline overline"
)

# Names of functions, which are shown as they are.
FUNCTIONS = _names(
    "log ln lg exp sin cos tan cot sec csc arcsin arccos arctan sinh cosh tanh max min sup inf lim limsup liminf arg "
    "argmax argmin det dim ker gcd Pr mod bmod hom poly polylog softmax sgn tr diag rank var cov"
)

# Those of one argument: their braces without a backslash held it. `max{a, b}` is a set.
FUNCTIONS_OF_ONE = _names(
    "log ln lg exp sin cos tan cot sinh cosh tanh arcsin arccos arctan det dim ker poly polylog tr diag rank"
)

TEXT_FONTS = _names(
    "textbf textit emph texttt textsc textrm textsf textsl textup textmd textnormal text underline uline mbox hbox "
    "mathbf mathrm mathit mathsf mathtt boldsymbol bm uppercase lowercase ensuremath centerline enquote ul"
)
MATHS_FONTS = TEXT_FONTS | _names("mathcal mathfrak mathscr operatorname mathnormal bold pmb rm bf it cal")
REFERENCES = _names(
    "cite citep citet citealp citealt citeauthor citeyear citeyearpar parencite textcite footcite nocite ref eqref "
    "autoref cref Cref pageref label footnotemark vspace hspace thanks"
)
IGNORED = _names(
    "bf it em rm tt sc sl sf cal large Large LARGE huge Huge small tiny normalsize footnotesize scriptsize centering "
    "noindent xspace protect displaystyle textstyle scriptstyle limits nolimits nonumber bfseries itshape ttfamily "
    "scshape sffamily big Big bigg Bigg bigl bigr Bigl Bigr biggl biggr left right middle"
)
SPACES = {
    "quad": " ",
    "qquad": " ",
    "space": " ",
    "newline": " ",
    "par": " ",
    "enspace": " ",
    "thinspace": " ",
}
SPECIAL = _names(
    "url path nolinkurl href footnote textsuperscript textsubscript unicode textcolor color colorbox hyperlink "
    "hypertarget fontsize scalebox"
)
SHORT_WORDS = {
    "eg": "e.g.", "ie": "i.e.", "etal": "et al.", "etc": "etc.", "cf": "cf.", "wrt": "w.r.t.", "vs": "vs.",
    "LaTeX": "LaTeX", "TeX": "TeX",
}  # fmt: skip

LETTERS = {
    "ss": "ß", "ae": "æ", "AE": "Æ", "oe": "œ", "OE": "Œ", "o": "ø", "O": "Ø", "aa": "å", "AA": "Å", "l": "ł", "L": "Ł",
    "i": "ı", "j": "ȷ", "dh": "ð", "DH": "Ð", "th": "þ", "TH": "Þ", "dj": "đ", "DJ": "Đ", "ng": "ŋ", "NG": "Ŋ",
} | SPACES  # fmt: skip

# Combining characters, which follow their letter.
ACCENTS = {
    '"': "\u0308", "'": "\u0301", "`": "\u0300", "^": "\u0302", "~": "\u0303", "=": "\u0304", ".": "\u0307",
    "c": "\u0327", "v": "\u030c", "u": "\u0306", "H": "\u030b", "k": "\u0328", "d": "\u0323", "b": "\u0331",
    "r": "\u030a", "t": "\u0361",
}  # fmt: skip
MATHS_ACCENTS = {
    "hat": "\u0302", "widehat": "\u0302", "bar": "\u0304", "overline": "\u0304", "tilde": "\u0303",
    "widetilde": "\u0303", "dot": "\u0307", "ddot": "\u0308", "vec": "\u20d7", "check": "\u030c", "breve": "\u0306",
    "acute": "\u0301", "grave": "\u0300", "mathring": "\u030a",
}  # fmt: skip

DOUBLE_STRUCK = {"C": "ℂ", "H": "ℍ", "N": "ℕ", "P": "ℙ", "Q": "ℚ", "R": "ℝ", "Z": "ℤ", "1": "𝟙"}

SUPERSCRIPT = dict(
    zip("0123456789+-−=()abcdefghijklmnoprstuvwxyz", "⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻⁻⁼⁽⁾ᵃᵇᶜᵈᵉᶠᵍʰⁱʲᵏˡᵐⁿᵒᵖʳˢᵗᵘᵛʷˣʸᶻ", strict=True)
)
SUPERSCRIPT |= {"T": "ᵀ", "β": "ᵝ", "γ": "ᵞ", "δ": "ᵟ", "θ": "ᶿ", "φ": "ᵠ", "χ": "ᵡ"}
SUBSCRIPT = dict(zip("0123456789+-−=()aehijklmnoprstuvx", "₀₁₂₃₄₅₆₇₈₉₊₋₋₌₍₎ₐₑₕᵢⱼₖₗₘₙₒₚᵣₛₜᵤᵥₓ", strict=True))
SUBSCRIPT |= {"β": "ᵦ", "γ": "ᵧ", "ρ": "ᵨ", "φ": "ᵩ", "χ": "ᵪ"}
# Superscripts that are a character of their own.
RAISED = {
    "∘": "°",
    "′": "′",
    "⊤": "ᵀ",
    "†": "†",
    "‡": "‡",
    "∗": "*",
    "*": "*",
    "⋆": "*",
    "+": "⁺",
    "-": "⁻",
    "°": "°",
}

BRACKETS = _names("left right middle big Big bigg Bigg bigl bigr Bigl Bigr biggl biggr bigm Bigm")
# Names that may also be words if the backslash is missing.
ALSO_WORDS = _names(
    "in to ni le ge ne star ast top bot mid sup inf la ga or and div prec cap cup wedge vee square bullet "
    "models parallel colon circ sim sum prod int perp angle triangle sharp flat natural prime dagger degree "
    "deg diamond earth sun iff implies gets partial exists pounds euro micro micron vert surd lt gt"
)
