"""Secrets and certificates that `digest.toml` names but does not contain."""

import os

from digest.errors import UsageError
from digest.model import Home


def read_secret(home: Home, setting: str, variable: str | None, file: str | None) -> str:
    """Return the secret that `<setting>_env` (a variable) or `<setting>_file` names.

    Raises UsageError if it cannot be read or is empty.
    """
    if variable:
        secret = os.environ.get(variable, "")
        if not secret.strip():
            raise UsageError(
                f"digest.toml: {setting}_env: the variable {variable} is not set or is empty; "
                "set it in the environment of paper-digest"
            )
        return secret
    path = home.path / str(file)
    try:
        secret = path.read_text("utf-8").strip("\r\n")
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "not UTF-8"
        raise UsageError(
            f"digest.toml: {setting}_file: {path} cannot be read ({reason}); check the path and its permissions"
        ) from error
    if not secret.strip():
        raise UsageError(f"digest.toml: {setting}_file: {path} is empty; write the secret into it")
    return secret


def ca_file_of(home: Home, table: str, name: str) -> str:
    """Return the path of a certificate to trust. Raises UsageError if there is no such file."""
    path = home.path / name
    if not path.is_file():
        raise UsageError(
            f"digest.toml: {table}.ca_file: there is no file {path}; name a file or remove the setting"
        )
    return str(path)
