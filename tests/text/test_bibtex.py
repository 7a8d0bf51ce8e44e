"""BibTeX entries of any paper can be read by BibTeX."""

import re
from dataclasses import replace
from itertools import accumulate

import pytest
from hypothesis import given
from hypothesis import strategies as st
from strategies import texts

from digest.read.parsing.bibtex_syntax import entries
from digest.text.bibtex import bibtex_entry, citation_key
from digest.text.safe_tex import allowed
from digest.urls import public_url
from tests.render.render_sample import KETTLE

SHORT = replace(KETTLE, abstract="It keeps 98.5\\% of the flavour of $x_1$ & costs 50%.")


def bibtex(paper):
    return bibtex_entry(paper, key=citation_key(paper), url=public_url(paper))


def test_bibtex():
    assert bibtex(SHORT) == (
        "@misc{steep2026kettle,\n"
        "  title = {{Kettle: One-Step Tea Synthesis from Sparse Leaves}},\n"
        "  author = {Ada Steep and Ben Darjeeling and Clara Oolong and Dmitri Samovar},\n"
        "  year = {2026},\n"
        "  eprint = {2603.01234},\n"
        "  archiveprefix = {arXiv},\n"
        "  primaryclass = {cs.LG},\n"
        "  url = {https://arxiv.org/abs/2603.01234},\n"
        "  abstract = {It keeps 98.5\\% of the flavour of $x_1$ \\& costs 50\\%.},\n"
        "}"
    )


@pytest.mark.parametrize(
    ("change", "part"),
    [
        ({"title": "50% & $x_1$ {of} C#"}, r"title = {{50\% \& x₁ \{of\} C\#}}"),
        ({"title": r"{\it Schr\"odinger} lamps"}, r"title = {{{\it Schr\"odinger} lamps}}"),
        ({"title": r"\emph{a_b^c} $a_b^c$ & #1 in $5\%#$"}, r"{{\emph{a\_b\textasciicircum{}c} $a_b^c$ \& \#1 in $5\%\#$}}"),
        ({"title": r"\emph{a"}, r"title = {{\textbackslash{}emph\textbraceleft{}a}}"),
        ({"title": "}a{ ~ C:\\"}, r"{{\textbraceright{}a\textbraceleft{} \textasciitilde{} C:\textbackslash{}}}"),
        ({"title": r"\$5 or $6"}, r"title = {{\$5 or \$6}}"),
        ({"authors": ("Tea, Inc.", "Sand and Sons")}, "author = {{Tea, Inc.} and {Sand and Sons}}"),
        ({"authors": ("Ada AND Ben", "others")}, "author = {{Ada AND Ben} and {others}}"),
        ({"authors": ("The Tea Consortium", "CMS Collaboration")}, "author = {{The Tea Consortium} and {CMS Collaboration}}"),
        ({"authors": ("Steep, Ada",)}, "@misc{steep2026kettle,"),
        ({"authors": ("Émile Thé",)}, "@misc{the2026kettle,"),
        ({"authors": ()}, "@misc{paper2026kettle,"),
        ({"authors": (), "published": None, "title": "茶"}, "@misc{paper41,"),
        ({"doi": "10.1/a_b"}, r"doi = {10.1/a\_b}"),
        ({"doi": "10.1/a_b"}, "@article{"),
        ({"venue": "Tea & Pots"}, r"journal = {Tea \& Pots}"),
        ({"venue": "Tea & Pots"}, "@article{"),
        ({"venue": "Proceedings of the Tea Conference"}, "@inproceedings{"),
        ({"venue": "Workshop on Tea"}, "booktitle = {Workshop on Tea}"),
        ({"venue": "Proceedings of the National Academy of Tea"}, "@article{"),
        ({"doi": "10.48550/arXiv.2603.01234"}, "@misc{"),
        ({"categories": ("cs.LG", "cs.CV")}, "primaryclass = {cs.LG}"),
        ({"arxiv": None, "url": "https://x.test/%7Ba"}, r"url = {https://x.test/\%7Ba}"),
        ({"arxiv": None, "url": "https://x.test/a$b&c_d#e"}, "url = {https://x.test/a\\%24b&c_d#e}"),
        ({"title": r"Is $\alpha_i \le \frac{1}{2}$ na\"{\i}ve?"}, r'{{Is $\alpha_i \le \frac{1}{2}$ na\"{\i}ve?}}'),
        ({"arxiv": None, "url": None, "doi": "10.1/x"}, "url = {https://doi.org/10.1/x}"),
    ],
)  # fmt: skip
def test_bibtex_of_odd_papers(change, part):
    assert part in bibtex(replace(KETTLE, **change))


@given(texts(), texts())
def test_bibtex_has_its_braces_in_pairs(title, author):
    entry = bibtex(replace(KETTLE, title=title, authors=(author,), venue=author, abstract=title))
    depths = [0]
    for brace in re.findall("[{}]", entry):  # as BibTeX counts: escaped or not
        depths.append(depths[-1] + (1 if brace == "{" else -1))
    assert min(depths) == depths[-1] == 0
    for line in entry.splitlines():
        unescaped = re.sub(r"\\.", "", line)  # as TeX counts
        assert unescaped.count("{") == unescaped.count("}") or line.startswith("@") or line == "}"
    assert len(entry.splitlines()) <= 11


HOSTILE = [
    *(r"\input{/etc/passwd}", r"\input /etc/passwd", r"\write18{touch /tmp/x}", r"\immediate\write18{a}", r"\openin5=a"),
    *(r"\csname input\endcsname a", r"\catcode`\{=12", r"^^5cinput{a}", r"$^^5cinput{a}$", r"\^^5e5cinput{a}"),
    *(r"\def\a{b}", r"\newcommand{\a}{b}", r"\let\a=b", r"\directlua{a}", r"\include{a}", r"\verbatiminput{a}"),
    *(r"\usepackage{a}", r"\href{javascript:a}{b}", r"\url{javascript:a}", r"\begin{filecontents}{a}", r"\loop\iftrue\repeat"),
    *(r"$\input{a}$", r"\emph{\input{a}}", r"\\input{a}", r"a\\", "a\\", r"\textbf", r"$\frac", r"\'", r"{$}$", r"\$$\input{a}$"),
    *(r"a}, note = {b", r"a}}\n@misc{b,", r"a\}, b = {", "a} @string{b = {c}}", r"\{a}", r"\ensuremath{\input{a}}", r"{\it\input{a}}"),
    *(r"\today", r"\jobname", r"\the\year", r"\special{a}", r"\read5 to\a", r"\pdfximage{a}", r"\lstinputlisting{a}", r"\futurelet"),
]  # fmt: skip
COMMANDS = st.sampled_from(
    (*HOSTILE, r"\emph{a}", "$x^2$", r"\alpha", r"\'e", "$", "{", "}", "\\", "^^", "%", "&", "#", "~", '"', "\n", " and ", ",", "@", "=", "x")
)  # fmt: skip
ANY = st.one_of(st.sampled_from(HOSTILE), st.lists(COMMANDS, max_size=6).map("".join), texts())
NAMES = (
    "title",
    "author",
    "year",
    "journal",
    "booktitle",
    "eprint",
    "archiveprefix",
    "primaryclass",
    "doi",
    "url",
    "note",
    "abstract",
)


def commands_of(value):
    """Return the commands of a value as TeX would read them, each with whether it is in a formula."""
    in_maths = False
    for token in re.finditer(r"\\([A-Za-z]+|.|$)|\$", value, re.DOTALL):
        if token[0] == "$":
            in_maths = not in_maths
        else:
            yield token[1], in_maths
    assert not in_maths, value


@pytest.mark.parametrize("text", HOSTILE)
def test_no_command_that_is_not_allowed_is_exported(text):
    check_safe(replace(KETTLE, title=text, abstract=f"We {text} it.", authors=(text, "B"), venue=text))


@given(ANY, ANY, ANY, ANY, ANY, ANY)
def test_an_entry_is_one_entry_with_allowed_commands(title, author, venue, doi, url, abstract):
    paper = replace(
        KETTLE, title=title, authors=(author, "B C"), venue=venue, arxiv=None, categories=(doi,),
        doi=f"10.1000/{doi}", url=f"https://x.test/{url}", abstract=abstract,
    )  # fmt: skip
    check_safe(paper)
    check_safe(replace(paper, arxiv=author, doi=doi, url=url))


def check_safe(paper):
    entry = bibtex(paper)
    first, *fields, last = entry.splitlines()
    assert re.fullmatch(r"@(misc|article|inproceedings)\{[a-z0-9-]+,", first)
    assert last == "}"
    found = [re.fullmatch(r"  ([a-z]+) = \{(.*)\},", field) for field in fields]
    assert all(found), fields
    assert [each[1] for each in found] == [name for name in NAMES if f"\n  {name} = " in entry]
    for _, value in map(re.Match.groups, found):
        assert "^^" not in value
        for count in (value, re.sub(r"\\.", "", value)):  # as BibTeX counts, and as TeX counts
            depths = list(
                accumulate((1 if brace == "{" else -1 for brace in re.findall("[{}]", count)), initial=0)
            )
            assert min(depths) == depths[-1] == 0, value
        for command, in_maths in commands_of(value):
            assert allowed(command, in_maths=in_maths), (command, value)
    (read,) = entries(entry)
    assert read.fields == dict(map(re.Match.groups, found))
    assert re.match("https?://", read.fields.get("url", "https://"))


@pytest.mark.parametrize(
    "url", ["javascript:alert(1)", "https://x.test/}, note = {a", "https://x.test/\\input"]
)
def test_only_web_addresses_are_exported(url):
    assert "url = " not in bibtex_entry(KETTLE, key="a", url=url)
    assert "javascript" not in bibtex(replace(KETTLE, url=url, doi="javascript:alert(1)"))
