"""A query over the real pages, beside a reader that knows nothing but blank lines and regular expressions."""

import json
import re
import subprocess
import sys

import pytest

from tests.homes import call

pytestmark = pytest.mark.shared

QUERY = '"one-step" AND diffusion*'
ONE_STEP = re.compile(r"\bone[\W_]+step(?:s|ped|ping)?\b|\bonestep", re.IGNORECASE)
DIFFUSION = re.compile(r"\bdiffusion\w*", re.IGNORECASE)
HEADER = re.compile(r"(?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec) \d{1,2}")


@pytest.fixture(scope="module")
def paths(shared):
    found = sorted((shared / "daily-papers-pages").glob("*.txt"))
    assert len(found) == 3
    return found


def by_hand(text):
    """Return title and abstract of each paper: after the day, blocks of one line come in pairs."""
    blocks = [block.strip().split("\n") for block in re.split(r"\n\s*\n", text) if block.strip()]
    start = next(place for place, block in enumerate(blocks) if HEADER.fullmatch(block[0])) + 1
    lines = [" ".join(block[0].split()) for block in blocks[start:] if len(block) == 1]
    return list(zip(lines[::2], lines[1::2], strict=True))


@pytest.fixture(scope="module")
def found(paths, tmp_path_factory):
    done = call("match", QUERY, *paths, "--json", "--home", tmp_path_factory.mktemp("home"))
    assert (done.status, done.err) == (0, "")
    return done.lines


def test_the_same_papers(found, paths):
    listed = {title: abstract for path in paths for title, abstract in by_hand(path.read_text("utf-8"))}
    assert len(listed) == 259
    expected = {
        title
        for title, abstract in listed.items()
        if all(wanted.search(title) or wanted.search(abstract) for wanted in (ONE_STEP, DIFFUSION))
    }
    assert len(expected) >= 15
    assert {each["title"] for each in found} == expected
    assert len(found) == len(expected)


def test_the_scores_and_their_order(found):
    for each in found:
        places = {(one["term"], one["field"]) for one in each["evidence"]}
        # An atom counts once: double if the title has it.
        terms = {term for term, _ in places}
        assert each["score"] == sum(2 if (term, "title") in places else 1 for term in terms)
    assert [each["score"] for each in found] == sorted((each["score"] for each in found), reverse=True)


def test_the_evidence_points_at_the_words_that_read_prints(found, paths, tmp_path):
    read = {each["title"]: each for each in call("read", *paths, "--json", "--home", tmp_path).lines}
    for each in found:
        listing = read[each["title"]]
        for wanted, term in ((ONE_STEP, '"one-step"'), (DIFFUSION, "diffusion*")):
            for field in ("title", "abstract"):
                places = [
                    (one["start"], one["end"])
                    for one in each["evidence"]
                    if one["term"] == term and one["field"] == field
                ]
                words = [match.span() for match in wanted.finditer(listing[field])]
                assert places == words, (each["title"], term, field)
        for one in each["evidence"]:
            assert one.keys() == {"term", "field", "text", "start", "end"}
            assert listing[one["field"]][one["start"] : one["end"]] == one["text"]
        order = [(("title", "abstract").index(one["field"]), one["start"]) for one in each["evidence"]]
        assert order == sorted(order)


def test_as_a_user_types_it(found, paths, tmp_path):
    command = [sys.executable, "-m", "digest", "match", QUERY, *map(str, paths), "--json"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, encoding="utf-8")
    assert (done.returncode, done.stderr) == (0, "")
    assert [json.loads(line) for line in done.stdout.splitlines()] == found
    assert list(tmp_path.iterdir()) == []
