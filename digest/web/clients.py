"""Who sends a request: the network of the client, behind proxies that are trusted, and the host that it asks for."""

from collections.abc import Iterable
from functools import lru_cache
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network

from starlette.datastructures import Headers
from starlette.types import Scope

from digest.model import Settings
from digest.text.hosts import host_of_url
from digest.urls import is_loopback

_LENGTHS = {4: 24, 6: 48}  # of the networks in which a client can choose its address


def client_network(scope: Scope, trusted: Iterable[str]) -> str:
    """Return the network of a client, such as `192.0.2.0/24`; "" if it is unknown.

    `X-Forwarded-For` is believed only from the `trusted` proxies: the last address in it that is not one of theirs
    counts.
    """
    peer = _address((scope.get("client") or ("",))[0])
    proxies = _networks(tuple(trusted))
    forwarded = Headers(scope=scope).getlist("x-forwarded-for")
    for text in reversed(",".join(forwarded).split(",")):
        if peer is None or not any(peer in each for each in proxies):
            break
        named = _address(text)
        if named is None:
            break
        peer = named
    if peer is None:
        return ""
    return str(ip_network((peer, _LENGTHS[peer.version]), strict=False))


def _address(text: str) -> IPv4Address | IPv6Address | None:
    """Return the IP address in a text, without port, brackets and zone."""
    text = text.strip().partition("%")[0]
    if text.startswith("["):
        text = text[1:].partition("]")[0]
    elif text.count(":") == 1:
        text = text.partition(":")[0]
    try:
        found = ip_address(text)
    except ValueError:
        return None
    return (found.ipv4_mapped or found) if isinstance(found, IPv6Address) else found


@lru_cache(8)
def _networks(texts: tuple[str, ...]) -> tuple[IPv4Network | IPv6Network, ...]:
    return tuple(ip_network(text, strict=False) for text in texts)


def is_known_host(scope: Scope, settings: Settings) -> bool:
    """Return whether a request is for the host of `base_url`, one of `trusted_hosts`, or for this machine by its name.

    Pages whose addresses are secret are served to no other, because a link that names a wrong host would leave us.
    """
    try:
        host = host_of_url(Headers(scope=scope).get("host", ""))
        ours = host_of_url(settings.base_url.partition("//")[2].partition("/")[0])
    except ValueError:
        return False
    if host is None:
        return False
    return host in {ours, *settings.web.trusted_hosts} or is_loopback(host)
