"""Names with the TeX accents of arXiv's mails and metadata."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from digest.text.tex_letters import with_letters


@pytest.mark.parametrize(
    ("tex", "name"),
    [
        (r"Ya\"el Naz\'e", "Yaël Nazé"),
        (r"M{\aa}ns", "Måns"),
        (r"Rastislav \v{S}r\'amek", "Rastislav Šrámek"),
        (r"Rudolf Gr\"{u}bel", "Rudolf Grübel"),
        (r"Am{\'e}lie Juhin", "Amélie Juhin"),
        (r"M\'aria Pet\H{o}", "Mária Pető"),
        (r"Emanuele Macr\`i", "Emanuele Macrì"),
        (r"Mart\'{\i}nez", "Martínez"),
        (r"D\'\i az", "Díaz"),
        (r"Ho\v rava", "Hořava"),
        (r"\c{C}elik", "Çelik"),
        (r"S\o ren \O stergaard", "Søren Østergaard"),
        (r"\L{}ukasz W\k{a}s", "Łukasz Wąs"),
        (r"J.~A.~Font", "J. A. Font"),
        (r"Stra{\ss}e, W\"urfel", "Straße, Würfel"),
        (r"{\textsc{Kelp}}", "Kelp"),
        ("Ada Brook", "Ada Brook"),
        (r"Lalo\"e and \'Emile", "Laloë and Émile"),
        (r"\unknown{x}", r"\unknownx"),
    ],
)
def test_accents_are_letters(tex, name):
    assert with_letters(tex) == name


@given(st.text("\\{}\"'`^~cvHkij aAoO&-", max_size=60))
def test_anything_is_read_without_raising(text):
    assert isinstance(with_letters(text), str)
