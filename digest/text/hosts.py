"""Host names of other scripts in ASCII, as browsers write them. Pure.

The codec `idna` of Python follows IDNA 2003, which maps ß to ss and ς to σ and removes joiners: another host, perhaps
of another owner. Here the non-transitional processing of UTS 46 applies, with the settings of the URL standard
(https://url.spec.whatwg.org/#idna), and a host keeps these characters.
"""

from functools import lru_cache
from ipaddress import ip_address
from urllib.parse import unquote_to_bytes, urlsplit

_LONGEST_LABEL, _LONGEST_HOST = 63, 253  # characters (RFC 1035, 2.3.4)
JOINERS = frozenset("\u200c\u200d")


def ascii_host(text: str) -> str | None:
    """Return a host name in ASCII and lower case, None if its characters cannot be in one.

    A name in ASCII is only put in lower case: whether it is valid is for the caller to decide.
    """
    return text.lower() if text.isascii() else _encoded(text)


@lru_cache(maxsize=1024)
def _encoded(text: str) -> str | None:
    import idna  # its tables take some milliseconds

    try:
        labels = idna.uts46_remap(text, std3_rules=False).split(".")
        host = ".".join(map(_label, labels))
    except (idna.IDNAError, UnicodeError, ValueError):
        return None
    return host if len(host.rstrip(".")) <= _LONGEST_HOST else None


def _label(label: str) -> str:
    """Return one label in ASCII. Raises ValueError for a label that browsers refuse."""
    import idna

    if label.isascii():
        return label
    idna.check_initial_combiner(label)
    idna.check_bidi(label)
    if not all(idna.valid_contextj(label, place) for place, char in enumerate(label) if char in JOINERS):
        raise ValueError("a joiner between letters that do not join")
    encoded = "xn--" + label.encode("punycode").decode("ascii")
    if len(encoded) > _LONGEST_LABEL or label.startswith("xn--"):
        raise ValueError("a label that is too long or encoded twice")
    return encoded


def is_ip(host: str) -> bool:
    """Return whether a host is an IP address, written without brackets."""
    try:
        ip_address(host)
    except ValueError:
        return False
    return True


def host_of_url(netloc: str) -> str | None:
    """Return the host of a URL's authority in ASCII and lower case, with its percent-encoding undone (RFC 3986, 3.2.2).

    "" without a host, None if it is not a valid one. `urlsplit(…).hostname` puts other scripts in lower case by the
    rules of running text, which turns a final Σ into another letter.
    """
    place = netloc.rpartition("@")[2]
    host = place[1:].partition("]")[0] if place.startswith("[") else place.partition(":")[0]
    if "%" in host and not place.startswith("["):
        try:
            host = unquote_to_bytes(host).decode("utf-8")
        except UnicodeDecodeError:
            return None
    return ascii_host(host)


def with_ascii_host(url: str) -> str:
    """Return a URL with its host in ASCII, everything else as it is; the URL itself if that is not possible.

    Whoever connects to it then connects to the host that a browser would.
    """
    if url.isascii() and "%" not in url.partition("://")[2].partition("/")[0]:
        return url
    try:
        parts = urlsplit(url)
    except ValueError:
        return url
    host = host_of_url(parts.netloc)
    if not host or parts.netloc.rpartition("@")[2].startswith("["):
        return url
    user, at, place = parts.netloc.rpartition("@")
    _, colon, port = place.partition(":")
    return parts._replace(netloc=f"{user}{at}{host}{colon}{port}").geturl()
