"""Loading files, encodings, and files of unknown formats."""

import hashlib
import os
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from reading import HEAD, LOREM, page, pairs, rejected

from digest.model import DigestFile, Rejected
from digest.read import Loaded, files_of, load, read

PAIR = ("Schrödinger’s Snails", f"Naïve “snails” in a café – found. {LOREM}")
TEXT = f"{HEAD}{PAIR[0]}\n\n{PAIR[1]}\n"


# --- load ----------------------------------------------------------------------------------------


def test_load(tmp_path):
    path = tmp_path / "a.txt"
    path.write_bytes(b"abc")
    os.utime(path, (1_700_000_000, 1_700_000_000))
    assert load(str(path), max_bytes=3) == Loaded(
        str(path), b"abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad",
        datetime(2023, 11, 14, 22, 13, 20, tzinfo=UTC),
    )  # fmt: skip


def test_a_file_above_the_size_limit_is_not_read(tmp_path):
    path = tmp_path / "a.txt"
    path.write_bytes(b"abcd")
    found = load(str(path), max_bytes=3)
    assert isinstance(found, Rejected)
    assert "max_file_mb" in found.remedy
    assert found.digest == hashlib.sha256(b"abcd").hexdigest()


@pytest.mark.parametrize(
    "path",
    ["absent.txt", "a/b/c", "", "nul\0", "x" * 300, "file.txt/below", "loop", "/dev/zero", ".", "pipe"],
)
def test_a_path_that_cannot_be_loaded_is_rejected_with_a_remedy(path, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "file.txt").touch()
    (tmp_path / "loop").symlink_to("loop")
    os.mkfifo(tmp_path / "pipe")
    found = load(path, max_bytes=10)
    assert isinstance(found, Rejected)
    assert found.path == path
    assert found.reason and found.remedy


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_a_file_without_read_permission(tmp_path):
    path = tmp_path / "a.txt"
    path.touch(mode=0o000)
    found = load(str(path), max_bytes=10)
    assert isinstance(found, Rejected) and "permission to read" in found.remedy


def test_read_is_load_and_parse(tmp_path):
    path = tmp_path / "page-20261118.txt"
    path.write_text(TEXT)
    options = {"today": date(2026, 11, 20), "zone": UTC, "max_bytes": 10**6}
    found = read(str(path), **options)
    assert isinstance(found, DigestFile)
    assert (found.path, found.captured, pairs(found)) == (str(path), date(2026, 11, 18), [PAIR])
    assert isinstance(read(str(tmp_path), **options), Rejected)


# --- files_of ------------------------------------------------------------------------------------


def test_files_of_a_folder(tmp_path, monkeypatch):
    for name in ("b.txt", "a.txt", ".hidden", "c.part", "d~", "README.md", "README", "readme.txt", "ü.txt"):
        (tmp_path / name).touch()
    (tmp_path / "folder").mkdir()
    (tmp_path / "folder-link").symlink_to("folder")
    (tmp_path / "broken").symlink_to("nowhere")
    monkeypatch.chdir(tmp_path.parent)
    expected = ["a.txt", "b.txt", "broken", "readme.txt", "ü.txt"]
    assert files_of(tmp_path.name) == tuple(f"{tmp_path.name}/{name}" for name in expected)
    assert files_of(f"{tmp_path}/") == tuple(f"{tmp_path}/{name}" for name in expected)


def test_folders_that_cannot_be_listed(tmp_path):
    (tmp_path / "file").touch()
    assert files_of(str(tmp_path / "absent")) == ()
    assert files_of(str(tmp_path / "file")) == (str(tmp_path / "file"),)


# --- encodings -----------------------------------------------------------------------------------


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-32"])
def test_encodings_that_are_known(encoding):
    found = page(TEXT.encode(encoding))
    assert (pairs(found), found.note) == ([PAIR], "")


@pytest.mark.parametrize(("encoding", "named"), [
    ("utf-16-be", "utf-16-be"), ("utf-16-le", "utf-16-le"), ("cp1252", "cp1252"),
])  # fmt: skip
def test_encodings_that_are_guessed_are_reported(encoding, named):
    found = page(TEXT.encode(encoding))
    assert (pairs(found), named in found.note) == ([PAIR], True)


@pytest.mark.parametrize(("encoding", "title"), [("cp1251", "Улитки прилива"), ("gb18030", "潮池中的蜗牛")])
def test_other_scripts(encoding, title):
    abstract = {
        "cp1251": "Мы показываем, что улитки в приливных озёрах считают до двенадцати. Модель приливов объясняет"
        " почти все ошибки наблюдателей, кроме дней после шторма. Данные и снимки открыты.",
        "gb18030": "我们研究潮池中的蜗牛和它们的家园。" * 20,
    }[encoding]
    found = page(f"{HEAD}{title}\n\n{abstract}\n".encode(encoding))
    assert pairs(found) == [(title, abstract)]
    assert found.note


def test_utf8_with_a_damaged_line_is_rejected_without_guessing():
    data = f"{TEXT}\nNaïve Whelks\n\nDamaged".encode() + b"\xc3( here. " + LOREM.encode()
    found = rejected(data)
    assert found.line == 17
    assert "UTF-8" in found.reason


# --- other types of files ------------------------------------------------------------------------

PROSE = f"On Snails\n\n{LOREM}\n\nOn Whelks\n\n{LOREM}\n\nSubscribe\n\n{LOREM}"


@pytest.mark.parametrize(("content", "kind"), [
    (b"", "an empty file"), (b"\xef\xbb\xbf", "blank lines"), (b" \n\r\n\t\n", "blank lines"), (b"%PDF-1.7\n%\xe2\xe3", "a PDF"),
    (b"\x89PNG\r\n\x1a\n\0\0", "an image"), (b"PK\x03\x04 x", "a ZIP"), (bytes(range(256)) * 9, "a binary"), (b"abc\0def", "a binary"),
    (b"\x1f\x8b\x08", "a gzip"), (b"SQLite format 3\0", "an SQLite"),
    (f"<!doctype html>\n<p>\n{TEXT}", "an HTML page"), (f"<!-- saved --><!-- twice -->\n<HTML>\n{TEXT}", "an HTML page"),
    (f'<?xml version="1.0"?>\n<feed>\n\n{TEXT}', "an XML file"), ('{"a": [1, 2]}', "a JSON file"), ('[{"title": "x"', "plain text"),
    ("[" * 100_000 + "]" * 100_000, "a JSON file"), ('[{"title": 1,}]', "a JSON file"),
    (f"From: a@b.example\nSubject: Daily\n  Papers\nDate: today\n\n{TEXT}", "an email"),
    ('@string{a = "x"}\n', "a BibTeX"),
    (f"# Papers\n\n## [Snails](http://s.example)\n\n[x](http://y.example)\n\n{TEXT}", "a Markdown"),
    (PROSE, "plain text"), (LOREM, "plain text"), ("x" * 100_000, "plain text"), ("Nov 18\n\nOn Snails\n\n" + LOREM, "plain text"),
])  # fmt: skip
def test_other_types_are_named(content, kind):
    found = rejected(content)
    assert kind in found.reason
    assert found.digest is not None and len(found.digest) == 64


def test_comments_before_html_are_skipped_quickly():
    assert rejected("<!-- -->" * 400 + "x").reason


def test_prose_is_claimed_only_with_evidence():
    assert rejected(PROSE).line is None
    assert len(page(f"{PROSE}\n\n4 authors\n·\nMay 3").listings) == 3


@pytest.mark.parametrize(("head", "claimed"), [
    ("Daily Papers\n\nNov 24", True), ("Trending Papers\nDaily", True), ("new\n\nSubscribe\n\nNov 24", True),
    ("Daily Papers", False), ("new\n\nSubscribe", False), ("new\n\nNew\n\nNov 24\n\nNov 25", False),
    ("byAK and the research community", True), ("Get trending papers in your email inbox!", True),
    ("Get trending papers in your email inbox! they said", False),
])  # fmt: skip
def test_how_much_of_the_menu_is_evidence(head, claimed):
    text = f"{head}\n\nOn Snails\n\n{LOREM}\n"
    if claimed:
        assert pairs(page(text)) == [("On Snails", LOREM)]
    else:
        assert "not a list of papers in a known format" in rejected(text).reason


def test_a_page_is_recognised_by_content_not_by_name():
    assert pairs(page(TEXT, "saved.html")) == [PAIR]
    assert pairs(page(TEXT, "page.pdf")) == [PAIR]


def test_source_files_are_rejected():
    for path in (Path(__file__), Path(__file__).parents[2] / "pyproject.toml"):
        assert rejected(path.read_bytes(), str(path))
