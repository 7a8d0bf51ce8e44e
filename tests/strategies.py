"""Hypothesis strategies for texts, queries and papers.

Texts and queries share a small vocabulary, so that queries often match.
"""

from datetime import UTC, date, datetime

from hypothesis import strategies as st

from digest.model import Paper

WORDS = (
    *("model", "models", "modeling", "large", "one", "step", "steps", "train", "training", "pre", "the"),
    *("pre-training", "pretrained", "one-step", "text-to-image", "GPT-4", "qwen2.5", "c++", "solver#"),
    *("Schrödinger", r"Schr\"odinger", "naïve", "model's", "4timesRTX", "sim0.6", "扩散模型", "データ"),
    *(r"\textbf{A}daptive", r"{\it single}", r"\cite{model}", "$x^2$", "soft\u00adware", "e\u0301tude"),
    *(
        "CO2",
        "CO$_2$",
        "CO<sub>2</sub>",
        "CO₂",
        r"$\mathrm{CO}_2$",
        "CO$_2$-rich",
        "H_2O",
        "H$_{2}$O",
        "h2o",
        "O'Brien",
    ),
    *(
        "OBrien",
        "k-means",
        "$k$-means",
        "kmeans",
        "β",
        "beta",
        "β-catenin",
        r"$\beta$-catenin",
        "TGFβ",
        "TGF-beta",
        "μm",
    ),
)
PLAIN = ("model", "models", "large", "one", "step", "train", "the", "diffusion")

# Pieces of unusual texts.
_ODD = ("\\", "{", "}", "$", '"', "'", "’", "-", "--", "\u2010", ".", "++", "#", "\u0301", "\u3099", "\u200b")
_ODD += (
    "\ud800",
    "\x00",
    "\u202e",
    "ﬁ",
    "½",
    "İ",
    "ß",
    "ｶﾞ",
    "한",
    "ᄒ",
    "ᅡ",
    "हि",
    "🧪",
    r"\"",
    r"\'{\i}",
    r"\v ",
)
_ODD += (r"\o", r"\ss{}", r"\emph{", r"\bf ", r"\cite{", r"\ref[a]{b}", r"\-", "times", "sim", "4", " ", "\n")
_ODD += (
    "_",
    "^",
    "_{",
    "^{",
    "$_",
    "x",
    "2",
    "β",
    "γδ",
    "μ",
    "∆",
    r"\beta",
    r"\mu",
    r"{\mu}",
    "m",
    "<sub>",
    "</sub>",
    "~",
)
_ODD += (r"\ce{", r"\textsubscript{", r"\mathrm{", r"\rm ", "O'Brien", "'ll", "th", "NO")


def texts() -> st.SearchStrategy[str]:
    """Return arbitrary texts, and texts of pieces that are special for splitting into words."""
    anything = st.text(st.characters(exclude_categories=()), max_size=60)
    pieces = st.lists(st.sampled_from(_ODD + WORDS), max_size=20).map("".join)
    return anything | pieces


def sentences(vocabulary: tuple[str, ...] = WORDS, max_size: int = 12) -> st.SearchStrategy[str]:
    separators = st.sampled_from((" ", " ", " ", ", ", " – ", "/"))
    return st.lists(st.tuples(st.sampled_from(vocabulary), separators), max_size=max_size).map(
        lambda pairs: "".join(word + separator for word, separator in pairs)
    )


def items() -> st.SearchStrategy[str]:
    """Return valid items of the query language."""
    quoted = st.sampled_from(tuple(word for word in WORDS if word != r"\cite{model}"))
    word = st.sampled_from(tuple(word for word in WORDS if not set(word) & set(" ^~") and "cite" not in word))
    plain = st.sampled_from(PLAIN)
    phrase = st.lists(quoted, min_size=1, max_size=3).map(lambda parts: f'"{" ".join(parts)}"')
    near = st.tuples(st.lists(quoted, min_size=2, max_size=3), st.integers(0, 4)).map(
        lambda pair: f'"{" ".join(pair[0])}"~{pair[1]}'
    )
    prefix = st.tuples(plain, st.integers(2, 5)).map(lambda pair: pair[0][: pair[1]] + "*")
    prefix_phrase = st.tuples(plain, prefix).map(lambda pair: f'"{pair[0]} {pair[1]}"')
    exact = (word | phrase).map("={}".format)
    fields = ("title", "ABS", "au", "category", "org", "source", "all")
    item = word | phrase | near | prefix | prefix_phrase | exact
    return item | st.tuples(st.sampled_from(fields), item).map(":".join)


def _boosted(item: str, boost: str) -> str:
    return item + boost


def queries(*, negatives: bool = True, boosts: bool = True) -> st.SearchStrategy[str]:
    """Return valid queries, small enough to shrink well."""
    boost = st.sampled_from(("", "", "", "^2", "^0.5")) if boosts else st.just("")
    leaves = st.builds(_boosted, items(), boost)

    def combine(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
        joined = st.tuples(inner, st.sampled_from((" ", " AND ", " OR ", " && ", "||")), inner).map("".join)
        group = st.builds("({}){}".format, joined, boost)
        scoped = st.builds("title:({})".format, joined)
        if not negatives:
            return joined | group | scoped
        signs = st.sampled_from(("-", "NOT ", "!"))
        negated = st.builds("({}) {}({})".format, inner, signs, inner)
        return joined | group | scoped | negated

    return st.recursive(leaves, combine, max_leaves=6)


def papers() -> st.SearchStrategy[Paper]:
    """Return papers with words of the shared vocabulary, with or without each searchable field."""
    names = st.lists(sentences(max_size=3), max_size=3).map(tuple)
    return st.builds(
        Paper,
        number=st.integers(1, 1000),
        uid=st.just("urn:uuid:00000000-0000-5000-8000-000000000000"),
        title=sentences(max_size=6),
        abstract=sentences(),
        first_seen=st.just(datetime(2025, 1, 1, tzinfo=UTC)),
        authors=names,
        published=st.none() | st.dates(date(2020, 1, 1), date(2025, 12, 31)),
        organization=st.none() | sentences(max_size=3),
        categories=st.lists(st.sampled_from(("cs.CV", "cs.CL", "math-ph", "q-bio.QM")), max_size=3).map(
            tuple
        ),
        sources=st.sampled_from(((), ("arxiv-api",), ("arxiv-api", "daily-papers-page"))),
    )
