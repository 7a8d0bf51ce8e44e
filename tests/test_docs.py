"""The documentation cannot lag behind: commands, options and settings it names are the real ones."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

from digest.cli import main as cli
from digest.home.settings_file import load_settings
from digest.home.subscription_files import InvalidSubscription, check

ROOT = Path(__file__).parents[1]
DOCS = {path.name: path.read_text("utf-8") for path in [*ROOT.glob("*.md"), *(ROOT / "docs").glob("*.md")]}


def subcommands() -> dict[str, list[str]]:
    """Return every command with its options, as the parser knows them."""
    found: dict[str, list[str]] = {}

    def walk(parser: object, words: tuple[str, ...]) -> None:
        options: list[str] = []
        for action in parser._actions:
            if hasattr(action, "choices") and isinstance(action.choices, dict):
                for name, child in action.choices.items():
                    walk(child, (*words, name))
                return
            options += [option for option in action.option_strings if option.startswith("--")]
        found[" ".join(words)] = options

    walk(cli.build_parser()[0], ())
    return found


def test_every_command_and_option_is_documented():
    text = DOCS["commands.md"]
    for command, options in subcommands().items():
        assert f"digest {command}" in text, command
        if command != "subscriptions add":  # its options are the keys of a subscription file
            for option in options:
                assert option in text or option == "--help", f"{command} {option}"


def test_documented_commands_exist():
    known = {command.split()[0] for command in subcommands()}
    for name, text in DOCS.items():
        for command in re.findall(r"(?:`|^ {4}(?:\S*/)?)digest ([a-z]+)\b", text, re.MULTILINE):
            assert command in known, f"{name}: digest {command}"


def keys_of(document: str, heading: str) -> set[str]:
    section = document.split(f"# {heading}\n", 1)[1].split("\n#", 1)[0]
    return set(re.findall(r"^\| `([a-z_]+)` \|", section, re.MULTILINE))


def test_documented_settings_are_the_known_ones(tmp_path):
    path = tmp_path / "digest.toml"
    path.write_text("zzzzzzzz = 1\n", "utf-8")
    with pytest.raises(Exception, match="known keys") as caught:
        load_settings(path)
    known = set(str(caught.value).split("known keys: ", 1)[1].split(", "))
    assert (
        keys_of(DOCS["subscriptions.md"], "Settings: `digest.toml`")
        | {
            "smtp",
            "maildir",
            "chat",
            "dkim",
            "bounces",
            "sources",
            "schedule",
            "columns",
            "serve",
            "summaries",
            "plugins",
        }
        == known
    )


def test_documented_schedule_settings_are_the_known_ones(tmp_path):
    path = tmp_path / "digest.toml"
    path.write_text("[schedule]\nzzzzzzzz = 1\n", "utf-8")
    with pytest.raises(Exception, match="known keys") as caught:
        load_settings(path)
    known = set(str(caught.value).split("known keys: ", 1)[1].split(", "))
    assert keys_of(DOCS["operations.md"], "Settings: `[schedule]`") == known


def test_documented_settings_of_serve_are_the_known_ones(tmp_path):
    path = tmp_path / "digest.toml"
    path.write_text("[serve]\nzzzzzzzz = 1\n", "utf-8")
    with pytest.raises(Exception, match="known keys") as caught:
        load_settings(path)
    known = set(re.search("known keys: (.*)", str(caught.value))[1].split(", "))
    assert keys_of(DOCS["operations.md"], "Settings: `[serve]`") == known


def test_documented_settings_of_summaries_are_the_known_ones(tmp_path):
    path = tmp_path / "digest.toml"
    path.write_text("[summaries]\nzzzzzzzz = 1\n", "utf-8")
    with pytest.raises(Exception, match="known keys") as caught:
        load_settings(path)
    known = set(re.search("known keys: (.*)", str(caught.value))[1].split(", "))
    assert keys_of(DOCS["ranking.md"], "Settings: `[summaries]`") == known


def test_every_setting_of_a_source_is_documented(tmp_path):
    path = tmp_path / "digest.toml"
    path.write_text("[[sources]]\nzzzzzzzz = 1\n", "utf-8")
    with pytest.raises(Exception, match="known keys") as caught:
        load_settings(path)
    known = re.search("known keys: (.*)", str(caught.value))[1].split(", ")
    assert len(known) == 15
    for key in known:
        assert re.search(rf"`{key}(?:`| = )|^{key} = ", DOCS["sources.md"], re.MULTILINE), key


def test_documented_subscription_keys_are_the_known_ones():
    flawed = check("x", 'zzzzzzzz = 1\nkeywords = ["a"]\n', shown="x.toml", timezone="UTC")
    assert isinstance(flawed, InvalidSubscription)
    known = set(str(flawed).split("known keys: ", 1)[1].split(", "))
    assert keys_of(DOCS["subscriptions.md"], "Subscription files") == known


def test_links_between_documents_lead_somewhere():
    for path in [*ROOT.glob("*.md"), *(ROOT / "docs").glob("*.md")]:
        for target in re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", path.read_text("utf-8")):
            assert (path.parent / target).exists(), f"{path.name} -> {target}"


def test_the_commands_of_the_readme(tmp_path):
    """Run the block under "Your own digest" in an empty folder, exactly as it is printed."""
    block = DOCS["README.md"].split("## Your own digest\n\n", 1)[1].split("\n\n", 1)[0]
    commands = [line.split("  #")[0].strip() for line in block.splitlines()]
    assert commands.pop(0) == "source .venv/bin/activate"
    home = tmp_path / "papers"
    for command in commands:
        if command.startswith("cd "):
            continue
        words = command.replace("~/papers", str(home))
        assert words.startswith("digest ")
        script = words.replace("digest", f'"{sys.executable}" -m digest', 1)
        folder = home if home.exists() else tmp_path
        done = subprocess.run(script, shell=True, cwd=folder, capture_output=True, text=True, check=False)
        assert done.returncode == 0, (command, done.stderr)
    assert (home / "output" / "site" / "index.html").exists()
