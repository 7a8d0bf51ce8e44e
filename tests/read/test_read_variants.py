"""Variants of files of each format besides the samples, and rejected files."""

import json
from datetime import date
from pathlib import Path

import pytest
from reading import outcome, page, rejected

from digest.cli.run import listing_json
from digest.model import Rejected
from digest.read import files_of, normalize
from digest.read.parsing import dates, html_tree, ids, names

SAMPLES = Path(__file__).parent / "samples"


def sample(name: str) -> str:
    return (SAMPLES / name).read_text("utf-8")


def only(content: str | bytes):
    (one,) = page(content).listings
    return one


# --- shared by all formats ---------------------------------------------------------------------------


@pytest.mark.parametrize(("text", "found"), [
    ("2303.00763", ("2303.00763", None)), ("2303.00763v12", ("2303.00763", 12)), ("arXiv:0704.0001v2", ("0704.0001", 2)),
    ("arXiv: hep-th/9901001", ("hep-th/9901001", None)), ("math.GT/0309136v1", ("math/0309136", 1)), ("HEP-TH/9901001", ("hep-th/9901001", None)),
    ("http://arxiv.org/abs/2303.00763v1", ("2303.00763", 1)), ("https://www.arxiv.org/pdf/2303.00763v1.pdf?x=1#a", ("2303.00763", 1)),
    ("https://export.arxiv.org/abs/cond-mat/9805021/", ("cond-mat/9805021", None)), ("oai:arXiv.org:2508.13428v1", ("2508.13428", 1)),
    ("10.48550/arXiv.2303.00763", ("2303.00763", None)), ("https://doi.org/10.48550/ARXIV.2303.00763", ("2303.00763", None)),
    ("arXiv:2303.00763 [cs.CV]", ("2303.00763", None)),
    ("", (None, None)), ("2303.007", (None, None)), ("12303.00763", (None, None)), ("2303.007631", (None, None)), ("2303.00763v0", (None, None)),
    ("https://arxiv.example/abs/2303.00763", ("2303.00763", None)), ("10.1234/2303.00763", (None, None)), ("see 2303.00763", (None, None)),
    ("https://arxiv.org/list/cs.AI/new", (None, None)), ("٢٣٠٣.٠٠٧٦٣", (None, None)),
])  # fmt: skip
def test_arxiv_ids(text, found):
    assert ids.arxiv_id(text) == found


@pytest.mark.parametrize(("text", "found"), [
    ("10.1234/ABC.1", "10.1234/abc.1"), ("https://doi.org/10.1234/a%2Fb", "10.1234/a/b"), ("http://dx.doi.org/10.1234/a", "10.1234/a"),
    ("doi: 10.1234/a.", "10.1234/a"), (" DOI 10.1234/a(1)2 ", "10.1234/a(1)2"), ("10.1234/", None), ("11.1234/a", None), ("12.12/a", None),
    ("doi1", None), ("", None), (None, None), ("10.1234/a b", None),
])  # fmt: skip
def test_dois(text, found):
    assert ids.doi(text) == found


@pytest.mark.parametrize(("text", "found"), [
    ("https://pubs.example/doi/abs/10.1021/jacs.5c05752?x=1", "10.1021/jacs.5c05752"), ("no", None), (None, None),
    ("https://a.example/?doi=10.1234%2Fb&c", "10.1234/b"),
])  # fmt: skip
def test_dois_in_addresses(text, found):
    assert ids.doi_in(text) == found


@pytest.mark.parametrize(("text", "found"), [
    ("2026-11-18", date(2026, 11, 18)), ("2026-11-18T23:59:59-11:00", date(2026, 11, 18)), ("2026/1/5", date(2026, 1, 5)), ("20261118", date(2026, 11, 18)),
    ("20261118T0800", date(2026, 11, 18)), ("Wed, 18 Nov 2026 08:00:00 GMT", date(2026, 11, 18)), ("Fri,  3 Mar 23 01:36:02 GMT", date(2023, 3, 3)),
    ("Sep 25, 2024", date(2024, 9, 25)), ("3 May 2024", date(2024, 5, 3)), ("May 3rd, 2024", date(2024, 5, 3)), ("November 18 2026", date(2026, 11, 18)),
    ("2026", None), ("2026-11", None), ("2026-02-30", None), ("", None), (None, None), (5, None), ("soon", None), ("Nov 2026", None),
    ("Mon, 99 Foo 2026", None), ("2026-11-18" * 50, None), ("99999999999999999999 Jan 2026 08:00:00", None),
])  # fmt: skip
def test_dates(text, found):
    assert dates.day_of(text) == found


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("nov", 11),
        ("November", 11),
        ("11", 11),
        ("13", None),
        ("0", None),
        ("x", None),
        ("", None),
        ("sept.", 9),
    ],
)
def test_months(text, found):
    assert dates.month_of(text) == found


@pytest.mark.parametrize(("text", "found"), [
    ("Brook, Ada", "Ada Brook"), ("van der Strand, M. P.", "M. P. van der Strand"), ("Ada Brook", "Ada Brook"), ("Kelp, Jr., Fern", "Fern Kelp, Jr."),
    ("Kelp, Fern, III", "Fern Kelp, III"), ("Kelp, Jr.", "Kelp, Jr."), (" Brook ,\nAda ", "Ada Brook"), ("Plato", "Plato"), ("a, b, c, d", "a, b, c, d"), ("", ""),
])  # fmt: skip
def test_names_with_the_family_name_first(text, found):
    assert names.given_first(text) == found


@pytest.mark.parametrize(("text", "found"), [
    ("A. One, B. Two and C. Three", ("A. One", "B. Two", "C. Three")), ("A. One, B. Two, and C. Three", ("A. One", "B. Two", "C. Three")),
    ("A. One (1), B. Two (1,2) ((1) Here and there, (2) There)", ("A. One", "B. Two")), ("Kelp, Jr., Ann", ("Kelp, Jr.", "Ann")),
    ("The Tide Collaboration: A. One, B. Two", ("The Tide Collaboration", "A. One", "B. Two")), ("A. One, et al.", ("A. One",)),
    ("A One; B Two & C Three", ("A One", "B Two", "C Three")), ("Anders Andersen", ("Anders Andersen",)), ("", ()), ("(x", ("(x",)), ("x) y", ("x) y",)),
])  # fmt: skip
def test_lists_of_names(text, found):
    assert names.split_names(text) == found


def test_lists_with_family_names_first():
    assert names.split_family_first("Brook, A., van der Strand, M. P.") == (
        "A. Brook",
        "M. P. van der Strand",
    )
    assert names.split_family_first("Ada Brook, Fern Kelp") == ("Ada Brook", "Fern Kelp")
    assert names.split_family_first("Brook, A., Kelp") == ("Brook", "A.", "Kelp")


@pytest.mark.parametrize(("value", "found"), [
    (12, 12), ("12", 12), ("1,024", 1024), ("1.2k", 1200), ("3M", 3_000_000), ("-", 0), ("–", 0), (0, 0), (12.0, 12), ("0.3k", 300),
    (True, None), (-1, None), ("-1", None), (1.5, None), ("x", None), (None, None), ([], None), (2**60, None), (float("inf"), None), ("1e5", None),
])  # fmt: skip
def test_counts(value, found):
    assert normalize.count(value) == found


@pytest.mark.parametrize(("markup", "found"), [
    ("<p>One</p><p>Two</p>", "One Two"), ("a<b and c>d", "ad"), ("1 < 2 & 3", "1 < 2 & 3"), ("x &amp; y&nbsp;z", "x & y z"),
    ("<p>H<sub>2</sub>O</p>", "H2O"), ("<style>p{}</style><p>a<br>b<!-- c --></p>", "a b"), ("<script>x</script>", ""), ("", ""), ("<li>a<li>b", "a b"),
])  # fmt: skip
def test_the_visible_text_of_html(markup, found):
    assert html_tree.html_to_text(markup) == found


# --- Daily Papers ----------------------------------------------------------------------------------


def entry(**changes) -> dict:
    return {"paper": {"id": "2611.01001", "title": "Snails", "summary": "s", "upvotes": 1} | changes}


@pytest.mark.parametrize("wrap", [
    lambda entries: entries, lambda entries: {"data": entries}, lambda entries: {"papers": entries, "total": 1},
    lambda entries: entries[0], lambda entries: [entries[0]["paper"]], lambda entries: [repr(entries[0])], lambda entries: {"dailyPapers": entries},
])  # fmt: skip
def test_shapes_of_a_response(wrap):
    found = page(json.dumps(wrap([entry()])))
    assert (found.source, [one.title for one in found.listings]) == ("daily-papers-api", ["Snails"])


@pytest.mark.parametrize(("key", "value", "field", "expected"), [
    ("upvotes", "1.2k", "upvotes", 1200), ("upvotes", None, "upvotes", None), ("upvotes", "many", "upvotes", None), ("title", "A\n  B", "title", "A B"),
    ("summary", None, "abstract", ""), ("authors", None, "authors", ()), ("authors", [{"x": 1}, {"name": None}, "Ann"], "authors", ("Ann",)),
    ("publishedAt", "2026-11-16T23:59:59.000Z", "published", date(2026, 11, 16)), ("publishedAt", 5, "published", None),
    ("organization", {"name": "tidal"}, "organization", "tidal"), ("organization", "Tidal", "organization", "Tidal"), ("organization", [], "organization", None),
    ("ai_keywords", "x", "keywords", ()), ("ai_keywords", [1, "a ", "a"], "keywords", ("a",)), ("title", "a\ud800b", "title", "a\ufffdb"),
    ("githubRepo", "", "code_url", None), ("id", "not-an-id", "arxiv", None), ("withdrawnAt", None, "withdrawn", False),
])  # fmt: skip
def test_fields_of_an_entry(key, value, field, expected):
    assert getattr(only(json.dumps([entry(**{key: value})])), field) == expected


@pytest.mark.parametrize(
    "content", ["[]", " [ ]\n", '{"status": "success", "date": "2026-11-15", "count": 0, "data": []}']
)
def test_a_day_without_papers_is_not_an_error(content):
    found = page(content)
    assert (found.source, found.listings, found.note) == ("daily-papers-api", (), "no papers in this file")


def test_outer_fields_are_used_if_inner_ones_are_missing():
    outer = {
        "paper": {"id": "2611.01001"},
        "title": "Snails",
        "summary": "s",
        "upvotes": "3",
        "numComments": "2",
        "publishedAt": "2026-11-16",
    }
    one = only(json.dumps([outer]))
    assert (one.title, one.abstract, one.upvotes, one.comments, one.published) == (
        "Snails",
        "s",
        3,
        2,
        date(2026, 11, 16),
    )


@pytest.mark.parametrize(("content", "words", "line"), [
    (json.dumps([entry(), {"paper": {"id": "x"}}]), "entry 2 of 2", None), (json.dumps([entry(), 5]), "entry 2 of 2", None),
    (json.dumps([entry(), "{'paper': "]), "entry 2 of 2", None), (json.dumps([entry(), {"paper": []}]), "entry 2 of 2", None),
    (json.dumps([entry(), entry()], indent=1)[:-30], "JSON is not valid", 14), (json.dumps([entry(title=" ")]), "entry 1 of 1", None),
    (json.dumps([entry()])[:-1] + ", " + "[" * 100_000, "brackets", None),
])  # fmt: skip
def test_responses_that_are_rejected(content, words, line):
    found = rejected(content)
    assert (words in found.reason, found.line) == (True, line)


def test_a_page_without_papers():
    assert "no papers" in rejected('<html><a href="/papers/2611.01001#x"></a></html>').reason
    assert "cut short" in rejected(sample("daily-papers-cards.html").replace("</html>", "")).reason
    deep = '<html><div data-target="DailyPapers" data-props=\'{"a": {"dailyPapers": [%s]}}\'></div></html>'
    assert only(deep % json.dumps(entry())).title == "Snails"
    assert "no papers" in rejected(deep % "5").reason
    assert "no papers" in rejected(deep.replace("dailyPapers", "{") % "5").reason


# --- arXiv -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(("change", "words", "line"), [
    (("<id>http://arxiv.org/abs/2611.01001v2</id>", ""), "entry 1 of 2", 9), (("</feed>", ""), "XML is not well-formed", None),
    (("<title>Old Knots in Seaweed</title>", "<title/>"), "entry 2 of 2", 26),
])  # fmt: skip
def test_api_responses_that_are_rejected(change, words, line):
    found = rejected(sample("arxiv-api.xml").replace(*change))
    assert words in found.reason and (line is None or found.line == line)


def test_a_recorded_response_is_read_like_the_response():
    text = sample("arxiv-api.xml")
    for status in ({"status": 200}, {"status_code": 200}, {"url": "https://x"}):
        assert page(json.dumps({"body": text} | status)).listings == page(text).listings
    assert isinstance(outcome(json.dumps({"body": text})), Rejected)


def test_an_empty_feed_is_not_an_error():
    head, _, rest = sample("arxiv-rss.xml").partition("<item>")
    found = page(head + rest.rpartition("</item>")[2])
    assert (found.source, found.listings, found.note) == ("arxiv-feed", (), "no papers in this file")


def test_feed_items_without_id_are_rejected():
    text = sample("arxiv-rss.xml").replace("2611.01001", "x")
    found = rejected(text)
    assert ("item 1 of 2" in found.reason, found.line) == (True, 10)


MAIL = sample("arxiv-mail.txt")


@pytest.mark.parametrize(("change", "words", "line"), [
    (("Title: Knots in Seaweed\n", ""), "arXiv:2611.01002"[6:], 35), (("arXiv:2611.01002 (", "arXiv:x ("), "no arXiv id", 35),
    (("\\\\ ( https://arxiv.org/abs/2611.01002 ,  12kb)", ""), "cut short", 35), (("%%%---" * 13, ""), "last line is missing", None),
])  # fmt: skip
def test_mails_that_are_rejected(change, words, line):
    old, new = change
    assert old in MAIL
    found = rejected(MAIL.replace(old, new))
    assert words in found.reason


def test_a_part_of_a_mail_may_be_copied():
    part = MAIL[MAIL.index("\\\\\narXiv:2611.01002") : MAIL.index("%%--")]
    found = page(part)
    assert (found.source, [one.arxiv for one in found.listings]) == ("arxiv-mail", ["2611.01002"])


@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_a_mail_with_its_headers(end):
    head = "Received: from x\nFrom: no-reply@arxiv.example\nTo: a@b.example\nContent-Type: text/plain; charset=utf-8\nContent-Transfer-Encoding: 8bit\n"
    data = (head + MAIL).replace("\n", end).encode()
    assert page(data).listings == page(MAIL).listings
    quoted = (
        "MIME-Version: 1.0\nFrom: a@b.example\nContent-Type: multipart/mixed; boundary=q\n"
        f"Date: Wed, 18 Nov 2026 01:29:12 GMT\n\n--q\nContent-Type: text/plain\n\n{MAIL}\n--q--\n"
    )
    assert page(quoted.replace("\n", end)).listings == page(MAIL).listings
    assert "cut short" in rejected(quoted.replace("--q--\n", "").replace("\n", end)).reason


def test_several_abs_files_in_one():
    text = sample("paper.abs")
    found = page(text + text.replace("0309136", "0309137"))
    assert [one.arxiv for one in found.listings] == ["math/0309136", "math/0309137"]
    assert "cut short" in rejected(text.rstrip()[:-2]).reason


LISTING = sample("arxiv-listing.html")


def test_listing_pages():
    assert "cut short" in rejected(LISTING.replace("</html>", "")).reason
    assert "no title or no arXiv id" in rejected(LISTING.replace("/abs/2611.01002", "/x")).reason
    assert "within a paper" in rejected(LISTING.replace("</dl></div>", "<dt>x</dt></dl></div>")).reason
    recent = LISTING.replace(
        "Showing new listings for Wednesday, 18 November 2026",
        "Wed, 18 Nov 2026 (showing first 3 of 9 entries )",
    )
    assert page(recent).captured == date(2026, 11, 18)


def test_metadata_as_a_list_and_with_mistakes():
    lines = [json.loads(line) for line in sample("arxiv-snapshot.jsonl").splitlines() if line]
    assert page(json.dumps(lines)).listings == page(sample("arxiv-snapshot.jsonl")).listings
    assert rejected(sample("arxiv-snapshot.jsonl") + "{").line == 4
    assert rejected(sample("arxiv-snapshot.jsonl") + '{"id": "x", "title": "y"}').line == 4
    assert "not an object" in rejected(json.dumps([*lines, 5])).reason


# --- alerts ----------------------------------------------------------------------------------------


def test_scholar_alerts():
    text = sample("scholar-alert.html")
    assert "paper 3 of 3 has no title" in rejected(text.replace(">No byline<", "> <")).reason
    assert "cut short" in rejected(text.replace("</html>", "")).reason
    odd = text.replace("https://shore.example/direct", "javascript:alert(1)")
    assert page(odd).listings[2].url is None
    assert page(text.replace("https://shore.example/direct", "http://[::1")).listings[2].url is None


def test_mails_that_are_not_alerts_are_rejected():
    found = rejected("From: a@b.example\nSubject: lunch\n\nSoup?\n")
    assert "an email message" in found.reason


def test_odd_mails():
    html = sample("scholar-alert.html")
    head = "From: =?utf-8?q?a?= <a@b.example>\nSubject: =?no-such?q?x?=\n"
    for kind in ("text/html; charset=no-such", "text/html", 'text/html; charset="utf-8'):
        assert len(page(f"{head}Content-Type: {kind}\n\n{html}").listings) == 3
    latin = f"{head}Content-Type: text/html; charset=us-ascii\n\n{html}".encode("cp1252", "replace")
    assert page(latin).listings[0].authors == ("A Brook", "L Étang")
    attached = f"{head}Content-Type: text/html\nContent-Disposition: attachment\n\n{html}"
    assert len(page(attached).listings) == 3


def test_the_files_of_a_maildir_are_its_messages(tmp_path):
    for box in ("cur", "new", "tmp"):
        (tmp_path / box).mkdir()
        (tmp_path / box / f"1.{box}").write_text("x")
    (tmp_path / "dovecot.index").touch()
    assert files_of(str(tmp_path)) == (f"{tmp_path}/new/1.new", f"{tmp_path}/cur/1.cur")


# --- feeds -----------------------------------------------------------------------------------------


def rss(item: str, head: str = "") -> str:
    return f'<rss version="2.0" xmlns:dc="http://purl.org/dc/elements/1.1/" {head}><channel><title>t</title><item><title>Snails</title>{item}</item></channel></rss>'


@pytest.mark.parametrize(("item", "field", "expected"), [
    ("<dc:creator>Brook, Ada</dc:creator>", "authors", ("Ada Brook",)), ("<dc:creator>Brook, A.</dc:creator>", "authors", ("A. Brook",)),
    ("<dc:creator>Brook, Ada</dc:creator><dc:creator>Kelp, Fern</dc:creator>", "authors", ("Ada Brook", "Fern Kelp")),
    ("<author>editor@shore.example</author>", "authors", ()), ("<author>Ada Brook, Fern Kelp</author>", "authors", ("Ada Brook", "Fern Kelp")),
    ("<description>One ...</description>", "snippet", True), ("<description>&lt;p&gt;One&lt;/p&gt;&lt;p&gt;Two</description>", "abstract", "One Two"),
    ("<link>https://doi.org/10.1234/A.1</link>", "doi", "10.1234/a.1"), ("<link>https://shore.example/10.1234/news</link>", "doi", None),
    ("<link>https://arxiv.org/abs/2611.01001v2</link>", "version", 2), ("<dc:date>2026-11-16</dc:date>", "published", date(2026, 11, 16)),
    ("<category>a</category><category>b</category><category>a</category>", "categories", ("a", "b")), ("", "published", None),
    ("<guid>10.1234/guid</guid>", "doi", "10.1234/guid"),
])  # fmt: skip
def test_items_of_a_feed(item, field, expected):
    found = page(rss(item))
    assert found.source == "feed"
    assert getattr(found.listings[0], field) == expected


def test_feeds_that_are_rejected():
    assert "cut short" in rejected(rss("").removesuffix("</rss>")).reason
    assert "entry 1 of 1 has no title" in rejected(rss("").replace("<title>Snails</title>", "")).reason
    assert "XML" in rejected("<feed><x/></feed>").reason
    coded = rss("").encode("utf-16")
    assert only(coded).title == "Snails"


def test_a_feed_without_readable_entries_is_rejected():
    text = rss("").replace("<channel>", "<!-- ").replace("</channel>", "")
    assert isinstance(outcome(text), Rejected)


def test_json_feeds_that_are_rejected():
    feed = json.loads(sample("feed.json"))
    assert "no list" in rejected(json.dumps(feed | {"items": 5})).reason
    assert "item 1 of 1" in rejected(json.dumps(feed | {"items": [{"id": "1"}]})).reason
    assert "item 1 of 1" in rejected(json.dumps(feed | {"items": [5]})).reason


# --- bibliographies --------------------------------------------------------------------------------


@pytest.mark.parametrize(("text", "line", "words"), [
    ("@article{a,\n title = {x}\n", 1, "never closed"), ("@article{a,\n title = {x\n}", 1, "never closed"), ("@article{a,\n title = {x\n", 2, "never closed"), ('@article{a,\n title = "x\n}', 2, "never closed"),
    ("@article{a,\n title {x}}", None, ""), ("@article{a,\n title = {x},\n year 2020}", 3, "the = after 'year' is missing"), ("@article{a,\n title = ,}", 2, "no value"),
    ('@article{a,\n title = "a}b"}', 2, "never closed"), ("@article{a, title = {x}, %}", 1, "expected the name of a field"),
    ("@article{a, title = {x}}\n@book{b c d", 2, "comma"), ("@article{a, title = {x}}\n@comment{ {", 2, "never closed"),
])  # fmt: skip
def test_bibtex_that_is_rejected(text, line, words):
    found = rejected(text)
    assert line is None or (found.line, words in found.reason) == (line, True), found


@pytest.mark.parametrize(("fields", "field", "expected"), [
    ("author = {Brook, Ada and others}", "author_count", None), ("author = {{Tide and Co}}", "authors", ("Tide and Co",)),
    ("author = {Ada AND Brook}", "authors", ("Ada", "Brook")), ("year = 2026, month = nov, day = 5", "published", date(2026, 11, 5)),
    ("year = 2026, month = nov", "published", None), ("year = 2026, month = 11, day = {5}", "published", date(2026, 11, 5)), ("year = {in press}", "published", None),
    ("eprint = {2611.01001}", "arxiv", "2611.01001"), ("eprint = {12345}, eprinttype = {jstor}", "arxiv", None),
    ("journal = {arXiv preprint arXiv:2611.01001v3}", "version", 3), ("note = {arXiv:hep-th/9901001}", "arxiv", "hep-th/9901001"),
    ("url = {\\url{https://a.example}}", "url", "https://a.example"), ("abstract = {One\n  two}", "abstract", "One two"), ("doi = {nonsense}", "doi", None),
    ("school = {Tidal}", "organization", "Tidal"), ("keywords = {a; b, c}", "keywords", ("a", "b", "c")),
])  # fmt: skip
def test_fields_of_bibtex(fields, field, expected):
    assert getattr(only(f"@misc{{k, title = {{Snails}}, {fields}}}"), field) == expected


def test_comments_in_bibtex():
    text = "mail me @ home {x}\n@comment{ @article{no, title={No}} }\n@comment(x)\n@article{a, title={Yes}}\n"
    assert only(text).title == "Yes"


@pytest.mark.parametrize(("text", "line"), [
    ("TY  - JOUR\nTI  - x\n", 1), ("TY  - JOUR\nTI  - x\nER  - \nTY  - JOUR\nTI  - y\nTY  - JOUR\nTI  - z\nER  - \n", 4),
])  # fmt: skip
def test_ris_that_is_rejected(text, line):
    found = rejected(text)
    assert (found.line, "cut short" in found.reason) == (line, True)


@pytest.mark.parametrize(("item", "field", "expected"), [
    ({"author": [{"family": "Brook"}]}, "authors", ("Brook",)), ({"author": ["Ada Brook", 5]}, "authors", ("Ada Brook",)),
    ({"issued": {"raw": "2026-11-16"}}, "published", date(2026, 11, 16)), ({"issued": {"date-parts": [[2026, 2, 31]]}}, "published", None),
    ({"issued": {"date-parts": [["x", 1, 1]]}}, "published", None), ({"issued": "2026-11-16"}, "published", date(2026, 11, 16)),
    ({"issued": {"date-parts": []}}, "published", None), ({"title": ["Snails"]}, "title", "Snails"), ({"keyword": ["a"]}, "keywords", ("a",)),
])  # fmt: skip
def test_fields_of_csl(item, field, expected):
    base = {"type": "article", "title": "Snails", "URL": "https://a.example", "DOI": "10.1234/a"}
    for wrap in (lambda one: [one], lambda one: {"items": [one]}, lambda one: one):
        assert getattr(only(json.dumps(wrap(base | item))), field) == expected


def test_csl_that_is_rejected():
    base = {"type": "article", "title": "Snails", "URL": "https://a.example", "DOI": "10.1234/a"}
    assert "item 2 of 2" in rejected(json.dumps([base, 5])).reason


def test_pubmed_xml_that_is_rejected_or_unusual():
    text = sample("pubmed.xml").replace("&nbsp;", " ")
    assert rejected(text.replace("</PubmedArticleSet>", "")).line
    whole = page(text)
    inner = text[text.index('<MedlineCitation Status="P') : text.index("<PubmedData>")]
    assert only(inner).title == whole.listings[0].title
    cut = text.replace('CompleteYN="Y"', 'CompleteYN="N"')
    assert page(cut).listings[0].author_count is None


def test_medline_that_is_rejected_or_unusual():
    text = sample("pubmed.nbib")
    found = rejected(text.replace("SO  - J Tides. 2025.\n", ""))
    assert (found.line, "cut short" in found.reason) == (28, True)
    assert rejected(text[: text.rindex("SO  -")]).line == 37
    days = [
        page(text.replace("DEP - 20261103\n", gone)).listings[0].published for gone in ("", "DEP - soon\n")
    ]
    assert days == [date(2026, 11, 16)] * 2


@pytest.mark.parametrize(("text", "line", "words"), [
    ("title,doi\n,10.1/a\n,10.1/b\n", 2, "no title"), ("\n\ntitle,doi\n\"a\nb\",10.1/a\nc,d,e\n", 6, "3 cells for 2 columns"),
    ('title,doi\na,"b\n', 2, "not valid CSV"),
])  # fmt: skip
def test_tables_that_are_rejected(text, line, words):
    found = rejected(text)
    assert (found.line, words in found.reason) == (line, True)


@pytest.mark.parametrize("title", ["", "[Not Available].", "N/A", "-", "[No title available]"])
@pytest.mark.parametrize(("text", "unit"), [
    ('title,doi\n"{}",10.1/a\nSnails,10.1/b\n', "row"),
    ('<rss version="2.0"><channel><title>J</title><item><title>{}</title></item><item><title>Snails</title></item></channel></rss>', "entry"),
    ('{{"version": "https://jsonfeed.org/version/1.1", "items": [{{"title": "{}"}}, {{"title": "Snails"}}]}}', "item"),
    ("@article{{a, title={{{}}}, year=2020}}\n@article{{b, title={{Snails}}, year=2020}}\n", "entry"),
    ("TY  - JOUR\nTI  - {}\nER  - \n\nTY  - JOUR\nTI  - Snails\nER  - \n", "record"),
    ("PMID- 1\nTI  - {}\nSO  - J\n\nPMID- 2\nTI  - Snails\nSO  - J\n", "record"),
])  # fmt: skip
def test_a_paper_without_a_title_is_skipped_and_the_rest_is_read(text, unit, title):
    found = page(text.format(title))
    assert [one.title.rstrip(".") for one in found.listings] == ["Snails"]
    assert found.note == f"skipped 1 {unit} without a title"


@pytest.mark.parametrize(
    "head", ["title;doi", "TITLE\tDOI", "Title | DOI", '"Article Title","DI"', "\ufefftitle, doi"]
)
def test_header_rows_of_tables(head):
    sign = next(sign for sign in ";\t|," if sign in head)
    assert only(f"{head}\nSnails{sign}10.1234/A\n").doi == "10.1234/a"


@pytest.mark.parametrize(("cell", "expected"), [
    ("Ada Brook and Fern Kelp", ("Ada Brook", "Fern Kelp")), ("Brook, Ada; Kelp, Fern", ("Ada Brook", "Fern Kelp")), ("Ada Brook|Fern Kelp", ("Ada Brook", "Fern Kelp")),
    ("Brook, A., Kelp, F.", ("A. Brook", "F. Kelp")), ("Ada Brook", ("Ada Brook",)), ("", ()),
])  # fmt: skip
def test_authors_in_a_cell(cell, expected):
    assert only(f'title,authors\nSnails,"{cell}"\n').authors == expected


# --- JSON Lines of digest --------------------------------------------------------------------------


@pytest.mark.parametrize("name", sorted(path.name for path in SAMPLES.iterdir()))
def test_the_output_of_read_can_be_read_again(name):
    """The output of `digest read --json` for every sample is read as the same listings."""
    whole = page((SAMPLES / name).read_bytes(), name)
    lines = [listing_json(whole, one) for one in whole.listings]
    again = page("\n".join(map(json.dumps, lines)) + "\n", name)
    assert again.source == "digest-jsonl"
    printed = [listing_json(again, one) for one in again.listings]
    assert printed == [line | {"source": "digest-jsonl"} for line in lines]


@pytest.mark.parametrize(("change", "words"), [
    ({"title": " "}, "the title is missing"), ({"title": 5}, "the title is missing"), ({"abstract": 5}, "abstract is not a string"), ({"upvotes": "many"}, "upvotes is not a count"),
    ({"authors": "Ann"}, "authors is not a list of strings"), ({"authors": [5]}, "authors is not a list of strings"), ({"published": "soon"}, "published is not a date"),
    ({"ids": 5}, "ids is not an object"), ({"ids": {"arxiv": "x"}}, "not an arXiv id"), ({"ids": {"doi": "x"}}, "not a DOI"), ({"ids": {"doi": 5}}, "not a DOI"),
    ({"categories": None}, "categories is not a list of strings"),
])  # fmt: skip
def test_json_lines_that_are_rejected(change, words):
    line = json.loads(sample("papers.jsonl").splitlines()[0])
    found = rejected(f"{json.dumps(line)}\n{json.dumps(line | change)}\n")
    assert (found.line, words in found.reason) == (2, True)


def test_a_date_in_the_future_is_not_the_capture_date():
    """A publication date may be in the future, but the file was saved before."""
    one = json.loads(sample("papers.jsonl").splitlines()[0]) | {"published": "2031-01-01"}
    found = page(json.dumps(one))
    assert (found.listings[0].published, found.captured, found.captured_guessed) == (
        date(2031, 1, 1),
        date(2026, 11, 20),
        True,
    )
