"""DOIs from every spelling, from the addresses of the largest publishers, and the versions of preprints."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from digest.identity import doi, doi_in, identified, keys_of
from digest.identity.dois import is_preprint, unversioned
from digest.model import Listing

# Real forms of DOIs, with invented numbers.
DOIS = (
    "10.1016/j.tide.2024.101234", "10.1016/s0140-6736(20)30183-5", "10.1007/978-3-031-38100-3_13",
    "10.1002/(sici)1097-0142(19951215)76:12<2387::aid-cncr9>3.0.co;2-o", "10.1002/14651858.cd011412.pub4", "10.1093/tides/btae123",
    "10.1038/s41586-024-01234-5", "10.1021/acs.est.4c01234", "10.1103/physrevd.109.012345", "10.5334/ah.bd", "10.1000/182",
    "10.3389/ftide.2024.1400001", "10.1182/blood.2024004397", "10.1146/annurev-tide-012345-678901", "10.1371/journal.pone.0123456",
)  # fmt: skip
# The addresses under which publishers show a paper; `{}` is the DOI. From the tests of Zotero's translators.
ADDRESSES = (
    "https://doi.org/{}", "http://dx.doi.org/{}", "https://www.doi.org/{}", "doi.org/{}", "https://doi-org.proxy.example.edu/{}",
    "https://onlinelibrary.wiley.com/doi/{}", "https://onlinelibrary.wiley.com/doi/abs/{}", "https://tide.onlinelibrary.wiley.com/doi/full/{}",
    "https://www.tandfonline.com/doi/epdf/{}", "https://journals.sagepub.com/doi/pdf/{}", "https://pubs.acs.org/doi/{}", "https://dl.acm.org/doi/fullHtml/{}",
    "https://link.springer.com/article/{}", "https://link.springer.com/chapter/{}", "https://link.springer.com/content/pdf/{}", "https://www.frontiersin.org/articles/{}",
    "https://www.frontiersin.org/journals/tides/articles/{}", "https://www.biorxiv.org/content/{}", "https://iopscience.iop.org/article/{}",
    "https://www.emerald.com/insight/content/doi/{}", "https://www.degruyter.com/document/doi/{}", "https://journals.aps.org/prd/abstract/{}", "https://link.aps.org/doi/{}",
    "https://www.cochranelibrary.com/cdsr/doi/{}", "https://www.jstor.org/stable/{}", "https://www.annualreviews.org/content/journals/{}", "https://royalsocietypublishing.org/doi/suppl/{}",
    "https://www.microbiologyresearch.org/content/journal/ijtm/{}", "https://journal.example.org/articles/{}", "https://api.crossref.org/works/{}",
    "https://journals.plos.org/plosone/article?id={}", "https://dataverse.example.org/dataset.xhtml?persistentId=doi:{}", "https://www.ingentaconnect.com/x?format=y&doi={}",
    "https://scholar.example.com/url?q=https://doi.org/{}",
)  # fmt: skip
TAILS = (
    "", "/", "/full", "/full/html", "/full/pdf", "/fulltext", "/full-text", "/abstract", "/abs", "/pdf", "/epdf", "/pdf/full", "/pdfdirect", "/html", "/meta", "/epub", "/xml",
    ".pdf", ".full", ".full.pdf", ".full.pdf+html", ".full-text", ".abstract", ".short", ".long", ".html", ".epub", ".supplementary-material", ".article-info", "/fulltext.html",
    "/references", "/citations", "/cited-by", "/figures", "/figures/2", "/tables/1", "/suppl", "/supplemental", "/suppl_file/si_001.pdf", "/suppl/file.pdf", "/issuetoc", "/metrics",
    "/-/DCSupplemental", "/-/DC1", "/_pdf", ";jsessionid=0A1B2C.f03t01", "/transform/application/x-bibtex", "/tab-pdf", "/tab-figures-data", "/summary", "/comments", "/ampdf",
    "?af=R", "?rss=1", "?needAccess=true&role=button", "#abstract", "#.U_vX3WPATVE", "/full#h1", "/full?utm_source=x", "?lang=en", "/full/html?skipTracking=true",
)  # fmt: skip


def escaped(text: str, depth: int) -> str:
    """Return a DOI with percent signs, as addresses have it, at most twice."""
    for _ in range(depth):
        text = "".join(
            letter if letter.isalnum() or letter in ".-_" else f"%{ord(letter):02X}" for letter in text
        )
    return text


@given(
    st.sampled_from(DOIS),
    st.sampled_from(ADDRESSES),
    st.sampled_from(TAILS),
    st.integers(0, 2),
    st.booleans(),
)
def test_every_tail_at_every_publishers_address(name, address, tail, depth, upper):
    written = escaped(name.upper() if upper else name, depth)
    if depth == 0 and any(sign in name for sign in "<>") and "?" in address:
        written = escaped(written, 1)
    assert doi(address.format(written) + tail) == name


@given(
    st.sampled_from(DOIS), st.sampled_from(("", "doi:", "DOI: ", "doi ", "urn:doi:", "info:doi/", "https://doi.org/", "doi:https://doi.org/", " (", '"')),
    st.sampled_from(("", ".", ",", ";", ").", "]", "\u200b", " [doi]", "</ref>", '"', "/full.", ".pdf,", " (accessed 3 May 2024)")),
)  # fmt: skip
def test_every_label_and_what_prose_leaves_around(name, label, after):
    assert doi(label + name + after) == name


@given(st.text(max_size=60) | st.builds("10.{}/{}".format, st.integers(1000, 99999), st.text(max_size=60)))
def test_a_doi_in_normal_form_is_its_own_doi(text):
    found = doi(text)
    assert found is None or doi(found) == found
    found = doi_in(text)
    assert found is None or doi(found) == found


@given(
    st.sampled_from(DOIS),
    st.lists(st.sampled_from([tail for tail in TAILS if tail[:1] in ("/", ".")]), max_size=4),
)
def test_tails_in_any_number_are_no_part_of_a_doi(name, tails):
    assert doi(name + "".join(tails)) == name


@pytest.mark.parametrize(
    ("address", "name"),
    [
        ("https://academic.oup.com/tides/advance-article/doi/10.1093/tides/btae123/7654321?login=false", "10.1093/tides/btae123"),
        ("https://academic.oup.com/tides/advance-article-pdf/doi/10.1093/tides/btae123/7654321/btae123.pdf", "10.1093/tides/btae123"),
        ("10.1093/tides/btae123/7654321", "10.1093/tides/btae123"), ("10.1093/gao/9781884446054.article.T012345", "10.1093/gao/9781884446054.article.t012345"),
        ("https://ashpublications.org/blood/article-abstract/doi/10.1182/blood.2024004397/474417/Gulls-at-the-Level-of", "10.1182/blood.2024004397"),
        ("https://www.taylorfrancis.com/chapters/edit/10.4324/9780203123456-5/gulls-and-tides-ada-brook", "10.4324/9780203123456-5"),
        ("https://oxford.universitypressscholarship.com/view/10.1093/acprof:oso/9780199299591.001.0001/acprof-9780199299591", "10.1093/acprof:oso/9780199299591.001.0001"),
        ("https://www.biorxiv.org/content/10.1101/2024.05.03.592345v2.full.pdf", "10.1101/2024.05.03.592345"), ("10.1101/2024.05.03.592345v2", "10.1101/2024.05.03.592345"),
        ("http://biorxiv.org/cgi/content/short/2024.05.03.592345v1?rss=1", "10.1101/2024.05.03.592345"), ("10.1101/gr.123456.106", "10.1101/gr.123456.106"),
        ("https://www.biorxiv.org/content/biorxiv/early/2019/01/01/512345.full.pdf", "10.1101/512345"), ("https://www.nature.com/articles/s41586-024-01234-5.pdf", "10.1038/s41586-024-01234-5"),
        ("https://www.nature.com/articles/s41586-024-01234-5/figures/1", "10.1038/s41586-024-01234-5"), ("https://www.nature.com/articles/onc2011282", "10.1038/onc.2011.282"),
        ("https://www.nature.com/articles/nature12373", "10.1038/nature12373"), ("https://www.nature.com/subjects/tides", None), ("https://elifesciences.org/articles/12345", "10.7554/elife.12345"),
        ("https://peerj.com/articles/cs-1234/", "10.7717/peerj-cs.1234"), ("https://pubs.rsc.org/en/content/articlelanding/2024/sc/d4sc01234a", "10.1039/d4sc01234a"),
        ("https://www.hindawi.com/journals/tide/2020/1234567/", "10.1155/2020/1234567"), ("https://acp.copernicus.org/articles/20/123/2020/acp-20-123-2020.pdf", "10.5194/acp-20-123-2020"),
        ("https://www.researchsquare.com/article/rs-1234567/v2", "10.21203/rs.3.rs-1234567/v2"), ("https://www.preprints.org/manuscript/202401.0525/v2", "10.20944/preprints202401.0525.v2"),
        ("https://papers.ssrn.com/sol3/papers.cfm?abstract_id=1234567", "10.2139/ssrn.1234567"), ("https://zenodo.org/records/1234567", "10.5281/zenodo.1234567"),
        ("https://osf.io/preprints/psyarxiv/abcde_v2", "10.31234/osf.io/abcde_v2"), ("http://onlinelibrary.wiley.com/journal/10.1111/%28ISSN%291470-9856/issues", None),
        ("https://www.tandfonline.com/toc/10.1080/tabc20", None), ("https://10.0.0.1/x", None), ("https://example.org/v10.2/notes", None), ("10.1000", None), ("10.1000/", None),
        ("10.1007/978-3-031-38100-3\\_13", "10.1007/978-3-031-38100-3_13"), ("10.1007/978-3{\\_}13", "10.1007/978-3_13"), ("10.1002/1{\\textless}2::X{\\textgreater}3.0", "10.1002/1<2::x>3.0"),
        ("10.1000/a&lt;b&gt;c", "10.1000/a<b>c"), ("10.1000/a‐b", "10.1000/a-b"), ("https://doi.org/https://doi.org/10.1000/x1", "10.1000/x1"),
        ("10.35631/http://www.tide.example/2023-49.pdf", "10.35631/http://www.tide.example/2023-49.pdf"), (None, None), ("", None),
    ],
)  # fmt: skip
def test_other_addresses_and_spellings(address, name):
    assert doi(address) == name


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("Ada Brook, Tide Letters (2024), doi:10.1000/xyz-1. In press", "10.1000/xyz-1"), ("see <a href='https://doi.org/10.1000/ab.1'>x</a>", "10.1000/ab.1"),
        ("(10.1016/S0140-6736(20)30183-5)", "10.1016/s0140-6736(20)30183-5"), ("version 10.2/3 of the log", None), ("10.1002/(SICI)1(1951)4:2<387::X>3.0.CO;2-Y and more", "10.1002/(sici)1(1951)4:2<387::x>3.0.co;2-y"),
    ],
)  # fmt: skip
def test_a_doi_in_running_text(text, name):
    assert doi_in(text) == name


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("10.21203/rs.3.rs-1234567/v1", "10.21203/rs.3.rs-1234567/v2"), ("10.26434/chemrxiv-2024-abcde", "10.26434/chemrxiv-2024-abcde-v3"),
        ("10.26434/chemrxiv.12345678.v1", "10.26434/chemrxiv.12345678.v2"), ("10.20944/preprints202401.0525.v1", "10.20944/preprints202401.0525.v2"),
        ("10.31234/osf.io/abcde", "10.31234/osf.io/abcde_v2"), ("10.12688/f1000research.12345.1", "10.12688/f1000research.12345.2"),
        ("10.12688/wellcomeopenres.12345.1", "10.12688/wellcomeopenres.12345.3"), ("10.36227/techrxiv.12345678.v1", "10.36227/techrxiv.12345678.v2"),
        ("10.22541/au.170000000.01234567/v1", "10.22541/au.170000000.01234567/v2"), ("10.6084/m9.figshare.1234567", "10.6084/m9.figshare.1234567.v2"),
        ("10.33774/coe-2024-abcde", "10.33774/coe-2024-abcde-v2"), ("10.7554/elife.12345.1", "10.7554/elife.12345"), ("10.7287/peerj.preprints.123v1", "10.7287/peerj.preprints.123v2"),
        ("https://www.biorxiv.org/content/10.1101/2024.05.03.592345v1", "https://www.biorxiv.org/content/10.1101/2024.05.03.592345v2.full"),
    ],
)  # fmt: skip
def test_versions_of_a_preprint_have_one_key(first, second):
    one, other = (Listing(1, "Gull Calls", "", doi=written) for written in (first, second))
    assert keys_of(one) == keys_of(other)
    assert (identified(one).version or 0) < (identified(other).version or 9)


@given(st.sampled_from(DOIS))
def test_a_published_doi_has_no_version(name):
    assert unversioned(name) == (name, None)
    assert not is_preprint(name)


def test_a_version_in_the_address_of_biorxiv_is_kept():
    assert (
        identified(
            Listing(1, "T", "", url="https://www.biorxiv.org/content/10.1101/2024.05.03.592345v3")
        ).version
        == 3
    )
    assert identified(Listing(1, "T", "", doi="10.1101/2024.05.03.592345", arxiv="2405.01234v2")).version == 2
