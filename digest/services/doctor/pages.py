"""Doctor checks of the pages: whether links lead to where `digest serve` listens, and who makes pages."""

from collections.abc import Iterator
from urllib.parse import urlsplit

from digest.errors import DigestError
from digest.model import Home
from digest.model.reports import Finding
from digest.services.workspace import open_library
from digest.system.locks import SERVERS, notes_of_live
from digest.text.format import count
from digest.urls import port_of, public_base


def examine_links(home: Home) -> Iterator[Finding]:
    """Compare `base_url`, to which links in feeds and emails lead, with the addresses of running servers.

    Without a running server it is compared with the address in the settings. Whether a public address leads
    to a server cannot be seen from here.
    """
    base = home.settings.base_url
    running = notes_of_live(home.path, SERVERS)
    host, port = home.settings.serve
    if running:
        served, verb = " and ".join(running), "listens"
        ports = [port_of(url) for url in running]
    else:
        served, verb = f"http://{f'[{host}]' if ':' in host else host}:{port}/", "would listen"
        ports = [port]
    message = f"digest serve {verb} at {served}, and links lead to {base}"
    if public_base(base):
        if running:
            yield Finding("serve", "good", f"{message}; a proxy has to pass requests from there to it")
    elif port_of(base) not in ports:
        remedy = f"set base_url in digest.toml to {_wanted(base, ports[0])}; then: digest run --rewrite"
        yield Finding("serve", "warning", message, remedy)
    elif running:
        yield Finding("serve", "good", message)


def examine_requests(home: Home) -> Iterator[Finding]:
    """Warn where pages and feeds exist only if `digest serve` makes them, and none is running."""
    files = home.settings.files
    if files == "all":
        return
    try:
        with open_library(home, create=False) as store, store.begin(write=False) as tx:
            number = tx.on_disk.count_on_request(files)
    except DigestError:  # reported by the check of the database
        return
    if not number:
        return
    whose = f"{count(number, 'subscription')} {'has' if number == 1 else 'have'} no files"
    message = (
        f'{whose} (files = "{files}" in digest.toml): digest serve makes their pages and feeds on request'
    )
    if notes_of_live(home.path, SERVERS):
        yield Finding("serve", "good", message)
        return
    remedy = (
        'start digest serve, or, if a web server delivers output/ itself, set files = "all" in digest.toml'
    )
    yield Finding("serve", "warning", f"{message}, but it is not running", remedy)


def _wanted(base: str, port: int) -> str:
    """Return a `base_url` with the port of the server; the server speaks http."""
    parts = urlsplit(base)
    host = parts.hostname or "localhost"
    return f"http://{f'[{host}]' if ':' in host else host}:{port}{parts.path}"
