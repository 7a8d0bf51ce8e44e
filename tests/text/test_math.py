"""TeX and its remnants in titles and abstracts become readable; everything else is unchanged."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st
from strategies import texts

from digest.text.math import readable, shown, tables
from digest.text.math.formula import formula

REMNANTS = (
    ("6.3times faster, sim0.6, 20sim 100, {sim}11%", "6.3× faster, ∼0.6, 20∼100, ∼11%"),
    ("256times 256 and 64times64, ImageNet 64 times 64", "256×256 and 64×64, ImageNet 64 × 64"),
    ("R^{n times n} and 12^3 times 4", "R^(n×n) and 12³ × 4"),
    ("(varepsilon,delta)-privacy", "(ε,δ)-privacy"),
    ("{bf 1}_n rangle^{-1}", "1_n⟩⁻¹"),
    ("M^* and G-C^*-algebras", "M* and G-C*-algebras"),
    ("Obig(big[sqrt{d}{nvarepsilon}big]^{2/3}big)", "O([√d/(nε)]^(2/3))"),
    ("R^drightarrowR if |nabla F(w)|leq alpha", "Rᵈ→R if |∇F(w)|≤ α"),
    ("mathcal{O}(1/epsilon^4), sigma = O(epsilon)", "O(1/ε⁴), σ = O(ε)"),
    ("tilde Thetabig(1{n}+1big), gamma to infty", "Θ̃(1/n+1), γ → ∞"),
    ("lceil log_2 N rceil e^{-2 K (p_{comp} - 0.5)^2}", "⌈log₂ N⌉ e^(-2 K (p_comp - 0.5)²)"),
    ("N_E sum_{i=1}^{N_E} f_i p_i", "N_E ∑ᵢ₌₁^(N_E) fᵢ pᵢ"),
    ("360^circ and 360^{circ}, 10^{26}, 10^{7} times that", "360° and 360°, 10²⁶, 10⁷ times that"),
    ("(37.2 rightarrow 23.3), leq3B, (Delta11%)", "(37.2 → 23.3), ≤3B, (Δ11%)"),
    ("G_{stack}, x_t, L_0, ell_2, x_{i,j}", "G_stack, xₜ, L₀, ℓ₂, x_(i,j)"),
    ("83.2pm0.4, approx6, T times J", "83.2±0.4, ≈6, T × J"),
    ("VLM^2-Bench, UniF^2ace, (IA)^3", "VLM²-Bench, UniF²ace, (IA)³"),
    ("textit{O}bstacles, mathbb{R}, tanh(alpha x)", "Obstacles, ℝ, tanh(α x)"),
    ("O(1/n) le (1 - p_{gen})", "O(1/n) ≤ (1 - p_gen)"),
    ("frac{a}{b+1} with a^{2}", "a/(b+1) with a²"),
    ("N{+}D and D{=}1 for f{:}X{to}Y", "N+D and D=1 for f:X→Y"),
    ("as Dto∞, ntoinfty and N to infty", "as D→∞, n→∞ and N → ∞"),
    ("64{times}64, 128{times}128{times}3, {+}5.2 points", "64×64, 128×128×3, +5.2 points"),
    ("k{-}means, top{-}1, p{<}0.05, 2{,}000 steps, 10{%}.", "k-means, top-1, p<0.05, 2,000 steps, 10%."),
    ("epsilon=8255, eps = 4255 and 16255.", "ε=8/255, eps = 4/255 and 16/255."),
    ("O(t log{t}), log{N}, ln{n+1} and exp{(-t)}", "O(t log t), log N, ln(n+1) and exp(-t)"),
    ("tilde{O}(n), hat{x} and mathcal O(1/k) in mathbb R", "Õ(n), x̂ and O(1/k) in ℝ"),
    ("f circ g at 20circ C, in the ell_infty norm", "f ∘ g at 20° C, in the ℓ_∞ norm"),
    ("97percent of them", "97% of them"),
    ("{Bayesian Inference} by {{Deep}} {LLaMA 2}", "Bayesian Inference by Deep LLaMA 2"),
)
TEX = (
    (r"3\%, R\&D, \$5, a\_b, \{x\}, \#1", "3%, R&D, $5, a_b, {x}, #1"),
    (r"Schr\"odinger, Pok\'emon, fa\c{c}ade, Erd\H{o}s, \v{S}koda", "Schrödinger, Pokémon, façade, Erdős, Škoda"),
    (r"na\"{\i}ve, It\^o, n\~ao, M{\"o}ller, \o re, Stra\ss e", "naïve, Itô, não, Möller, øre, Straße"),
    (r"it\'s and they\'re", "it's and they're"),
    (r"\emph{1.46}, {\it single-loop}, {\em a}, \textbf{a \emph{b}}", "1.46, single-loop, a, a b"),
    ("``quotes'', ``half\", `single' ones", "“quotes”, \"half\", ‘single’ ones"),
    ("models~(LLMs), Table~3, 10~GB, page:~https://x.test/~me", "models (LLMs), Table 3, 10 GB, page: https://x.test/~me"),
    (r"\url{https://x.test/a_b} \href{https://x.test/}{here}", "https://x.test/a_b here (https://x.test/)"),
    (r"\href{https://x.test/a}{https://x.test/a}", "https://x.test/a"),
    ("https://x.test/{https://x.test/}.", "https://x.test/."),
    (r"as shown~\cite{a,b}, \citep[see]{c}.", "as shown,."),
    (r"\textcolor{red}{red} {\color{blue} blue} a\footnote{b}", "red blue a (b)"),
    (r"\eg, \ie, \etc. 360{\deg} {\AA} \ours{} 10 \micron", "e.g., i.e., etc. 360° Å ours 10 µm"),
    (r"a\textsuperscript{2} b\textsubscript{i} c\unicode{x2013}d", "a² bᵢ c–d"),
    ("{O}bstacles of {BERT}, {3.56}", "Obstacles of BERT, 3.56"),
    (r"\ModelName~opens, PIXART-\alpha excels, \alpha$", r"\ModelName opens, PIXART-α excels, α"),
)  # fmt: skip
STRUCTURES = (
    (r"The {Ki(z)} Functions, {\em{weakly stable}} and {\em{one} two}, \emph{{c d}}, {\bf{{x y}}}", "The Ki(z) Functions, weakly stable and one two, c d, x y"),
    (r"(\r{ho} = 0.34), \b{eta}-chain, \t{heta}, \t{au}, \x{i}", "(ρ = 0.34), β-chain, θ, τ, ξ"),
    (r"ccbar [{2S+1}L_J]x and {3}P_0", "ccbar [^(2S+1)L_J]x and ³P₀"), ("an operator circ_i for each axis i", "an operator ∘ᵢ for each axis i"),
    (r"be \begin{align} A_{CP} &= (-1.8 \pm 0.9) \% \\ x &= 3, \nonumber \end{align} where", "be A_CP = (-1.8 ± 0.9) %; x = 3, where"),
    (r"\begin{equation} E=mc^2 \label{eq:x} \end{equation} and \begin{eqnarray*} a&=&b \end{eqnarray*}", "E=mc² and a = b"),
    (r"Both: \begin{itemize} \item one \item two \end{itemize} end.", "Both: one two end."),
)  # fmt: skip
DOLLARS = (
    (r"$L(s) = L_0 + A\cdot S_1^{-\alpha}$", "L(s) = L₀ + A·S₁^(-α)"),
    (r"($\sim$2K, $\pm$ 0.07, 2.5 $\times$)", "(∼2K, ± 0.07, 2.5 ×)"),
    (r"$\mathbb{R}^{n\times n}$, $\mathcal{O}(n \log n)$", "ℝ^(n×n), O(n log n)"),
    (r"$\frac{a+b}{2}$, $\sqrt[3]{x}$, $\hat{y}$, $m\log n$", "(a+b)/2, ³√x, ŷ, m log n"),
    (r"$25.72^\circ$, $10^{-4}$, $T^\star$, $A^\top$, H$_2$O", "25.72°, 10⁻⁴, T*, Aᵀ, H₂O"),
    (r"$\textbf{A}$daptive, $k$-NN, Video-Ma$^2$mba, $p<0.05$", "Adaptive, k-NN, Video-Ma²mba, p<0.05"),
    (r"$40+$ proteins, $2,500$ images, $-780$ t, $7$B", "40+ proteins, 2,500 images, -780 t, 7B"),
    (r"$P(final output is incorrect) le (1 - p_{gen})^N.$", "P(final output is incorrect) ≤ (1 - p_gen)^N."),
    (r"\(x \leq 1\) and \[y\]; $$z^2$$", "x ≤ 1 and y; z²"),
    (r"$\left[ \mu m \right)$, $\unknown + 1$, $x_{\rm max}$, $ d\geq 1$", "[ μm ), unknown + 1, x_max, d≥1"),
    (r"$~6\times$, $\binom{n}{k}$, $\text{AV}^2\text{A}$, $\ell_{1/2}$", "∼6×, (n choose k), AV²A, ℓ_(1/2)"),
)
WORDS = (
    "training times to applying", "decode times also", "sometimes 10 times faster", "Cambridge similar, 3 times 5 days",
    "100% at 5% cost", "A & B", "$5 and $6", "$120, or US$5", "costs $5 (or 4$ per hour)", "$1M of $2.5 million in total",
    "snake_case, imo_1960_p2, crime_tax, context_recall, V_AI, SFT_Chosen", "src/a_b/c_1.py, ~/x_1, C:\\new\\times",
    "https://x.test/a_1/~b/{c}", "contact_us@x.test", "sim-to-real, simulation, the sim 3 game", "alpha channels, beta version",
    "PixArt-alpha, mu-MATH, phi-4, Krippendorff's alpha", "alpha = 0.05", "C(kappa) and E(gamma)", r"a \b black-box and \r ratings", "delta rule of the pi0 model", "8 pm-12 midnight",
    "approx. 33 000, approx 5", "a sum of all, the exact log", "gain (~2%) by 10~30%, ~5x, 1M~60M, y ~ x", "big (data) and big[1]",
    "`code_1` and ```a^2```", "{a, b} and {user} and {{ x }}", "users' models'", "1 - 2 -- 3", "C++ && a || b", "f(x) = a*b",
    "up to∞, auto∞, into {} and {-}, a {+} b, {+, -}, {%}", "8255 images, eps=82550, delta=32551, {Cat, Dog}",
    "max{a, b}, {snowy}, {Austin, Dallas}, circ.s-1, 5 percent, percentile, a mathematical Object, catalog{x}",
    r"\begin{align}x, \end{b}", "circ_buffer, circ_i2, {3} Pages, {2S+1} and [{1}], {red, green(x)}, f{Ki(z) b}", "Le Mans, le 3 mai, ge 4", 'say \\"our model\\" twice', "^_^ :-) [^1] a^",
)  # fmt: skip


@pytest.mark.parametrize(("text", "expected"), [*REMNANTS, *TEX, *STRUCTURES, *DOLLARS])
def test_remnants_become_readable(text, expected):
    assert shown(text) == expected


@pytest.mark.parametrize("text", WORDS)
def test_words_money_and_code_do_not_change(text):
    assert shown(text) == text


def test_formulae_that_are_empty_or_too_deep():
    assert formula("") == ""
    assert formula("{" * 100 + "x") == formula("{" * 100 + "x")


def test_offsets_are_converted():
    text = r"a 4times4 \emph{one-step} $x_1$ model"
    read = readable(text)
    assert read.text == "a 4×4 one-step x₁ model"
    for word in ("one-step", "model", "a "):
        start = text.index(word)
        first, last = read.span(start, start + len(word))
        assert read.text[first:last] == word
    start = text.index("times")
    first, last = read.span(start, start + 5)
    assert read.text[first:last] == "×"
    assert read.spans([(0, 1), (text.index("{one") + 1, text.index("}"))]) == ((0, 1), (6, 14))


def test_adjacent_spans_are_merged():
    text = r"$\textbf{A}$daptive"
    assert readable(text).spans([(9, 10), (12, 19)]) == ((0, 8),)
    assert readable(r"a\,b").spans([(1, 3)]) == ((1, 2),)
    assert readable(r"\cite{abc} b").spans([(6, 9)]) == ()


ODD = (
    *(
        "$",
        "\\",
        "{",
        "}",
        "^",
        "_",
        "~",
        "``",
        "''",
        "`",
        "times",
        "sim",
        "big",
        "(",
        "[",
        "]",
        ")",
        "|",
        "to infty",
    ),
    *(
        "varepsilon",
        "rangle",
        "alpha",
        "leq",
        "mathbb{",
        "frac{",
        "sqrt{",
        r"\frac",
        r"\href{",
        r"\textcolor{",
        "3",
    ),
    *(
        r"\left",
        r"\url{",
        r"\unicode{x41}",
        "{sim}",
        "{it ",
        "{\\color{x}",
        r"\'",
        r"\"",
        "e",
        "x_1",
        " ",
        "\ud800",
    ),
    *(r"\sqrt[", r"\binom", "le (", "https://x", "$$", r"\(", r"\)", "le 3", "word", "tilde O", "pm0.4"),
)


@given(texts() | st.lists(st.sampled_from(ODD), max_size=25).map("".join), st.data())
def test_any_text_is_accepted_and_spans_stay_in_order(text, data):
    read = readable(text)
    offsets = sorted(data.draw(st.lists(st.integers(0, len(text)), min_size=2, max_size=6)))
    spans = [
        read.span(first, last)
        for first, last in zip(offsets[::2], offsets[1::2], strict=False)
        if first < last
    ]
    assert all(0 <= first <= last <= len(read.text) for first, last in spans)
    assert all(before[0] <= after[0] for before, after in pairwise(spans))


@given(st.text(st.characters(exclude_characters="\\$^{}~`_", exclude_categories=("Cs",)), max_size=200))
def test_a_text_without_signs_and_names_does_not_change(text):
    names = ("times", "sim", "pm", "approx", "Delta", "to", "255", "(", *tables.BARE)
    if not any(name in text for name in names):
        assert shown(text) == text


def test_links_without_a_label():
    assert shown(r"at \href{https://a.example/b\_c}. We") == "at https://a.example/b_c. We"
    assert shown(r"at \href{https://a.example/b.") == "at https://a.example/b."
    assert shown(r"in \href{section} and \href{") == r"in \href{section} and \href{"


def test_money_is_not_a_factor():
    assert shown("costs $5 times 10 and $1,000 times 1,000") == "costs $5 times 10 and $1,000 times 1,000"
    assert shown("64 times 64 for $5") == "64 × 64 for $5"


@given(
    st.lists(
        st.sampled_from(
            ("word", "times", "Times", "similar", "10", "5%", "$5", "A", "&", "to", "alpha", "pm")
        ),
        max_size=30,
    )
)
def test_english_does_not_change(words):
    text = " ".join(words)
    unlikely = ("10 times 10", "A times A")
    if not any(each in text for each in unlikely):
        assert shown(text) == text


@pytest.mark.parametrize(
    "text",
    [
        "{it " * 5000,
        "$" * 9999,
        "^{" * 4000,
        "``" * 5000,
        "\\frac" * 2000,
        "x^" * 5000,
        "$x^" + "^" * 590 + "$",
        "\\sqrt[" * 5000,
        "\\mathbf" * 5000,
        "\\sqrt[\\mathbf{\\frac" * 3000,
        "~a" * 10_000,
        "x{+}" * 10_000,
        "{{A" * 10_000,
        "{A B " * 10_000,
        "epsilon=" + "8255, " * 10_000,
        "ato∞" * 10_000,
        "log{" * 10_000,
        "f circ " * 10_000,
        "log{t\\}" * 10_000,
        "\\begin{align}" * 1500,
        "\\begin{align}a\\\\&" * 1000 + "\\end{align}",
        "\\emph" + "{" * 9999 + "x" + "}" * 9999,
        "{\\em{" * 3000 + "x" + "}}" * 3000,
        "\\r{ho}{2S+1}L_J circ_i" * 800,
    ],
)
def test_hostile_texts_do_not_take_long(text):
    assert isinstance(shown(text), str)
