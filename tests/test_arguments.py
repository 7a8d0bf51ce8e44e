"""The command line takes what a person types: items that begin with `-`, and errors of the command itself."""

import pytest

from tests.homes import TestHome, call, page


@pytest.fixture
def home(tmp_path) -> TestHome:
    home = TestHome(tmp_path / "home")
    home.put("2026-11-17.txt", page("Reading the fog by its lanterns", "A video of the fog", day="Nov 17"))
    home.run("2026-11-17T09:00")
    return home


@pytest.mark.parametrize(
    "command",
    [
        ("match", "-video"),
        ("match", "-video", "inbox/2026-11-17.txt", "--json"),
        ("match", "-hello"),
        ("library", "search", "-video"),
        ("library", "export", "-video"),
        ("subscriptions", "add", "ok", "-video"),
        ("subscriptions", "add", "ok", "fog", "--exclude", "-video"),
        ("subscriptions", "add", "--exclude", "-video", "ok", "fog"),
    ],
)
def test_an_item_with_a_sign_is_a_query_and_its_error_has_the_caret(home, command):
    done = home.call(*command)
    assert (done.status, done.out) == (2, "")
    typed = next(word for word in command if word[:1] == "-" and word[:2] != "--")
    assert f"\n  {typed}\n  ^" in done.err, done.err


def test_an_item_with_a_sign_among_others_is_found(home):
    for command in (
        ("match", "-video fog"),
        ("match", "--json", "-video fog"),
        ("library", "search", "-video fog"),
    ):
        done = home.call(*command)
        assert done.status == 0 and "lanterns" in done.out, done.err
    assert home.call("subscriptions", "add", "ok", "-video fog").status == 0


@pytest.mark.parametrize("option", ["--jsno", "-x", "--unknown=1"])
def test_an_unknown_option_shows_the_usage_of_its_command(option):
    done = call("run", option)
    assert done.status == 2
    assert done.err.startswith("usage: digest run ")
    assert "is not an option" in done.err


def test_an_option_without_its_value_is_not_given_the_next_option(home):
    assert (
        "expected one argument" in home.call("subscriptions", "add", "ok", "fog", "--exclude", "--json").err
    )


@pytest.mark.parametrize(
    "text", ["titel = 1", "database = 'nonsense'", "[smtp]\nhost = 1", "base_url = 'x'", "not toml"]
)
def test_a_mistake_in_the_settings_makes_every_command_exit_2(home, text):
    home.write("digest.toml", text + "\n")
    for command in (
        *(("run",), ("read", "inbox/2026-11-17.txt"), ("diff", "inbox"), ("match", "fog"), ("deliver",)),
        *(("subscriptions", "list"), ("ledger",), ("doctor",), ("library", "search", "fog"), ("serve",)),
    ):
        assert home.call(*command).status == 2, command


@pytest.mark.parametrize(
    ("typed", "named"),
    [
        (("ledger", "5"), "'5' is one argument too many"),
        (("doctor", "x", "y"), "'x' is one argument too many"),
        (("preview", "a", "b"), "'b' is one argument too many"),
        (("fetch", "--sorce", "x"), "'--sorce' is not an option; did you mean '--source'?"),
    ],
)
def test_what_a_command_does_not_take_is_named_as_typed(typed, named):
    done = call(*typed)
    assert done.status == 2
    assert named in done.err
    assert done.err.startswith(f"usage: digest {typed[0]} ")


@pytest.mark.parametrize("command", [("preview",), ("why",), ("run", "--only")])
def test_an_unknown_subscription_has_one_wording(tmp_path, command):
    home = TestHome(tmp_path)
    home.subscribe("one-step", "diffusion")
    assert (
        "the subscription 'onestep' does not exist; did you mean 'one-step'?"
        in home.call(*command, "onestep").err
    )
    assert "the subscription 'kelp' does not exist; use one of: one-step" in home.call(*command, "kelp").err


@pytest.mark.parametrize(("command", "missing"), [(("match",), "QUERY"), (("feedback",), "SUBSCRIPTION, verdict"), (("feedback", "kelp"), "verdict")])  # fmt: skip
def test_an_argument_that_may_be_absent_is_not_missing(home, command, missing):
    done = home.call(*command)
    assert (done.status, done.err.splitlines()[-1].partition("required: ")[2]) == (2, missing)
