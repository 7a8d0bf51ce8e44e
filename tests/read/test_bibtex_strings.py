"""Strings of BibTeX that consist of strings cannot describe more text than memory holds."""

import pytest

from digest.read.parsing.bibtex_syntax import BibtexError, entries

DOUBLED = '@string{a0 = "xxxxxxxxxx"}\n' + "".join(f"@string{{a{n + 1} = a{n} # a{n}}}\n" for n in range(24))
REPEATED = '@string{a = "' + "x" * 100_000 + '"}\n' + "@article{k, title = a # a # a # a}\n" * 50


@pytest.mark.parametrize("text", [DOUBLED, REPEATED])
def test_strings_that_multiply_the_text_are_refused(text):
    with pytest.raises(BibtexError, match="@string abbreviations add more than 10 times"):
        list(entries(text))


def test_names_of_journals_are_replaced_throughout_a_large_file():
    text = '@string{tocs = "Transactions on Tides"}\n' + "@article{k, journal = tocs # {, B}}\n" * 2_000
    assert {entry.fields["journal"] for entry in entries(text)} == {"Transactions on Tides, B"}
