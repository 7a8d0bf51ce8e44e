"""The formats: the built-in ones, imported when first needed, then those of plug-ins."""

from importlib import import_module
from typing import cast

from digest.errors import MissingError
from digest.ports import Document, Fault, Format, Parsed
from digest.system import plugins

# What to do about a file on which a part of this program fails.
OWN_REMEDY = "remove the file, and report this with the file as a bug of paper-digest"

# Tried in this order. A module is a format because it has the members of `Format`.
_BUILT_IN = tuple(
    f"digest.read.formats.{module}"
    for module in (
        "sample",
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
        "literature_api",
        "digest_jsonl",
        "json_feed",
        "csl_json",
        "pubmed_xml",
        "medline",
        "web_of_science",
        "feed",
        "ris",
        "bibtex",
        "csv_table",
    )
)


def recognise(document: Document) -> tuple[Format | None, tuple[str, ...]]:
    """Return the first format that claims the document, and the failures of the formats tried before it.

    Plug-ins are tried after the built-in formats, in the order of their names. A plug-in that cannot be
    loaded and a format that raises are skipped.
    """
    failures: list[str] = []
    for module in _BUILT_IN:
        built_in = cast("Format", import_module(module))
        try:
            if built_in.sniff(document):
                return built_in, tuple(failures)
        except Exception as error:  # noqa: BLE001 - one document must not stop a run, whatever it does to a reader
            failures.append(_own_failure(built_in.name, error))
    for point in plugins.points("format"):
        try:
            plug_in = cast("Format", plugins.loaded("format", point))
            if plug_in.sniff(document):
                return plug_in, tuple(failures)
        except MissingError as error:
            failures.append(str(error).partition("; ")[0])
        except Exception as error:  # noqa: BLE001 - third-party code may raise anything
            failures.append(plugins.failure("format", point.name, error))
    return None, tuple(failures)


def reads_bytes(chosen: Format) -> bool:
    """Return whether a format reads the bytes, so that a guessed encoding of the text does not matter."""
    return bool(getattr(chosen, "READS_BYTES", False))


def parse_with(chosen: Format, document: Document) -> Parsed | Fault:
    """Parse a document; an exception in a format becomes a `Fault` of this document."""
    built_in = getattr(chosen, "__name__", None) in _BUILT_IN
    remedy = OWN_REMEDY if built_in else "report this to the author of the plug-in"
    try:
        result: object = chosen.parse(document)
    except Exception as error:  # noqa: BLE001 - one document must not stop a run, whatever it does to a reader
        reason = (
            _own_failure(chosen.name, error) if built_in else plugins.failure("format", chosen.name, error)
        )
        return Fault(reason, remedy)
    if isinstance(result, Parsed | Fault):
        return result
    return Fault(f"the format plug-in {chosen.name} returned {type(result).__name__}", remedy)


def _own_failure(name: str, error: Exception) -> str:
    return f"the reader for {name} failed ({type(error).__name__})"
