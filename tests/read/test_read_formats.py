"""The registry of formats, and plug-ins."""

from importlib import metadata
from importlib.metadata import EntryPoint, EntryPoints

import pytest
from reading import HEAD, LOREM, ROOT, page, rejected

from digest.model import Listing
from digest.ports import Document, Fault, Parsed
from digest.read import registry
from digest.system import plugins


class Snails:
    """A format with one paper in one line."""

    name = "snail-list"

    def sniff(self, document: Document) -> bool:
        return document.text is not None and document.text.startswith("snails:")

    def parse(self, document: Document) -> Parsed | Fault:
        if document.text is None or "x" in document.text:
            return Fault("an x", "take it out", 2)
        return Parsed((Listing(1, document.text.removeprefix("snails:").strip(), LOREM),), note="slowly")


class Claims(Snails):
    name = "claims"

    def parse(self, document: Document) -> Parsed | Fault:
        raise RuntimeError("broken inside")


class Silent(Claims):
    name = "silent"

    def parse(self, document: Document):
        return None


class Raises(Snails):
    def sniff(self, document: Document) -> bool:
        raise RuntimeError("cannot sniff")


snails, claims, silent, raises, not_a_format = Snails(), Claims(), Silent(), Raises(), object()


@pytest.fixture
def plug_ins(monkeypatch):
    def install(*names: str) -> None:
        points = EntryPoints(
            EntryPoint(name, value if ":" in value else f"{__name__}:{value}", plugins.GROUPS["format"])
            for name, _, value in (item.partition("=") for item in names)
        )
        monkeypatch.setattr(metadata, "entry_points", lambda group: points.select(group=group))

    return install


def test_a_plug_in_reads_what_no_built_in_format_claims(plug_ins):
    plug_ins("s=snails")
    found = page("snails: Whelks")
    assert (found.source, found.listings[0].title, found.note) == ("snail-list", "Whelks", "slowly")
    assert rejected("snails: x").line == 2


def test_broken_plug_ins_are_skipped(plug_ins):
    plug_ins("a=nowhere.at.all:thing", "b=raises", "c=snails", "d=not_a_format")
    assert page("snails: Whelks").source == "snail-list"
    assert page(f"{HEAD}Snails\n\n{LOREM}").source == "daily-papers-page"
    assert "cannot sniff" in rejected("whelks").reason
    assert [str(each).split()[3] for each in plugins.problems()] == ["a", "d"]


@pytest.mark.parametrize(
    ("name", "word"), [("claims", "RuntimeError: broken inside"), ("silent", "NoneType")]
)
def test_a_plug_in_that_fails_while_parsing_rejects_its_file(plug_ins, name, word):
    plug_ins(f"p={name}")
    assert word in rejected("snails: Whelks").reason


def test_every_built_in_format_is_a_format():
    for name in registry._BUILT_IN:
        module = registry.import_module(name)
        assert module.name == module.name.lower()
        assert module.sniff(Document("x", b"", "")) is False
        assert module.sniff(Document("x", b"\0", None)) is False


def test_the_example_in_the_documentation_works():
    text = (ROOT / "docs" / "formats.md").read_text("utf-8")
    scope: dict = {}
    exec(text.split("```python\n")[1].split("```")[0], scope)
    example = scope["format"]
    document = Document("x", b"", "snails v1\nWhelks\tThey are slow.\n")
    assert example.sniff(document)
    assert example.parse(document) == Parsed((Listing(1, "Whelks", "They are slow."),))
    assert example.parse(Document("x", b"", "snails v1\nWhelks\n")).line == 2
