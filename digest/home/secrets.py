"""Secrets and certificates that `digest.toml` names but does not contain."""

import os
from collections.abc import Mapping
from pathlib import Path

from digest.errors import MissingError
from digest.model import Home, Source
from digest.ports import PlugInSettings
from digest.system.files import read_regular
from digest.urls import web_url


def read_secret(home: Home | Path, setting: str, variable: str | None, file: str | None) -> str:
    """Return the secret that `<setting>_env` (a variable) or `<setting>_file` names.

    Raises MissingError if it cannot be read or is empty.
    """
    folder = home.path if isinstance(home, Home) else home
    if variable:
        secret = os.environ.get(variable, "")
        if not secret.strip():
            raise MissingError(
                f"digest.toml: {setting}_env: the variable {variable} is not set or is empty; "
                "set it in the environment of paper-digest"
            )
        return secret
    path = folder / str(file)
    try:
        secret = read_regular(path).decode("utf-8").strip("\r\n")
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "not UTF-8"
        raise MissingError(
            f"digest.toml: {setting}_file: {path} cannot be read ({reason}); check the path and its permissions"
        ) from error
    if not secret.strip():
        raise MissingError(f"digest.toml: {setting}_file: {path} is empty; write the secret into it")
    return secret


def url_of(home: Home, source: Source) -> str:
    """Return the URL of a source. Raises MissingError if it is not in the settings and cannot be read."""
    if not (source.url_env or source.url_file):
        return source.url
    return read_secret(home, "sources.url", source.url_env, source.url_file).strip()


def plugin_settings(home: Home, table: str, options: Mapping[str, object]) -> PlugInSettings:
    """Return the settings of a plug-in: the `options` of its table in `digest.toml`."""

    def secret(key: str) -> str:
        variable, file = (str(options.get(f"{key}_{where}", "")) for where in ("env", "file"))
        if not (variable or file):
            raise MissingError(f"digest.toml: {table}: {key}_env is missing; add it, or {key}_file")
        return read_secret(home, f"{table}.{key}", variable, file)

    return PlugInSettings(options, secret)


def ping_of(home: Home) -> str | None:
    """Return the URL to ping after each check, in ASCII, without a slash at its end.

    Raises MissingError if it cannot be read or is not a URL; the message does not repeat it.
    """
    schedule = home.settings.schedule
    if not (schedule.ping_env or schedule.ping_file):
        return schedule.ping
    secret = read_secret(home, "schedule.ping", schedule.ping_env, schedule.ping_file).strip()
    url = web_url(secret) if len(secret.split()) == 1 else None
    if url is None:
        key = "ping_env" if schedule.ping_env else "ping_file"
        raise MissingError(
            f"digest.toml: schedule.{key}: it does not hold a valid URL; use a URL such as https://ping.example.org/kelp"
        )
    return url.rstrip("/")


def ca_file_of(home: Home, table: str, name: str) -> str:
    """Return the path of a certificate to trust. Raises MissingError if the file does not exist."""
    path = home.path / name
    if not path.is_file():
        raise MissingError(
            f"digest.toml: {table}.ca_file: the file {path} does not exist; name a file or remove the setting"
        )
    return str(path)
