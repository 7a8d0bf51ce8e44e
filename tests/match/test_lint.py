"""Hints on words that look like operators."""

import pytest

from digest.errors import QueryError
from digest.match.query.lint import hints
from tests.homes import TestHome, page


@pytest.mark.parametrize(("query", "words"), [
    ("diffusion and video", ["and"]), ("diffusion And video", ["and"]), ("a or b", ["or"]), ("not video", ["not"]),
    ("diffusion and (video or not image)", ["and", "or", "not"]), ("(a b) or (c d)", ["or"]), ("a and b and c", ["and"]),
    ('"search and rescue"', []), ("a AND b OR NOT c", ["NOT"][:0]), ("and", []), ("a and", []), ("or b", []),
    ("=and b", []), ("a title:or b", []), ("a or* b", []), ("a +and b", []), ("a and^2 b", []), ('a "and" b', []),
    ("either or", []), ("a whether or no b", ["or"]), ("a (and b)", []), ("a AND and b", []),
])  # fmt: skip
def test_hints(query, words):
    found = hints(query)
    assert [hint.split("'")[1] for hint in found] == words
    assert all(f"the operator is {word.upper()}" in hint for word, hint in zip(words, found, strict=True))


def test_hints_of_an_invalid_query():
    with pytest.raises(QueryError):
        hints('"')


def test_check_and_match_print_hints(tmp_path):
    home = TestHome(tmp_path)
    home.subscribe("fog", "lantern and fog", exclude=["kelp or weed"])
    home.put("1.txt", page("Reading the fog by its lanterns"))
    done = home.call("subscriptions", "check", "--json")
    assert done.status == 0
    (found,) = done.json
    assert found["errors"] == []
    first, second = found["warnings"]
    assert first == (
        "fog: 'and' in 'lantern and fog' is searched as a word; the operator is AND; to search for the "
        'word, use quotes: "and"'
    )
    assert second.startswith("fog: 'or' in 'kelp or weed' is searched as a word; the operator is OR")
    assert "warning: fog: 'and'" in home.call("subscriptions", "check").err
    assert "note: 'and' in 'lantern and fog'" in home.call("match", "lantern and fog").err
    assert "note" not in home.call("match", "lantern AND fog").err
