"""Words of a text: splitting, folding, stemming and TeX."""

import re
import time
from pathlib import Path

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from digest.text.folding import fold
from digest.text.stem import stem
from digest.text.words import Word, is_ideograph, pieces, plain_pieces, words, words_of_piece
from tests.strategies import texts

PAGES = Path(__file__).parents[2] / "shared" / "data" / "daily-papers-pages"


def read(text: str) -> list[str]:
    return [word.text for word in words(text)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", []),
        ("One, two; THREE.", ["one", "two", "three"]),
        ("2.5 qwen2.5 v1.2.3 e.g. 3.", ["2.5", "qwen2.5", "v1.2.3", "e", "g", "3"]),
        ("C++, C# and dpm_solver++.", ["c++", "c#", "and", "dpm", "solver++"]),
        ("a+b #5 a + b", ["a", "b", "5", "a", "b"]),
        ("pre-training", ["pre", "pretraining", "training"]),
        ("pre\u2010training pre\u2011training", ["pre", "pretraining", "training"] * 2),
        ("pre\u2013training a--b -c d-", ["pre", "training", "a", "b", "c", "d"]),
        ("state-of-the-art", ["state", "of", "the", "art"]),
        ("a-b--c-d", ["a", "ab", "b", "c", "cd", "d"]),
        (
            "GPT-4's models' don't it’s O'Neil",
            ["gpt", "gpt4", "4", "models", "don", "t", "it", "o", "oneil", "neil"],
        ),
        ("soft\u00adware zero\u200bwidth a\ufeffb", ["software", "zerowidth", "ab"]),
        ("naïve cafe\u0301 Łódź Straße ﬁne ＧＰＴ", ["naive", "cafe", "lodz", "strasse", "fine", "gpt"]),
        ("かがき\u3099 ｶﾞ", ["か", "が", "ぎ", "ガ"]),
        ("模型GPT한글ー", ["模", "型", "gpt", "한", "글", "ー"]),
        ("हिन्दी", ["हिन्दी"]),
        ("4timesRTX 64times64 10times", ["4", "times", "rtx", "64", "times", "64", "10", "times"]),
        ("sim0.6 4sim5 times8", ["sim", "0.6", "4", "sim", "5", "times", "8"]),
        (
            "sometimes simple times 3simple sometimes2",
            ["sometimes", "simple", "times", "3simple", "sometimes2"],
        ),
        ("x_1 R^{n} a~b $y$", ["x", "x1", "1", "r", "n", "a", "b", "y"]),
    ],
)
def test_words(text: str, expected: list[str]) -> None:
    assert read(text) == expected


@pytest.mark.parametrize(
    "text",
    [
        *(
            "CO$_2$",
            "CO$_{2}$",
            "CO $_2$",
            "CO_2",
            "CO_{2}",
            "CO<sub>2</sub>",
            "CO <sub>2</sub>",
            "CO~2~",
            "CO₂",
        ),
        *(
            r"$\mathrm{CO}_2$",
            r"$\mathrm{CO_2}$",
            r"$\mathrm{CO_{2}}$",
            r"\ce{CO2}",
            r"\ce{CO_2}",
            r"CO\textsubscript{2}",
        ),
        *(
            r"CO$_{\rm 2}$",
            r"CO$_{\mathrm{2}}$",
            r"CO$_\mathrm{2}$",
            r"CO$_\text{2}$",
            r"{\rm CO}_2",
            "{CO}$_2$",
            "{CO2}",
        ),
        *(
            "C<b>O</b><sub>2</sub>",
            "$^{}$CO$_2$",
            r"$\text{CO}_2$",
            r"\mbox{CO$_2$}",
            "CO<jats:sub>2</jats:sub>",
        ),
    ],
)
def test_a_formula_is_one_word(text: str) -> None:
    found = max(words(text), key=lambda word: word.after - word.at)
    assert found.text == "co2"
    assert (found.at, found.after) == (0, words(text)[-1].after)


@pytest.mark.parametrize(
    ("text", "joined"),
    [
        *[(text, "h2o") for text in ("H$_2$O", "H<sub>2</sub>O", "H~2~O", "H_2O", r"$\mathrm{H}_2\mathrm{O}$")],
        *[("CaCO$_{3}$", "caco3"), ("PM$_{2.5}$", "pm2.5"), ("NO$_x$", "nox"), ("SiN_x", "sinx"), ("$^{13}$C", "13c")],
        *[("LiNi$_{0.8}$Mn$_{0.1}$Co$_{0.1}$O$_2$", "lini0.8mn0.1co0.1o2"), ("Ca$^{2+}$", "ca2"), ("19$^{th}$", "19th")],
        *[("$k$-means", "kmeans"), ("$k$NN", "knn"), ("<i>k</i>-means", "kmeans"), ("{B}ayesian", "bayesian")],
        *[("O'Brien", "obrien"), ("O’Brien", "obrien"), ("O‘Brien", "obrien"), ("O`Brien", "obrien"), ("D'Angelo", "dangelo"), ("L'Hôpital", "lhopital")],
        *[("β-catenin", "betacatenin"), (r"$\beta$-catenin", "betacatenin"), (r"{\beta}-catenin", "betacatenin")],
        *[("TGFβ", "tgfbeta"), (r"TGF$\beta$", "tgfbeta"), ("IL-1β", "il1beta"), ("Aβ42", "abeta42"), ("γδ", "gammadelta")],
        *[(r"A$\beta_{42}$", "abeta42"), ("NF-κB", "nfkappab"), (r"NF-$\kappa$B", "nfkappab"), (r"$\mu$m", "μm")],
        *[("CO$_2$-rich", "co2rich"), ("μP", "mup"), ("∆G", "deltag"), (r"$\varepsilon$-greedy", "epsilongreedy")],
    ],
)  # fmt: skip
def test_the_longest_joined_form(text: str, joined: str) -> None:
    assert max(words(text), key=lambda word: word.after - word.at).text == joined


@pytest.mark.parametrize(
    "text",
    [
        *(
            "10^{-3}",
            "10^{6}",
            "10^6",
            "10$^{5}$",
            "$2^n$",
            "$x_i$",
            "$p_i$",
            "x_{ij}",
            "R^n",
            "snake_case",
            "max_n",
        ),
        *(
            "we'll",
            "we're",
            "they've",
            "don't",
            "I'm",
            "model's",
            "$a$, $b$",
            "A + B",
            "x $y$",
            "€5",
            "US\\$5",
            "a\\_b",
        ),
        *("5 μm", "10 µL", "Ελλάδα", r"\sum_{i=1}", r"\frac{a}{b}", r"\cite[p.~2]{b}", "CO 2", "a < b"),
    ],
)
def test_other_words_are_not_joined(text: str) -> None:
    assert [word.after - word.at for word in words(text)] == [1] * len(words(text))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (r"Schr\"odinger Schr{\"o}dinger Schr\"{o}dinger", ["schrodinger"] * 3),
        (r"Schr\" odinger Petojevi\' c M{\" u}ller", ["schrodinger", "petojevic", "muller"]),
        (r"\c{c}a \c ca \v{S}r \v Sr", ["ca", "ca", "sr", "sr"]),
        (r"\'{\i} Garc\'\i a Garc{\'\i}a \'{E}l", ["i", "garcia", "garcia", "el"]),
        (r"{\'{E}}douard {\"{U}}ber", ["edouard", "uber"]),
        (r"Stra\ss e Stra{\ss}e Stra\ss{}e", ["strasse"] * 3),
        (r"Str\o mgren \O{}re \L{}ukasz {\AA}s \ae on", ["stromgren", "ore", "lukasz", "as", "aeon"]),
        (r"\odot \oint \lambda \iota", ["odot", "oint", "lambda", "iota"]),
        (r"\textbf{A}daptive $\textbf{A}$daptive {\bf A}daptive", ["adaptive"] * 3),
        (r"R\textsc{oBERT}a \emph{very \textit{ne}sted}ly", ["roberta", "very", "nestedly"]),
        (r"{\it single-loop\/}s \bf x \mathbf x", ["single", "singleloops", "loops", "x", "x"]),
        (r"$\mathbf{x}$-axis $\mathcal{O}(n)$", ["x", "xaxis", "axis", "o", "n"]),
        (r"BERT\cite{a,b}x see~\citep[p.~3]{c} \ref{d} \eqref{e}\label{f}", ["bertx", "see"]),
        (r"hyphen\-ation 3\% a\_b \alpha-x", ["hyphenation", "3", "a", "b", "alpha", "alphax", "x"]),
        (r"4\times RTX \sim0.6 a\\b", ["4", "times", "rtx", "sim", "0.6", "a", "b"]),
        (r"{B}ERT } { \ \cite{ \textbf{", ["b", "bert", "ert", "cite"]),
    ],
)
def test_tex(text: str, expected: list[str]) -> None:
    assert read(text) == expected


def test_a_hyphenated_pair_in_the_graph() -> None:
    assert words("Pre-trained it") == (
        Word("pre", "pre", 0, 3, 0, 1),
        Word("pretrained", "pretrain", 0, 11, 0, 2),
        Word("trained", "train", 4, 11, 1, 2),
        Word("it", "it", 12, 14, 2, 3),
    )


def test_a_sign_is_part_of_the_word() -> None:
    (word,) = words("Solvers++")
    assert (word.text, word.stem, word.sign) == ("solvers++", "solver++", "++")
    assert (word.bare, word.bare_stem) == ("solvers", "solver")


@pytest.mark.parametrize(
    ("text", "slices"),
    [
        (r"by Schr\"odinger's", ["by", r"Schr\"odinger"]),
        (r"{\"U}bler {\'{E}}d", [r"{\"U}bler", r"{\'{E}}d"]),
        ("cafe\u0301, x", ["cafe\u0301", "x"]),
        ("soft\u00adware", ["soft\u00adware"]),
        ("½ﬁn", ["½", "½ﬁn"]),
        (r"\emph{single} {\it x}", ["single", "x"]),
    ],
)
def test_offsets_refer_to_the_original(text: str, slices: list[str]) -> None:
    assert [text[word.start : word.end] for word in words(text)] == slices


@pytest.mark.parametrize(
    ("word", "expected"),
    [
        *[(word, "distil") for word in ("distill", "distills", "distilled", "distilling")],
        ("distillation", "distillation"),
        *[(word, "model") for word in ("model", "models", "modeling", "modelled")],
        *[("hopping", "hop"), ("hoping", "hope"), ("falling", "fall"), ("added", "add"), ("rated", "rate")],
        *[("studies", "studi"), ("study", "studi"), ("ties", "tie"), ("say", "say"), ("yes", "yes")],
        *[("agreed", "agre"), ("feed", "feed"), ("exceeded", "exceed"), ("proceed", "proceed")],
        *[
            ("dying", "die"),
            ("evening", "evening"),
            ("herring", "herring"),
            ("news", "news"),
            ("bias", "bias"),
        ],
        *[("gas", "gas"), ("gaps", "gap"), ("classes", "class"), ("campus", "campus"), ("skies", "sky")],
        *[("past", "past"), ("pasted", "paste"), ("early", "earli"), ("bled", "bled"), ("at", "at")],
        *[("gpt4s", "gpt4s"), ("größen", "größen"), ("模", "模"), ("", "")],
    ],
)
def test_stem(word: str, expected: str) -> None:
    assert stem(word) == expected


def test_word_families_have_different_stems() -> None:
    assert len({stem(word) for word in ("adapter", "adaptive", "adaptation", "adapt")}) == 4
    assert len({stem(word) for word in ("general", "generative", "generate", "generic")}) == 4
    assert len({stem(word) for word in ("consistency", "consistent", "consists")}) == 3


@given(st.text(st.characters(min_codepoint=97, max_codepoint=122), min_size=1, max_size=12))
def test_a_stem_is_almost_a_prefix_of_its_word(word: str) -> None:
    found = stem(word)
    assert found
    assert len(found) <= len(word) + 1
    assert found[:-1].rstrip("ei") == word[: len(found[:-1].rstrip("ei"))]


@given(texts())
def test_words_of_any_text(text: str) -> None:
    found = words(text)
    assert found == words(text)
    for word in found:
        assert 0 <= word.start < word.end <= len(text)
        assert word.text
        assert not re.search(r"[\s\"$^_~{}\\]", word.text)
    assert [(word.start, word.end) for word in found] == sorted((word.start, word.end) for word in found)


@given(texts())
def test_the_graph_is_connected(text: str) -> None:
    """Plain words follow each other, and a joined form spans some of them."""
    found = words(text)
    plain = [word for word in found if word.after == word.at + 1]
    assert [word.at for word in plain] == list(range(len(plain)))
    for word in found:
        if word not in plain:
            parts = plain[word.at : word.after]
            assert len(parts) == word.after - word.at > 1
            assert (word.start, word.end) == (parts[0].start, parts[-1].end)
            assert word.text == "".join(part.bare for part in parts) + word.sign


@given(texts())
def test_the_pieces_of_a_text_have_its_words(text: str) -> None:
    assert [
        (word.text, word.stem, word.sign, word.after - word.at)
        for piece in pieces(text)
        for word in words_of_piece(piece)
    ] == [(word.text, word.stem, word.sign, word.after - word.at) for word in words(text)]


@given(texts())
def test_links_change_no_plain_word(text: str) -> None:
    """Links only add joined forms to the words of a text without TeX, tags and Greek letters."""
    text = re.sub(r"[<\\]", " ", text)
    assume(not re.search("[\u0370-\u03ff∆]", fold(text)))
    plain = [
        word.text
        for piece in plain_pieces(text)
        for word in words_of_piece(piece)
        if word.after - word.at == 1
    ]
    assert [word.text for word in words(text) if word.after - word.at == 1] == plain


@given(st.text(st.characters(codec="ascii", exclude_characters="\\"), max_size=80))
def test_ascii_text_has_the_same_words_on_the_slow_path(text: str) -> None:
    """A character outside ASCII makes the text take the slow path."""
    *slow, last = words(text + " é")
    assert last.text == "e"
    assert tuple(slow) == words(text)


@given(st.text(max_size=40))
def test_folding_twice_changes_nothing(text: str) -> None:
    assert fold(fold(text)) == fold(text)


@given(st.text(st.characters(exclude_characters="\\"), max_size=40))
def test_words_of_a_folded_text_are_the_same(text: str) -> None:
    assert read(fold(text)) == read(text)


def test_ideographs() -> None:
    assert [is_ideograph(char) for char in "模がガ한a1é・"] == [True] * 4 + [False] * 4


@pytest.mark.parametrize(
    "text",
    [
        *("a" * 1_000_000, "a-" * 300_000, "+" * 500_000, "\\" * 300_000, "{" * 300_000, "\\cite[" * 100_000),
        *(
            "\\textbf{" * 60_000,
            '\\"{ ' * 100_000,
            "e\u0301" * 200_000,
            "\u0301" * 300_000,
            "4times" * 50_000,
        ),
        *("\\'" + " " * 300_000, "a." * 300_000, "模" * 200_000, "{\\'" * 100_000, "'s" * 200_000),
        *("\\v" * 200_000, "\\textbf" + " " * 300_000, "\\cite " * 100_000, "{ " * 200_000),
        *(
            "a$" * 200_000,
            "H_2" * 100_000,
            "x_{" * 100_000,
            "{a" * 200_000,
            "{x}" * 100_000,
            "_{\\rm " * 60_000,
        ),
        *(
            "β" * 300_000,
            "aβ" * 100_000,
            "\\beta" * 60_000,
            "{\\mu" * 60_000,
            "\\ce{" * 60_000,
            "a'bc" * 80_000,
        ),
        *(
            "<sub>" * 60_000,
            "a~1~" * 80_000,
            "a $_" * 80_000,
            "^{1" * 100_000,
            "a" + "_" * 300_000,
            "\\a[b" * 60_000,
        ),
    ],
    ids=lambda text: repr(text[:8]),
)
def test_a_huge_text_does_not_take_long(text: str) -> None:
    start = time.process_time()
    words(text)
    assert time.process_time() - start < 10


@pytest.mark.shared
@pytest.mark.skipif(not PAGES.is_dir(), reason="needs the saved pages in ../shared/data")
def test_saved_pages() -> None:
    for page in sorted(PAGES.glob("*.txt")):
        text = page.read_text(encoding="utf-8")
        found = words(text)
        assert len(found) > 1000
        for word in found:
            if word.text.isalpha() and word.text.isascii() and text[word.start : word.end].isalpha():
                shown = text[word.start : word.end]
                assert word.text == fold(shown) or not shown.isascii()
        assert not [
            word.text for word in found if re.fullmatch(r".*\d(times|sim)|(times|sim)\d.*", word.text)
        ]
