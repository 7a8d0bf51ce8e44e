"""The addresses of papers, and of the pages and feeds under `base_url`. Pure."""

import ipaddress
import re
from base64 import b64encode
from collections.abc import Iterable
from urllib.parse import parse_qsl, quote, urlsplit, urlunsplit

from digest.model import Paper
from digest.text.clean import clean
from digest.text.hosts import host_of_url

# Characters that are not encoded in a URL. Quotes, brackets and stars are encoded, so that a URL means the same in
# HTML, XML, Markdown and between angle brackets.
_SAFE = "/:;,=&?@+!$~%"
_LONE_PERCENT = re.compile(r"%(?![0-9A-Fa-f]{2})")
_HOST = re.compile(r"[A-Za-z0-9_](?:[A-Za-z0-9_.-]*[A-Za-z0-9_])?\.?|\[[0-9A-Fa-f:.]+\]")
_SHORTEST_SECRET = 4  # characters; shorter values are words and numbers that texts contain anyway

# A URL in a text: user and password, then everything up to the query, then the query.
_URL = re.compile(
    r"([a-z][a-z0-9+.-]{1,20}://)(?:[^\s/?#'\"<>]*@)?([^\s?#'\"<>]*)(\?[^\s#'\"<>]*)?", re.IGNORECASE
)
_VALUE = re.compile(r"=[^&;]*?(?=[&;]|[,.:)\]]*$)")


def mask_secrets(text: str) -> str:
    """Return a text for people in which URLs have neither user and password nor the values of their query.

    API keys stand there. What a URL asks for is seldom needed to understand a message; its site and path are.
    """

    def masked(found: re.Match[str]) -> str:
        scheme, place, query = found[1], found[2], found[3] or ""
        user = "…@" if found[0][len(scheme) :].partition("?")[0] != place else ""
        values = _VALUE.sub("=…", query) if "=" in query else "?…" if len(query) > 1 else query
        return f"{scheme}{user}{place}{values}"

    return _URL.sub(masked, text)


def hide(text: str, secrets: Iterable[str]) -> str:
    """Return a text, such as a server's reply, without these secrets, as they are or as they travel."""
    for secret in secrets:
        if len(secret) >= _SHORTEST_SECRET:
            for form in {secret, quote(secret, safe=""), b64encode(secret.encode()).decode()}:
                text = text.replace(form, "…")
    return text


def secrets_of(url: str) -> list[str]:
    """Return what `mask_secrets` masks in a URL: user, password and the values of its query, the longest first."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return []
    found = {parts.query, *(value for _, value in parse_qsl(parts.query, keep_blank_values=True))}
    found |= {value for pair in parts.query.split("&") for value in pair.split("=", 1)[1:]}
    found |= {*parts.netloc.rpartition("@")[0].split(":", 1)}
    return sorted(found - {""}, key=lambda each: (-len(each), each))


def web_url(text: str | None) -> str | None:
    """Return the text as a URL that is safe to link, None if it is not an http or https URL.

    The result is ASCII without blanks, quotes, brackets and stars; a host of other scripts is the one that a browser
    would open. A URL with a user name in it is
    refused, because it can be mistaken for the URL of another host.
    """
    if not text:
        return None
    try:
        parts = urlsplit(clean(text).strip())
        host, port = host_of_url(parts.netloc) or "", parts.port
    except ValueError:
        return None
    host = f"[{host}]" if ":" in host else host
    if parts.scheme not in ("http", "https") or "@" in parts.netloc or not _HOST.fullmatch(host):
        return None
    netloc = host if port is None else f"{host}:{port}"
    return urlunsplit(
        (parts.scheme, netloc, _quoted(parts.path), _quoted(parts.query), _quoted(parts.fragment))
    )


def _quoted(text: str) -> str:
    return _LONE_PERCENT.sub("%25", quote(text, safe=_SAFE, errors="replace"))


def paper_url(paper: Paper, base_url: str) -> str:
    """Return the URL of a paper: its public URL, else its page in the archive."""
    return public_url(paper) or base_url + paper_page(paper.number)


def public_url(paper: Paper) -> str:
    """Return the URL of a paper on the web: its own, else that of arXiv or of its DOI; "" if none is known."""
    url = web_url(paper.url)
    if url:
        return url
    if paper.arxiv:
        return arxiv_url(paper.arxiv)
    return doi_url(paper.doi) if paper.doi else ""


def arxiv_url(arxiv: str) -> str:
    """Return the URL of a paper on arXiv."""
    return f"https://arxiv.org/abs/{_quoted(clean(arxiv))}"


def doi_url(doi: str) -> str:
    """Return the URL of a DOI."""
    return f"https://doi.org/{_quoted(clean(doi)).replace('?', '%3F').replace('#', '%23')}"


def paper_page(number: int) -> str:
    """Return the path of a paper's page, under `base_url` and in the folder of the archive."""
    return f"papers/{number}.html"


def issue_page(subscription: str, stem: str) -> str:
    """Return the path of an issue's page, under `base_url` and in the folder of the archive."""
    return f"issues/{subscription}/{stem}.html"


def private_folder(subscription: str, code: str) -> str:
    """Return the path under `base_url` below which a private subscription's pages are; nobody can guess the code."""
    return f"private/{subscription}.{code}/"


def feed_file(name: str, form: str) -> str:
    """Return the path of a feed (`form` is `rss`, `atom` or `json`) under `base_url`."""
    return f"feeds/{name}.{form}"


def unsubscribe_page(base_url: str, token: str) -> str:
    """Return the URL that unsubscribes a token's holder: GET shows a page, POST unsubscribes (RFC 8058)."""
    return f"{base_url}unsubscribe/{token}"


def confirm_page(base_url: str, code: str) -> str:
    """Return the URL of the page that asks to confirm a request."""
    return f"{base_url}confirm/{code}"


def reader_page(base_url: str, code: str) -> str:
    """Return the URL of a reader's own page."""
    return f"{base_url}manage/{code}"


def feedback_folder(subscription: str, code: str) -> str:
    """Return the path under `base_url` below which the pages are that take feedback on papers, by their numbers."""
    return f"feedback/{subscription}.{code}/"


def click_page(subscription: str, token: str) -> str:
    """Return the path under `base_url` that records a click and redirects to a paper."""
    return f"r/{subscription}/{token}"


def is_loopback(host: str) -> bool:
    """Return whether a host is this machine."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False


def public_base(base_url: str) -> str:
    """Return `base_url` if other machines can reach it, else ""."""
    host = urlsplit(web_url(base_url) or "").hostname or "localhost"
    local = host in {"localhost", "::1"} or host.startswith("127.") or host.endswith(".localhost")
    return "" if local else web_url(base_url) or ""


def port_of(base_url: str) -> int:
    """Return the port of an http or https URL, also if the URL does not name it."""
    parts = urlsplit(base_url)
    return parts.port or (443 if parts.scheme == "https" else 80)


def is_root_of_this_machine(base_url: str) -> bool:
    """Return whether `base_url` is the root of a server that only this machine can reach."""
    return not public_base(base_url) and urlsplit(base_url).path == "/"


def host_of(base_url: str) -> str:
    """Return the host of `base_url` in a form allowed in mail headers; `localhost` without one."""
    url = web_url(base_url)
    host = urlsplit(url).hostname if url else None
    return host if host and re.fullmatch(r"[a-z0-9-]+(?:\.[a-z0-9-]+)*", host) else "localhost"
