"""BibTeX entries of any paper can be read by BibTeX."""

import re
from dataclasses import replace

import pytest
from hypothesis import given
from strategies import texts

from digest.text.bibtex import bibtex_entry, citation_key
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
