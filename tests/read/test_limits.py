"""Texts beyond every honest length end at a word, and the note of the file says so."""

import json

from reading import page


def feed(**item: str) -> str:
    items = [{"id": "1", "title": "Short", "content_text": "Snails."}, {"id": "2", "title": "Long", **item}]
    return json.dumps({"version": "https://jsonfeed.org/version/1.1", "title": "x", "items": items})


def test_an_abstract_ends_at_20000_characters():
    found = page(feed(content_text="snail " * 10_000))
    assert len(found.listings[1].abstract) <= 20_000
    assert found.listings[1].abstract.endswith(" snail")
    assert found.note == "the abstract of paper 2 ends after 20,000 characters"
    assert len(page(feed(content_text="$" * 300_000)).listings[1].abstract) == 20_000


def test_an_abstract_of_20000_characters_is_whole():
    found = page(feed(content_text="a" * 20_000))
    assert (len(found.listings[1].abstract), found.note) == (20_000, "")


def test_titles_and_authors_end_too():
    found = page(
        feed(
            title="whelk " * 1000, authors=[{"name": "A" * 900}] + [{"name": f"A{n}"} for n in range(10_500)]
        )
    )
    assert len(found.listings[1].title) == len("whelk " * 333) - 1
    assert len(found.listings[1].authors) == 10_000
    assert found.listings[1].author_count == 10_501
    assert len(found.listings[1].authors[0]) == 500
    assert "the title of paper 2 ends" in found.note
    assert "the authors of paper 2 end" in found.note
