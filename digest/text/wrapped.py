"""Web addresses out of the redirects that mail filters, search engines and proxies wrap around them. Pure.

Filters of mail rewrite every link of a message so that a click passes through their server, and filters follow each
other. Addresses that carry their target are unwrapped, in any nesting. Others, such as Mimecast's, name only a key of
the filter's database and stay as they are. Sources: the decoder that Proofpoint publishes for the three versions of
its addresses, and the addresses of the other services in public mail archives and repositories.
"""

import base64
import binascii
import re
from html import unescape
from typing import Final
from urllib.parse import unquote

_MOST_LAYERS: Final = 12
_LONGEST: Final = 20_000  # characters of an address that is looked at
_ADDRESS = re.compile(r"https?://([^\s/?#]{1,300})([^\s?#]*)(?:\?([^\s#]*))?(?:#\S*)?", re.IGNORECASE)
_IN_TEXT = re.compile(r"https?://[^\s<>\"]+", re.IGNORECASE)
_SCHEME = re.compile(r"(https?):/{1,2}(?=[^/\s])", re.IGNORECASE)
# Every address that can be unwrapped has one of these.
_SIGNS = re.compile(r"(?:url|\b[uqa]|uddg)=|/v[23]/|cisco|yahoo", re.IGNORECASE)
_BASE64 = re.compile(r"[A-Za-z0-9_+/-]{12,}={0,2}")

# Hosts whose address carries the target in a parameter, with the names of the parameter. A path makes them sure.
_QUERIES: Final = tuple(
    (re.compile(host, re.IGNORECASE), re.compile(path, re.IGNORECASE), names)
    for host, path, names in (
        (r"(?:.+\.)?safelinks\.protection\.(?:partner\.)?(?:outlook\.(?:com|cn)|office365\.us)", r".*", ("url",)),
        (r"(?:.+\.)?teams\.(?:cdn\.office\.net|microsoft\.com)", r".*safelinks.*", ("url",)),
        (r"scholar\.google(?:\.[a-z]+)+", r"/scholar_url", ("url", "q")),
        (r"(?:www\.)?google(?:\.[a-z]+)+", r"/(?:url|interstitial)", ("q", "url")),
        (r"(?:www\.)?youtube\.com", r"/redirect", ("q",)),
        (r"urldefense(?:\.proofpoint)?\.(?:com|us)", r"/v1/url", ("u",)),
        (r"linkprotect\.cudasvc\.com", r"/url", ("a",)),
        (r"(?:.+\.)?protection\.sophos\.com", r".*", ("u",)),
        (r"protect2?\.fireeye\.com", r"/(?:v\d/)?url", ("u",)),
        (r"(?:.+\.)?fireeye\.com", r"/(?:v\d/)?url", ("u",)),
        (r"clicktime\.(?:symantec\.com|cloud\.postoffice\.net)", r".*", ("u",)),
        (r"(?:.+\.)?trendmicro\.com(?::\d+)?", r"/wis/clicktime/.*", ("url",)),
        (r"urlisolation\.com", r"/browser", ("url",)),
        (r"(?:.+\.)?[a-z0-9.-]+", r"/fmlurlsvc/?", ("url",)),  # FortiMail, on the host of its owner
        (r"(?:link|url)\.(?:edgepilot|zixcentral|emailprotection)\.[a-z]+", r".*", ("u", "url")),
        (r"secure-web\.cisco\.com", r"/.*", ("url", "u")),
        (r"(?:l|lm)\.(?:facebook|instagram|messenger)\.com", r"/.*", ("u",)),
        (r"(?:www\.)?linkedin\.com", r"/(?:safety/go|redir/redirect|redir/general-malware-page)/?", ("url",)),
        (r"slack-redir\.net", r"/link", ("url",)),
        (r"duckduckgo\.com", r"/l/", ("uddg",)),
    )
)  # fmt: skip
_PROOFPOINT = re.compile(r"urldefense(?:\.proofpoint)?\.(?:com|us)", re.IGNORECASE)
_PROOFPOINT_3 = re.compile(r"/v3/__(.+)__;([^!]*)!", re.IGNORECASE)
_RUN = re.compile(r"\*(?:\*([A-Za-z0-9_-]))?")
_RUNS: Final = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"  # of 2 characters, of 3 …
_AVANAN = re.compile(
    r"https?://(?:url\.avanan\.click|protect\.checkpoint\.com)/v2/(?:[a-z0-9]+/)?_{3}(https?:/.+)_{3}(?:\.|$)",
    re.IGNORECASE,
)
# EZproxy, `login.ezproxy.uni.example/login?url=`; the address follows as it is, to the end.
_EZPROXY = re.compile(
    r"https?://(?:[\w-]+\.){0,3}(?:\w*-?proxy\w*|idm)\.[\w.-]+(?::\d+)?/login/?\?(?:[^#]*?&)??(q?)url=(https?\S+)",
    re.IGNORECASE,
)
_CISCO = re.compile(r"secure-web\.cisco\.com", re.IGNORECASE)
_YAHOO = re.compile(r"https?://r\.search\.yahoo\.com/.*?/RU=([^/]+)/R[KS]=", re.IGNORECASE)


def unwrapped(address: str) -> str:
    """Return the address that a wrapped address leads to; any other text as it is, and also one without a target."""
    found = layers(address)
    return found[-1] if len(found) > 1 else address


def layers(address: str) -> list[str]:
    """Return an address, the address in it, and so on to the innermost."""
    found = [address.strip()]
    while len(found) <= _MOST_LAYERS and len(found[-1]) <= _LONGEST:
        target = _target(found[-1])
        if not target or target in found:
            break
        found.append(target)
    return found


def unwrapped_text(text: str) -> str:
    """Return a text in which each wrapped address is the address that it leads to."""
    return _IN_TEXT.sub(lambda found: unwrapped(found[0]), text) if "://" in text else text


def _target(address: str) -> str:
    match = _ADDRESS.fullmatch(address) if _SIGNS.search(address) else None
    if match is None:
        return ""
    host, path, query = match[1], match[2], match[3] or ""
    for unwrap in (_avanan, _yahoo, _ezproxy):
        if found := unwrap(address):
            return _as_address(found)
    if _PROOFPOINT.fullmatch(host) and not path.lower().startswith("/v1/"):
        return _as_address(_proofpoint(address, query))
    if _CISCO.fullmatch(host) and (found := _as_address(unquote(path.rpartition("/")[2]))):
        return found
    for hosts, paths, names in _QUERIES:
        if hosts.fullmatch(host) and paths.fullmatch(path):
            # What follows an address without percent signs belongs to it: `login?url=https://a.example/?id=1`.
            return _parameter(query + _fragment(address), names)
    return ""


def _fragment(address: str) -> str:
    _, sign, rest = address.partition("#")
    return sign + rest


def _parameter(query: str, names: tuple[str, ...]) -> str:
    """Return the first of the parameters that is an address, perhaps in Base64."""
    pairs = [piece.partition("=")[::2] for piece in unescape(query).split("&")]
    for name in names:
        for key, value in pairs:
            if key.lower() != name:
                continue
            bare = unquote(value)
            if found := _as_address(bare) or _base64(bare):
                return found
    return ""


def _as_address(text: str) -> str:
    """Return a text as an address if it is one; a single slash after the scheme is mended."""
    found = _SCHEME.match(text.strip())
    return f"{found[1].lower()}://{text.strip()[found.end() :]}" if found else ""


def _base64(text: str) -> str:
    if not _BASE64.fullmatch(text):
        return ""
    return _as_address(_decoded(text))


def _decoded(text: str) -> str:
    bare = text.rstrip("=").replace("+", "-").replace("/", "_")
    try:
        return base64.urlsafe_b64decode(bare + "=" * (-len(bare) % 4)).decode("utf-8", "replace")
    except (binascii.Error, ValueError):
        return ""


def _proofpoint(address: str, query: str) -> str:
    if third := _PROOFPOINT_3.search(address):
        return _third(third[1], _decoded(third[2]))
    for piece in unescape(query).split("&"):  # version 2
        if piece[:2].lower() == "u=":
            return unquote(piece[2:].translate({ord("-"): "%", ord("_"): "/"}))
    return ""


def _third(text: str, replaced: str) -> str:
    """Return an address of version 3, in which stars stand for characters listed after it, and `**A` for two."""
    place = 0

    def characters(found: re.Match[str]) -> str:
        nonlocal place
        length = _RUNS.index(found[1]) + 2 if found[1] else 1
        place += length
        return replaced[place - length : place] or found[0]

    return _RUN.sub(characters, text)


def _avanan(address: str) -> str:
    found = _AVANAN.match(address)
    return found[1] if found else ""


def _yahoo(address: str) -> str:
    found = _YAHOO.match(address)
    return unquote(found[1]) if found else ""


def _ezproxy(address: str) -> str:
    found = _EZPROXY.match(address)
    return (unquote(found[2]) if found[1] or "://" not in found[2][:9] else found[2]) if found else ""
