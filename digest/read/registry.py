"""The table of formats: the built-in ones, imported when first needed, then those of plug-ins."""

from collections.abc import Iterator
from importlib import import_module
from importlib.metadata import EntryPoint, entry_points
from typing import cast

from digest.ports import Document, Fault, Format, Parsed

GROUP = "paper_digest.formats"

# Asked in this order; a module is a format by having its members.
_BUILT_IN = tuple(
    f"digest.read.formats.{module}"
    for module in (
        "daily_papers_page",
        "daily_papers_api",
        "daily_papers_html",
        "arxiv_api",
        "arxiv_feed",
        "arxiv_listing",
        "arxiv_json",
        "arxiv_mail",
        "arxiv_abs",
        "scholar_alert",
        "alert_mails",
        "digest_jsonl",
        "json_feed",
        "csl_json",
        "pubmed_xml",
        "medline",
        "feed",
        "ris",
        "bibtex",
        "csv_table",
    )
)


def recognise(document: Document) -> tuple[Format | None, tuple[str, ...]]:
    """Return the first format that claims the document, and what is wrong with plug-ins met on the way.

    Plug-ins are asked, in the order of their names, only about what no built-in format claims. One
    that cannot be loaded or that raises is passed over.
    """
    for module in _BUILT_IN:
        built_in = cast("Format", import_module(module))
        if built_in.sniff(document):
            return built_in, ()
    broken: list[str] = []
    for point in _plug_ins():
        try:
            plug_in = cast("Format", point.load())
            if plug_in.sniff(document):
                return plug_in, tuple(broken)
        except Exception as problem:  # noqa: BLE001 - someone else's code: any failure is its own
            broken.append(_failure(point.name, problem))
    return None, tuple(broken)


def reads_bytes(chosen: Format) -> bool:
    """Say whether a format goes by the bytes, so that no guess at the encoding of the text matters to it."""
    return bool(getattr(chosen, "READS_BYTES", False))


def parse_with(chosen: Format, document: Document) -> Parsed | Fault:
    """Return what the format makes of the document; its failure is a fault of this one document."""
    if getattr(chosen, "__name__", None) in _BUILT_IN:
        return chosen.parse(document)
    try:
        answer: object = chosen.parse(document)
    except Exception as problem:  # noqa: BLE001 - as above
        return Fault(_failure(chosen.name, problem), "report it to the author of the plug-in")
    if isinstance(answer, Parsed | Fault):
        return answer
    reason = f"the format plug-in {chosen.name} answered with {type(answer).__name__}"
    return Fault(reason, "report it to the author of the plug-in")


def problems() -> tuple[str, ...]:
    """Return a line for every format plug-in that is installed but cannot be used."""
    return tuple(_problems())


def _problems() -> Iterator[str]:
    for point in _plug_ins():
        try:
            plug_in = point.load()
        except Exception as problem:  # noqa: BLE001 - as above
            yield _failure(point.name, problem)
            continue
        missing = [member for member in ("name", "sniff", "parse") if not hasattr(plug_in, member)]
        if missing:
            yield f"the format plug-in {point.name} has no {', no '.join(missing)}"


def _plug_ins() -> list[EntryPoint]:
    return sorted(entry_points(group=GROUP), key=lambda point: (point.name, point.value))


def _failure(name: str, problem: Exception) -> str:
    return f"the format plug-in {name} failed: {type(problem).__name__}: {problem}"
