"""Comments and abstracts that say that a paper is withdrawn, and others that only use the word."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from digest.cli.main import main
from digest.read.parsing.standing import standing


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
        "This papers has been withdrawn",
        "This paper has been withdrawn due to an error in Lemma 8",
        "Withdrawn by the author as the main theorem is already known; see arXiv:math/0309136",
        "This submission was withdrawn by arXiv admin due to inappropriate overlap with 1501.00001",
        "The paper must be withdrawn, because an assumption does not hold",
        "The authors request withdrawal of this paper",
        "The authors wish to withdraw this article",
        "This draft is withdrawn. A new version will follow",
        "This manuscript is also withdrawn from bioRxiv",
        # as in abstracts of publishers
        "This article has been withdrawn: please see Elsevier Policy on Article Withdrawal.",
        "This article has been retracted: please see the policy of the publisher.",
        "This article has been removed: please see the policy of the publisher.",
        "The publisher regrets that this article has been temporarily removed. A replacement will appear.",
        "The Publisher regrets that this article is an accidental duplication of an article that has been published.",
        # as in abstracts of bioRxiv
        "The authors have withdrawn this manuscript owing to a duplicate posting. Therefore, the authors do not wish it to be cited.",
        "This manuscript has been withdrawn by bioRxiv",
    ],
)
def test_a_paper_that_is_withdrawn(text):
    assert standing("", text) or text.startswith("12 pages")
    assert standing("", "", text)


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
        "This paper was removed from the proceedings of the workshop",
        "This work removed the need for labels",
        "This study removed outliers before the analysis",
        "This paper has not been withdrawn",
        "Fixed typos; an erroneous claim was withdrawn",
        "The authors withdrew their support for the bill",
        "This version retracts nothing; 20 pages",
        "The paper is about withdrawn banknotes",
        "Lemma 3 was removed by the referee's wish",
        "This article studies articles that were retracted",
        "Patients were withdrawn from the study by their doctors",
        "The study was withdrawn from ClinicalTrials.gov before enrolment",
        "Retracted eyelids are measured in 40 patients",
        "Removed by surgery, the tumours were weighed",
        "Alcohol was withdrawn for a week",
        "This note withdraws one claim of our earlier work",
        "We report on what was withdrawn, and why",
    ],
)
def test_a_paper_that_is_not(text):
    assert not standing("", text)
    assert not standing("", "", text)


@pytest.mark.parametrize(("title", "status"), [
    ("RETRACTED: Snails and sleep", "retracted"), ("RETRACTED ARTICLE: Snails and sleep", "retracted"),
    ("Retracted: Snails and sleep", "retracted"), ("Retracted article: Snails and sleep", "retracted"),
    ("[RETRACTED] Snails and sleep", "retracted"), ("[Retracted] Snails and sleep", "retracted"),
    ("(Retracted) Snails and sleep", "retracted"), ("RETRACTED CHAPTER: Snails and sleep", "retracted"),
    ("RETRACTED PAPER: Snails and sleep", "retracted"), ("RETRACTED ARTICLE Snails and sleep", "retracted"),
    ("RETRACTED – Snails and sleep", "retracted"), ("Snails and sleep [RETRACTED]", "retracted"),
    ("Snails and sleep (Retracted)", "retracted"), ("Snails and sleep (Retracted article. See vol. 12, p. 3, 2014)", "retracted"),
    ("Snails and sleep (Retracted Article)", "retracted"), ("Retracted publication: Snails and sleep", "retracted"),
    ("WITHDRAWN: Snails and sleep", "withdrawn"), ("Withdrawn: Snails and sleep", "withdrawn"),
    ("WITHDRAWN ARTICLE: Snails and sleep", "withdrawn"), ("[Withdrawn] Snails and sleep", "withdrawn"),
    ("Snails and sleep (withdrawn)", "withdrawn"), ("Withdrawn as duplicate: Snails and sleep", "withdrawn"),
    ("WITHDRAWN Snails and sleep", "withdrawn"), ("Temporarily withdrawn: Snails and sleep", "withdrawn"),
    ("REMOVED: Snails and sleep", "removed"), ("Removed: Snails and sleep", "removed"),
    ("TEMPORARY REMOVAL: Snails and sleep", "removed"), ("Temporarily Removed: Snails and sleep", "removed"),
    ("[Article: Snails]", ""), ("Snails and sleep", ""),
    ("Retracted papers in medicine: how they are cited", ""), ("Retracted publications in Indian science", ""),
    ("Retracted science and the retraction index", ""), ("A study of retracted articles", ""),
    ("Retraction: Snails and sleep", ""), ("Retraction Note: Snails and sleep", ""), ("RETRACTION NOTICE: Snails", ""),
    ("Notice of Retraction: Snails and sleep", ""), ("Statement of Retraction: Snails and sleep", ""),
    ("Withdrawal: Snails and sleep", ""), ("Withdrawal notice to “Snails and sleep”", ""), ("Removal notice to Snails", ""),
    ("Withdrawal from diazepam", ""), ("Withdrawn drugs: a database", ""), ("Withdrawn and depressed: snails in winter", ""),
    ("Lower eyelid retraction: management", ""), ("Removed teeth in old age", ""), ("Removing: a theory", ""),
    ("Malignancy in colonoscopically removed polyps", ""), ("Hyperglycemia per se (insulin and glucagon withdrawn) in man", ""),
    ("Drugs that failed (withdrawn from the market)", ""), ("Retracted vacua", ""), ("Retraction of continua", ""),
    ("RETRACTED AND CITED: SNAILS", ""), ("Not retracted: snails", ""), ("Why was it retracted?", ""), ("Retracted", ""),
])  # fmt: skip
def test_the_status_that_a_title_shows(title, status):
    assert standing(title, "") == (status or None)


def test_the_notice_of_a_retraction_is_not_retracted():
    assert not standing("Retraction Note: Snails", "This article has been retracted.")
    assert standing("Snails", "This article has been retracted.") == "retracted"


@given(
    st.text(max_size=60),
    st.sampled_from(("retracted", "withdrawn", "removed", "Retraction", "WITHDRAWN")),
    st.text(max_size=60),
)
def test_any_text_is_read(before, word, after):
    assert standing(f"{before}{word}{after}", before, after) in {None, "retracted", "withdrawn", "removed"}


@given(
    st.lists(
        st.sampled_from(
            ("snails", "we", "study", "retracted", "withdrawn", "papers", "from", "the", "of", "a")
        ),
        min_size=1,
    )
)
def test_prose_that_uses_the_words_is_not_withdrawn(words):
    prose = " ".join(["Snails", *words, "sleep"])
    assert not standing(prose, prose, prose)


def test_long_texts_take_little_time():
    for text in (
        "(retracted. " * 20_000,
        "[" * 200_000,
        "this the " * 50_000,
        "has been " * 50_000,
        "RETRACTED " * 30_000,
    ):
        assert standing(text, text, text) in {None, "retracted", "withdrawn"}


@pytest.mark.parametrize(("name", "content", "status"), [
    ("a.json", '[{"type": "article-journal", "title": "Snails", "DOI": "10.1/a", "issued": {"date-parts": [[2020]]}, "updated-by": [{"type": "retraction", "DOI": "10.1/b"}]}]', "retracted"),
    ("b.json", '[{"type": "article-journal", "title": "Snails", "DOI": "10.1/a", "issued": {"date-parts": [[2020]]}, "updated-by": [{"type": "removal"}, {"type": "correction"}]}]', "removed"),
    ("c.json", '[{"type": "article-journal", "title": "Retraction: Snails", "DOI": "10.1/a", "issued": {"date-parts": [[2020]]}, "update-to": [{"type": "retraction", "DOI": "10.1/b"}]}]', None),
    ("d.json", '[{"type": "article-journal", "title": "Snails", "DOI": "10.1/a", "issued": {"date-parts": [[2020]]}, "updated-by": [{"type": "correction"}, 3], "relation": {}}]', None),
    ("e.json", '[{"type": "article-journal", "title": "Snails", "DOI": "10.1/a", "issued": {"date-parts": [[2020]]}, "status": "Retracted"}]', "retracted"),
    ("f.nbib", "PMID- 1\nTI  - Snails\nPT  - Journal Article\nPT  - Retracted Publication\nSO  - J\n", "retracted"),
    ("g.nbib", "PMID- 1\nTI  - Snails\nPT  - Journal Article\nRIN - J Snails. 2020;1. PMID: 2\nSO  - J\n", "retracted"),
    ("h.nbib", "PMID- 1\nTI  - Snails\nPT  - Retraction of Publication\nROF - J Snails. 2020;1. PMID: 2\nSO  - J\n", None),
    ("i.bib", "@article{a, title={{RETRACTED ARTICLE: Snails}}, author={Brook, A}, year=2020}", "retracted"),
    ("j.ris", "TY  - JOUR\nTI  - WITHDRAWN: Snails\nAU  - Brook, A\nER  - \n", "withdrawn"),
    ("k.csv", "Title,Authors,DOI\nTEMPORARY REMOVAL: Snails,A. Brook,10.1/a\n", "removed"),
    ("l.rss", '<rss version="2.0"><channel><title>J</title><item><title>[Retracted] Snails</title><link>https://example.org/1</link></item></channel></rss>', "retracted"),
    ("m.xml", ("<PubmedArticleSet><PubmedArticle><MedlineCitation><PMID>1</PMID><Article><ArticleTitle>Snails</ArticleTitle></Article>"
              "<CommentsCorrectionsList><CommentsCorrections RefType='RetractionIn'><PMID>2</PMID></CommentsCorrections>"
              "</CommentsCorrectionsList></MedlineCitation></PubmedArticle></PubmedArticleSet>"), "retracted"),
])  # fmt: skip
def test_every_reader_shows_the_status(tmp_path, capsys, name, content, status):
    (tmp_path / name).write_text(content, encoding="utf-8")
    assert main(["read", "--json", str(tmp_path / name)]) == 0
    (one,) = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert (one["status"], one["withdrawn"]) == (status, status is not None)
