"""Every field of the real files, compared with independent readers."""

import ast
import csv
import gzip
import html
import json
import re
import tarfile
import xml.etree.ElementTree as ET
from datetime import UTC, date
from email.utils import parsedate_to_datetime
from pathlib import Path

import pytest
from reading import TODAY, outcome, page

from digest.diff.changes import diff
from digest.identity import keys_of
from digest.model import DigestFile, Rejected
from digest.text.tex_letters import with_letters
from digest.text.untex import plain

pytestmark = pytest.mark.shared
ATOM = {"a": "http://www.w3.org/2005/Atom", "x": "http://arxiv.org/schemas/atom"}


def flat(text: str) -> str:
    return " ".join(text.split())


def files(folder: Path, count: int) -> list[Path]:
    found = sorted(path for path in folder.iterdir() if path.is_file())
    assert len(found) == count
    return found


# --- Daily Papers ----------------------------------------------------------------------------------


def api_entries(path: Path) -> list[dict]:
    value = json.loads(path.read_text("utf-8"))
    entries = value["data"] if isinstance(value, dict) else value
    return [ast.literal_eval(entry) if isinstance(entry, str) else entry for entry in entries]


def test_all_110_days_of_the_api(shared):
    """Every field of all 1,446 papers; each is new exactly once if the days are read in order."""
    seen: set[str] = set()
    total = 0
    for path in files(shared / "daily-papers-api", 110):
        entries = api_entries(path)
        found = page(path.read_bytes(), path.name)
        assert found.source == "daily-papers-api"
        assert len(found.listings) == len(entries)
        for rank, (one, entry) in enumerate(zip(found.listings, entries, strict=True), start=1):
            paper = entry["paper"]
            assert (one.rank, one.title, one.abstract) == (rank, flat(paper["title"]), flat(paper["summary"]))
            assert one.authors == tuple(flat(author["name"]) for author in paper["authors"])
            assert one.author_count == len(paper["authors"])
            assert one.published == date.fromisoformat(paper["publishedAt"][:10])
            assert (one.comments, one.upvotes) == (entry["numComments"], paper["upvotes"])
            assert (one.arxiv, one.doi, one.url, one.organization) == (paper["id"], None, None, None)
            assert (one.code_url or "", one.project_url or "") == (
                paper.get("githubRepo", ""),
                flat(paper.get("projectPage") or ""),
            )
            assert one.keywords == tuple(dict.fromkeys(paper.get("ai_keywords") or ()))
            assert one.categories == () and not one.withdrawn and not one.snippet
        new = [change for change in diff(found, dict.fromkeys(())) if change.status == "new"]
        fresh = [change for change in new if not seen & set(change.keys)]
        seen.update(key for change in new for key in change.keys)
        total += len(fresh)
    assert total == 1446


# --- arXiv -----------------------------------------------------------------------------------------


def test_all_19_responses_of_the_api(shared):
    total = 0
    for path in files(shared / "arxiv-api", 19):
        recorded = json.loads(path.read_text("utf-8"))
        root = ET.fromstring(recorded["body"].split("?>", 1)[1])
        found = outcome(path.read_bytes(), path.name)
        if recorded["status_code"] != 200:
            assert isinstance(found, Rejected) and "incorrect id format" in found.reason
            continue
        assert isinstance(found, DigestFile)
        entries = root.findall("a:entry", ATOM)
        assert outcome(recorded["body"]).listings == found.listings  # the response itself, not its recording
        assert (found.source, len(found.listings)) == ("arxiv-api", len(entries))
        assert found.captured == date.fromisoformat(root.find("a:updated", ATOM).text[:10])
        for one, entry in zip(found.listings, entries, strict=True):
            total += 1

            def text(name: str, entry=entry) -> str:
                return flat(entry.findtext(name, "", ATOM))

            place = re.fullmatch(r"https?://arxiv.org/abs/(.+)v(\d+)", text("a:id"))
            assert (one.title, one.abstract) == (text("a:title"), text("a:summary"))
            assert (one.arxiv, one.version) == (place[1].replace(".GT/", "/"), int(place[2]))
            assert one.authors == tuple(flat(name.text) for name in entry.findall("a:author/a:name", ATOM))
            assert one.published == date.fromisoformat(text("a:published")[:10])
            assert one.categories == tuple(c.get("term") for c in entry.findall("a:category", ATOM))
            assert (one.doi or "") == text("x:doi").lower()
            assert one.url == entry.find("a:link[@rel='alternate']", ATOM).get("href")
    assert total == 121


def head_of(block: str) -> dict[str, str]:
    """Return the fields in the head of a block, unfolded like the headers of a mail."""
    unfolded = re.sub(r"\n[ \t]+", " ", block)
    return dict(re.findall(r"^([A-Z][\w-]*(?: \([^)]*\))?): *(.*)$", unfolded, re.MULTILINE))


def bare(text: str) -> str:
    """Return a list of authors without brackets and their content, innermost first."""
    while (shorter := re.sub(r"\([^()]*\)", "", text)) != text:
        text = shorter
    return text


def check_block(one, head: dict[str, str], abstract: str) -> None:
    assert (one.title, one.abstract) == (flat(head["Title"]), flat(abstract))
    assert one.categories == tuple(head.get("Categories", "").split())
    assert one.doi == (head["DOI"].split()[0].lower().removeprefix("doi:") if "DOI" in head else None)
    authors = re.split(r",|;|\band\b|&|: ", bare(with_letters(head["Authors"])))
    assert not re.search(r"[\\{}]", "".join(one.authors))
    names = [flat(name) for name in authors if flat(name) and flat(name) not in {"et al", "et al."}]
    joined = ", ".join(names).replace(", Jr", " Jr").replace(", III", " III").replace(", II", " II")
    assert (
        ", ".join(one.authors).replace(", Jr", " Jr").replace(", III", " III").replace(", II", " II")
        == joined
    )
    assert one.author_count == len(one.authors)


@pytest.mark.parametrize(("name", "counts"), [("astro-ph-new", (53, 4, 40)), ("astro-ph-new.HE", (12, 6, 9))])
def test_both_arxiv_mails(shared, name, counts):
    path = shared / "arxiv-mail" / f"{name}.txt"
    text = path.read_text("utf-8")
    found = page(path.read_bytes(), path.name)
    blocks = re.split(r"^-{78}\n\\\\\n(?=arXiv:)", text, flags=re.MULTILINE)[1:]
    assert (found.source, found.captured, found.captured_guessed) == ("arxiv-mail", date(2023, 3, 3), False)
    assert len(found.listings) == len(blocks) == sum(counts)
    kinds = [one.announced for one in found.listings]
    assert (kinds.count("new"), kinds.count("cross")) == counts[:2]
    assert sum(kind.startswith("replace") for kind in kinds) == counts[2]
    for one, block in zip(found.listings, blocks, strict=True):
        body, link = re.split(r"^\\\\ \( ", block, maxsplit=1, flags=re.MULTILINE)
        head, _, abstract = body.partition("\n\\\\\n")
        fields = head_of(head)
        check_block(one, fields, abstract)
        assert one.arxiv == re.match(r"arXiv:(\S+)", block)[1]
        assert one.url == link.split()[0] == f"https://arxiv.org/abs/{one.arxiv}"
        replaced = "replaced with" in head
        assert one.announced.startswith("replace") == replaced
        assert ("cross" in one.announced) == ("(*cross-listing*)" in head)
        day = None if replaced else parsedate_to_datetime(fields["Date"].split("  (")[0]).date()
        assert (one.published, one.version) == (day, None)


def test_all_200_abs_files(shared):
    withdrawn = []
    for path in files(shared / "arxiv-abs", 200):
        text = path.read_text("utf-8")
        found = page(path.read_bytes(), path.name)
        assert (found.source, len(found.listings)) == ("arxiv-abs", 1)
        one = found.listings[0]
        head, _, rest = text.split("\\\\\n", 1)[1].partition("\n\\\\\n")
        fields = head_of(head)
        check_block(one, fields, rest.rstrip().removesuffix("\\\\"))
        assert one.arxiv == re.match(r"arXiv:(\S+)", head)[1]
        days = [re.sub(r"\s+\(.*", "", value) for key, value in fields.items() if key.startswith("Date")]
        parsed = [
            parsedate_to_datetime(re.sub(r"^\w+, *", "", day).replace("June", "Jun")).date() for day in days
        ]
        versions = [int(v) for v in re.findall(r"^Date \(revised v(\d+)\)", head, re.MULTILINE)]
        assert (one.published, one.version) == (parsed[0], max(versions, default=1))
        assert (found.captured, found.captured_guessed) == (max(parsed), False)
        withdrawn += [path.stem] if one.withdrawn else []
    mentioned = [
        path.stem
        for path in files(shared / "arxiv-abs", 200)
        if "withdrawn" in path.read_text("utf-8").lower()
    ]
    assert "0704.0615v3" in withdrawn
    assert set(withdrawn) <= set(mentioned)


def test_all_12242_crawled_papers(shared):
    data = gzip.decompress((shared / "arxiv-days" / "papers_2025-03_05.jsonl.gz").read_bytes())
    rows = [json.loads(line) for line in data.decode().splitlines()]
    found = page(data, "papers.jsonl")
    assert (found.source, len(found.listings), len(rows)) == ("arxiv-json", 12242, 12242)
    assert found.captured == date.fromisoformat(max(row["first_seen"] for row in rows))
    for one, row in zip(found.listings, rows, strict=True):
        assert (one.arxiv, one.title, one.abstract) == (row["id"], flat(row["title"]), flat(row["summary"]))
        assert (list(one.authors), list(one.categories)) == (
            [flat(a) for a in row["authors"]],
            [flat(c) for c in row["categories"]],
        )
        assert one.author_count == len(row["authors"])


def test_the_feed_of_arxiv(shared):
    text = (shared / "alerts" / "cs.AI_atom_2025-08-20_excerpt.xml").read_text("utf-8")
    found = page(text)
    one = found.listings[0]
    assert (found.source, len(found.listings), found.captured) == ("arxiv-feed", 1, date(2025, 8, 20))
    summary = html.unescape(re.search(r"<summary>(.*?)</summary>", text, re.DOTALL)[1])
    assert one.abstract == flat(summary.split("Abstract:", 1)[1])
    assert one.authors == tuple(re.search(r"<dc:creator>(.*?)<", text)[1].split(", "))
    assert (one.arxiv, one.version, one.announced) == ("2508.13428", 1, "cross")
    assert one.categories == tuple(re.findall(r'<category term="(.*?)"', text))
    assert (one.published, one.url) == (date(2025, 8, 20), "https://arxiv.org/abs/2508.13428")


def test_a_scholar_alert(shared):
    text = (shared / "alerts" / "scholar_alert_3articles_excerpt.html").read_text("utf-8")
    found = page(text)
    titles = [flat(title) for title in re.findall(r'class="gse_alrt_title"[^>]*>(.*?)</a>', text, re.DOTALL)]
    snippets = [
        flat(re.sub("<br>", " ", part))
        for part in re.findall(r'gse_alrt_sni"[^>]*>(.*?)</div>', text, re.DOTALL)
    ]
    places = [html.unescape(place) for place in re.findall(r"scholar_url\?url=(.*?)&amp;", text)]
    bylines = re.findall(r"color:#006621[^>]*>(.*?)</div>", text)
    assert (found.source, len(found.listings), len(titles)) == ("scholar-alert", 3, 3)
    for one, title, snippet, place, byline in zip(
        found.listings, titles, snippets, places, bylines, strict=True
    ):
        assert (one.title, one.abstract, one.url) == (title, snippet, place)
        assert one.authors == tuple(byline.split("… - ")[0].split(", "))
        assert one.snippet and one.author_count is None
    assert [one.doi for one in found.listings] == [None, "10.1021/jacs.5c05752", "10.1021/acscatal.5c01614"]


# --- bibliographies --------------------------------------------------------------------------------


def test_all_ris_files(shared):
    total = 0
    for path in sorted((shared / "bibliography").glob("*.ris")):
        text = path.read_text("utf-8")
        records = [
            part
            for part in re.split(r"^ER  -.*$", text, flags=re.MULTILINE)
            if re.search("^TY  -", part, re.MULTILINE)
        ]
        found = page(path.read_bytes(), path.name)
        assert (found.source, len(found.listings)) == ("ris", len(records))
        total += len(records)
        for one, record in zip(found.listings, records, strict=True):
            tags: dict[str, list[str]] = {}
            for tag, value in re.findall(
                r"^([A-Z][A-Z0-9])  - ?((?:.*)(?:\n(?![A-Z][A-Z0-9]  -).*)*)", record, re.MULTILINE
            ):
                tags.setdefault(tag, []).append(flat(value))
            assert one.title == (tags.get("TI") or tags.get("T1"))[0]
            assert one.abstract == html.unescape((tags.get("AB") or tags.get("N2") or [""])[0])
            turned = [
                flat(" ".join(reversed(name.split(",")))) for name in tags.get("AU") or tags.get("A1") or []
            ]
            assert list(one.authors) == turned
            days = [
                value.split("/")[:3] for value in tags.get("DA", []) + tags.get("PY", []) + tags.get("Y1", [])
            ]
            full = [date(*map(int, parts)) for parts in days if len(parts) == 3 and all(parts)]
            assert one.published == (full[0] if full else None)
            named = (
                tags.get("DO")
                or [url for url in tags.get("UR", []) if re.search("doi(.org|/full)/", url)]
                or [""]
            )[0]
            assert (one.doi or "") == re.split("doi.org/|doi/full/", named)[-1].lower()
            assert (one.url, one.keywords) == (
                tags.get("UR", [None])[0],
                tuple(dict.fromkeys(tags.get("KW", []))),
            )
    assert total == 21


@pytest.mark.parametrize(("name", "titles", "dois"), [
    ("IEEEtran", 4, 0), ("NBER_w29971", 1, 1), ("NBER_w33843", 1, 1), ("cyrillic", 5, 0), ("extrafields", 1, 1),
    ("gbk_test", 1, 0), ("lib1", 2, 2), ("xampl", 15, 0), ("xampl_mixed", 15, 0),
])  # fmt: skip
def test_all_bibtex_files(shared, name, titles, dois):
    """Title and authors are substrings of the file, authors without its TeX; no other BibTeX reader is needed."""
    path = shared / "bibliography" / f"{name}.bib"
    text = flat(path.read_bytes().decode("utf-8" if name != "gbk_test" else "gb18030"))
    found = page(path.read_bytes(), path.name)
    without_tex = plain(text)
    named = {title.lower() for title in re.findall(r"[,{(] *title *= *(.{22})", text, re.IGNORECASE)}
    assert (found.source, len(found.listings), len(named)) == ("bibtex", titles, titles)
    assert len([one for one in found.listings if one.doi]) == dois
    for one in found.listings:
        # A title may be joined from several pieces.
        assert (
            one.title.removesuffix(" Symposium on the Theory of Computing") in text and one.abstract in text
        )
        if name != "gbk_test":  # two words are too few to detect GBK
            for author in one.authors:
                assert all(word.rstrip(",") in without_tex for word in author.split())


@pytest.mark.parametrize("name", [
    "duplicate_data_with_doi", "duplicate_data_without_doi", "sample_data", "snowballing_doi", "snowballing_openalex",
])  # fmt: skip
def test_all_tables(shared, name):
    path = shared / "bibliography" / f"{name}.csv"
    rows = list(csv.DictReader(path.read_text("utf-8").splitlines(), skipinitialspace=True))
    found = page(path.read_bytes(), path.name)
    kept = list(dict.fromkeys((row["title"], row.get("abstract", ""), row.get("doi")) for row in rows))
    assert (found.source, [(one.title, one.abstract) for one in found.listings]) == (
        "csv",
        [row[:2] for row in kept],
    )


# --- several sources -------------------------------------------------------------------------------


def test_the_feeds_of_feedparser_are_read_or_rejected(shared):
    counts = {"read": 0, "rejected": 0}
    with tarfile.open(shared / "feeds" / "feedparser-tests.tar.xz") as archive:
        for member in archive:
            if member.isfile():
                found = outcome(archive.extractfile(member).read(), member.name)
                counts["rejected" if isinstance(found, Rejected) else "read"] += 1
                if isinstance(found, Rejected):
                    assert found.reason and found.remedy
                else:
                    assert all(one.title for one in found.listings)
    assert sum(counts.values()) == 2234
    assert counts["read"] > 1000


def test_a_paper_has_the_same_key_in_every_source():
    """The strongest key of the same arXiv paper is the same in every source."""
    samples = Path(__file__).parent / "samples"
    keys = {}
    for name in ("daily-papers.json", "arxiv-api.xml", "arxiv-rss.xml", "arxiv-mail.txt", "arxiv-listing.html",
                 "scholar-alert.html", "library.bib", "papers.jsonl", "daily-papers.html"):  # fmt: skip
        found = page((samples / name).read_bytes(), name, today=TODAY, zone=UTC)
        keys[name] = keys_of(found.listings[0])[0]
    assert set(keys.values()) == {"arxiv:2611.01001"}
