"""Adding sources to `digest.toml`: tables at its end; what it says so far stays as it is, byte by byte."""

from collections.abc import Sequence
from pathlib import Path

from digest.errors import ConfigError, Problem, UsageError
from digest.home.settings_file import FILE, parse_settings
from digest.home.toml import decode_text, parse_toml, read_bytes, toml_value
from digest.model import Settings, Source
from digest.system.files import write_whole


def read_settings(home: Path) -> tuple[bytes, Settings]:
    """Return the content of the settings file, empty if the file is missing, and its settings.

    Raises ConfigError if it is not valid.
    """
    if not (home / FILE).exists():
        return b"", Settings()
    data = read_bytes(home / FILE, FILE)
    if isinstance(data, Problem):
        raise ConfigError((data,))
    return data, _checked(data, home)


def append_sources(home: Path, data: bytes, sources: Sequence[Source]) -> Settings:
    """Write the settings file with these sources after its content `data`; return its settings.

    Raises UsageError if the result would not be valid, StoreError if it cannot be written; the file stays as it is
    then.
    """
    result = with_sources(data, sources)
    text = decode_text(result, FILE)
    if isinstance(text, str) and isinstance(parse_toml(text, FILE), Problem):
        raise UsageError(
            f"{FILE}: sources: is a list in brackets, to which no table can be added; "
            "write each source as a table under a line [[sources]]"
        )
    settings = _checked(result, home)
    # A link stays a link, and the file that it names gets the new content.
    write_whole((home / FILE).resolve(), result, keep_mode=True)
    return settings


def with_sources(data: bytes, sources: Sequence[Source]) -> bytes:
    """Return the content of a settings file with tables for these sources at its end, in its line ends."""
    gap = "" if not data.strip() else "\n"
    if data and not data.endswith((b"\n", b"\r")):
        gap = "\n" + gap
    text = gap + "\n".join(map(_table, sources))
    return data + (text.replace("\n", "\r\n") if b"\r\n" in data else text).encode()


def _table(source: Source) -> str:
    keys = ("name", "kind", "url", "query")
    lines = (f"{key} = {toml_value(value)}\n" for key in keys if (value := getattr(source, key)))
    return "[[sources]]\n" + "".join(lines)


def _checked(data: bytes, home: Path) -> Settings:
    text = decode_text(data, FILE)
    if isinstance(text, Problem):
        raise ConfigError((text,))
    return parse_settings(text, home / FILE)
