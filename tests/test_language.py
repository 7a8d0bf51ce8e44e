"""Translations: complete, well formed, and with the right plurals."""

import re
from dataclasses import replace
from datetime import date

import pytest
from babel.messages.pofile import read_po

from digest.errors import ConfigError
from digest.home.settings_file import load_settings
from digest.i18n.catalogue import LOCALE, language
from digest.i18n.language import ENGLISH, LANGUAGES
from digest.match.near_misses import NearMiss
from digest.model import IssueLine
from digest.render import ArchiveStats, Renderer
from tests.homes import TestHome, page
from tests.messages import messages
from tests.render.render_sample import FRAME, ISSUE, KETTLE

OTHERS = [code for code in LANGUAGES if code != "en"]
GERMAN = language("de")
DAY = date(2025, 3, 4)


def catalogue(code):
    with (LOCALE / code / "LC_MESSAGES" / "digest.po").open("rb") as file:
        return read_po(file, locale=code, abort_invalid=True)


def places(message):
    return sorted(name for _, name in re.findall(r"(%)\((\w+)\)s", message))


def test_languages_and_catalogues_correspond():
    assert sorted(path.name for path in LOCALE.iterdir()) == sorted(OTHERS)


@pytest.mark.parametrize("code", OTHERS)
def test_every_message_is_translated_and_nothing_else(code):
    used = {message for message, _ in messages()}
    assert {tuple(each.id) if each.pluralizable else each.id for each in catalogue(code) if each.id} == used


@pytest.mark.parametrize("code", OTHERS)
def test_translations_are_well_formed(code):
    found = catalogue(code)
    for each in found:
        if not each.id:
            continue
        assert not each.fuzzy
        ids, texts = ([each.id], [each.string]) if isinstance(each.id, str) else (each.id, each.string)
        assert len(texts) == (found.num_plurals if each.pluralizable else 1)
        for text in texts:
            assert text.strip(), each.id
            assert places(text) == places(ids[0]), each.id
            assert text % dict.fromkeys(places(text), "x")  # no lone %
            # Templates take messages for HTML, so that values in them may be.
            assert not set(text) & set('<>&"'), each.id
        files = " ".join(place for place, _ in each.locations)
        assert files == " ".join(
            sorted({file for message, file in messages() if message == each.id or message == tuple(ids)})
        )


def test_plurals():
    assert GERMAN.ngettext("%(number)s paper", "%(number)s papers", 1) == "1 Arbeit"
    assert GERMAN.ngettext("%(number)s paper", "%(number)s papers", 0) == "0 Arbeiten"
    assert GERMAN.ngettext("%(number)s paper", "%(number)s papers", 12345) == "12.345 Arbeiten"
    assert ENGLISH.ngettext("%(number)s paper", "%(number)s papers", 12345) == "12,345 papers"
    assert GERMAN.ngettext("%(number)s lamp", "%(number)s lamps", 2) == "2 lamps"  # not in the catalogue
    one, many = NearMiss((1,), ("fog",), excluded="tide"), NearMiss((1, 2), ("fog",), excluded="tide")
    assert one.sentence(lang=GERMAN) == "1 Arbeit enthält „fog“, ist aber durch „tide“ ausgeschlossen"
    assert many.sentence(lang=GERMAN) == "2 Arbeiten enthalten „fog“, sind aber durch „tide“ ausgeschlossen"


def test_days_numbers_and_lists():
    assert ENGLISH.long_day(DAY) == "Tuesday 4 March"
    assert ENGLISH.long_day(DAY, year=True) == "Tuesday 4 March 2025"
    assert ENGLISH.short_day(DAY) == "4 Mar 2025"
    assert GERMAN.long_day(DAY) == "Dienstag, 4. März"
    assert GERMAN.long_day(DAY, year=True) == "Dienstag, 4. März 2025"
    assert GERMAN.day_and_month(DAY, year=True) == "4. März 2025"
    assert GERMAN.short_day(DAY) == "4. März 2025"
    assert GERMAN.weekday(DAY) == "Dienstag"
    assert GERMAN.number(999) == "999"
    assert (ENGLISH.percent(0.27), GERMAN.percent(0.27)) == ("27%", "27\N{NO-BREAK SPACE}%")
    assert GERMAN.listed(()) == ""
    assert GERMAN.listed(("a", "b", "c")) == "a, b und c"
    assert ENGLISH.listed(("a", "b", "c")) == "a, b and c"


def test_an_unknown_language_is_english():
    assert language("xx") is ENGLISH
    assert language("de").code == GERMAN.code


def test_an_issue_in_german():
    issue, renderer = replace(ISSUE, language="de"), Renderer(None, FRAME)
    html, markdown, text = renderer.html(issue), renderer.markdown(issue), renderer.text(issue)
    archive = renderer.archive(issue)
    for page_ in (html, archive):
        assert '<html lang="de"' in page_
    for form in (html, markdown, text, archive):
        assert "neue und 1 überarbeitete unter 66 Arbeiten seit Montag." in form
        assert "Sie erhalten dies, weil Sie" in form
        assert "enabled" in form
        assert not re.search("Why it is here|You get this|Schedule:|To change this|All issues", form)
    assert " und 3 weitere" in renderer.subject(issue)


def test_pages_and_feeds_in_german():
    renderer = Renderer(None, replace(FRAME, language="de"))
    index = renderer.index([IssueLine.of(ISSUE)], {}, ArchiveStats((DAY,), {}, 1))
    assert '<html lang="de"' in index
    assert "1 Ausgabe für 1 Abonnement." in index
    assert '"many": "# Arbeiten"' in index
    paper = renderer.paper(replace(KETTLE, abstract=""), [IssueLine.of(ISSUE)])
    assert "Keine Zusammenfassung verfügbar." in paper
    assert '<html lang="de"' in paper


def test_one_home_may_speak_two_languages(tmp_path):
    home = TestHome(tmp_path)
    (home.path / "digest.toml").write_text('language = "de"\n', "utf-8")
    home.put("2026-10-01.txt", page("Kites", "Lanterns", day="Oct 1"))
    home.subscribe("wind", "kites")
    home.subscribe("calm", "kites", language="en")
    home.run("2026-10-01T09:00")
    texts = {path.parent.name: path.read_text("utf-8") for path in (home.path / "output").rglob("*.txt")}
    assert "Ihre erste Ausgabe: 1 neue" in texts["wind"]
    assert "Your first issue: 1 new" in texts["calm"]
    feed = (home.path / "output" / "feeds" / "calm.rss").read_text("utf-8")
    assert "<language>de</language>" in feed
    assert "Arbeiten für calm" in feed


def test_an_unsupported_language(tmp_path):
    (tmp_path / "digest.toml").write_text('language = "fr"\n', "utf-8")
    with pytest.raises(ConfigError, match="language"):
        load_settings(tmp_path / "digest.toml")
