"""Where the pages of private subscriptions are: at addresses that nobody can guess, and in no file of the archive."""

from collections.abc import Callable
from contextlib import suppress
from functools import lru_cache
from pathlib import Path

from digest.errors import StoreError
from digest.publish import FORMS
from digest.signing import CODE_LENGTH, FEEDBACK, reader_code, sign
from digest.store.store import Store, Transaction
from digest.urls import feedback_folder, private_folder, reader_page

_PURPOSE = "private pages"


def private_places(store: Store, base_url: str) -> Callable[[str], str]:
    """Return a function that gives the address below which a private subscription's pages are, "" for others.

    The first call for a library with private subscriptions creates its secret. Raises StoreError.
    """
    with store.begin(write=False) as tx:
        private, secret = tx.cursors.private(), tx.outbox.known_secret()
    if private and secret is None:
        with store.begin() as tx:
            secret = tx.outbox.secret()

    def place(subscription: str) -> str:
        if subscription not in private or secret is None:
            return ""
        return base_url + private_folder(subscription, sign(secret, _PURPOSE, subscription))

    return place


def personal_places(store: Store, base_url: str) -> Callable[[str], tuple[str, str]]:
    """Return a function that gives the addresses of the page of a subscription's reader, and of the reader's feedback.

    They are "" for subscriptions that were not made on the web.
    """

    @lru_cache(256)
    def place(subscription: str) -> tuple[str, str]:
        with store.begin(write=False) as tx:
            secret, reader = tx.outbox.known_secret(), tx.accounts.owner(subscription)
        if secret is None or reader is None:
            return "", ""
        manage = reader_page(base_url, reader_code(secret, reader.id, reader.generation))
        return manage, base_url + feedback_folder(subscription, sign(secret, FEEDBACK, subscription))

    return place


def feedback_subscription(tx: Transaction, folder: str) -> str | None:
    """Return the subscription whose feedback is taken in a folder such as `fog.<code>`; None for any other folder."""
    import hmac

    subscription, _, code = folder.partition(".")
    secret = tx.outbox.known_secret()
    if secret is None or tx.accounts.owner(subscription) is None:
        return None
    valid = hmac.compare_digest(
        sign(secret, FEEDBACK, subscription).encode(), code.encode("utf-8", "replace")
    )
    return subscription if valid else None


def private_subscription(tx: Transaction, folder: str) -> str | None:
    """Return the private subscription whose pages are in a folder such as `fog.<code>`; None for any other folder."""
    import hmac

    subscription, _, code = folder.partition(".")
    secret, cursor = tx.outbox.known_secret(), tx.cursors.get(subscription)
    if secret is None or cursor is None or cursor.visibility != "private" or len(code) != CODE_LENGTH:
        return None
    valid = hmac.compare_digest(sign(secret, _PURPOSE, subscription).encode(), code.encode())
    return subscription if valid else None


def published_files(output: Path, subscription: str) -> list[Path]:
    """Return the files of a subscription that are in the archive or among the feeds, where they exist."""
    feeds = [output / "feeds" / f"{subscription}.{form}" for form in FORMS]
    pages = output / "site" / "issues" / subscription
    found = sorted(pages.iterdir()) if pages.is_dir() else []
    return [path for path in (*feeds, *found) if path.exists()]


def withdraw(output: Path, subscription: str) -> None:
    """Remove the files that `published_files` returns, and their folder. Raises StoreError."""
    for path in published_files(output, subscription):
        try:
            path.unlink(missing_ok=True)
        except OSError as error:
            remedy = f"remove it yourself: the subscription {subscription!r} is private"
            raise StoreError(f"{path}: cannot be removed ({error.strerror}); {remedy}") from error
    with suppress(OSError):
        (output / "site" / "issues" / subscription).rmdir()
