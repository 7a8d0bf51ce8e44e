"""Secrets that `digest.toml` names but does not contain."""

import os

from digest.errors import UsageError
from digest.model import Home


def secret_of(home: Home, key: str, variable: str | None, file: str | None) -> str:
    """Return the secret that the settings `<key>_env` or `<key>_file` name. Raises UsageError without it."""
    if variable:
        secret = os.environ.get(variable)
        if secret is None:
            raise UsageError(
                f"digest.toml: {key}_env: the variable {variable} is not set; set it where digest runs"
            )
        return secret
    path = home.path / str(file)
    try:
        return path.read_text("utf-8").strip("\r\n")
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "no UTF-8"
        raise UsageError(f"digest.toml: {key}_file: {path} cannot be read ({reason})") from error


def ca_file_of(home: Home, table: str, name: str) -> str:
    """Return the path of a certificate to trust. Raises UsageError if it is absent."""
    path = home.path / name
    if not path.is_file():
        raise UsageError(f"digest.toml: {table}.ca_file: there is no file {path}; name one, or leave it out")
    return str(path)
