"""Where a word finds nothing, the nearest word of the papers is offered; a paper is named in one way everywhere."""

import pytest

from tests.homes import TestHome, page

NOW = "2026-11-20T09:00"


@pytest.fixture
def home(tmp_path) -> TestHome:
    made = TestHome(tmp_path)
    made.subscribe("a", "efficeint", "title:quantise")
    made.put("2026-11-16-a.txt", page("We Quantize Harbours", "Efficient Distillation"))
    made.run(NOW)
    return made


@pytest.mark.parametrize("command", [("match",), ("library", "search")])
@pytest.mark.parametrize("machine", [(), ("--json",)])
def test_a_query_that_finds_nothing(home, command, machine):
    done = home.call(*command, "quantise", *machine)
    assert done.status == 0
    assert "'quantize' rather than 'quantise'" in done.err
    partly = home.call(*command, "harbours OR (distilation -walrus)", *machine)
    assert "'distillation' rather than 'distilation'" in partly.err
    assert not home.call(*command, "harbours OR efficient", *machine).err


def test_files_have_words_too(home):
    done = home.call("match", "distilation", home.path / "inbox")
    assert "these files has" not in done.err
    assert "'distillation' rather than 'distilation'" in done.err


def test_a_silence_is_explained_by_the_spelling(home):
    done = home.call("why", "a", "--now", NOW)
    assert "No paper has the word 'efficeint' of the keywords; the library has 'efficient'." in done.out
    shown = home.call("why", "a", "--json", "--now", NOW).json["spellings"]
    assert {each["word"]: each["nearest"] for each in shown} == {
        "efficeint": "efficient",
        "quantise": "quantize",
    }
    home.subscribe("a", "efficient")
    assert home.call("why", "a", "--json", "--now", NOW).json["spellings"] == []


@pytest.mark.parametrize(
    "command",
    [
        ("library", "show"),
        ("why", "a", "--paper"),
        ("suggest",),
        ("feedback", "a", "like"),
        ("library", "merge", "1"),
    ],
)
def test_a_paper_is_named_in_one_way(home, command):
    wrong = home.call(*command, "efficeint distilation", "--now", NOW)
    assert wrong.status == 2
    assert "did you mean 'efficient distillation'?" in wrong.err
    assert "did you mean" not in home.call(*command, "walrus", "--now", NOW).err
    for name in ("2", "Efficient Distillation", "distillation"):
        assert home.call(*command, name, "--now", NOW).status == 0, name
        if command[:2] == ("library", "merge"):
            home.call("library", "split", "2")
