"""Where a fetch may connect to: public addresses only, decided when the connection is made.

A name is looked up once, every address it has is judged, and the connection goes to an address that was
judged: a name that changes its mind between the look-up and the connection gains nothing, and a redirect is
judged like any other address.
"""

import ipaddress
import socket
from collections.abc import Iterable
from typing import Any

import httpcore

_NAT64 = ipaddress.ip_network("64:ff9b::/96")
Address = ipaddress.IPv4Address | ipaddress.IPv6Address


class Forbidden(Exception):  # noqa: N818 - leaves this package as a sentence
    """A connection that is not made, and why."""


def is_public(address: Address) -> bool:
    """Say whether an address is one of the public internet, also if it only carries another one within."""
    if isinstance(address, ipaddress.IPv6Address):
        within = address.ipv4_mapped or address.sixtofour or (address.teredo or (None, None))[1]
        if address in _NAT64:
            within = ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
        if within is not None:
            return is_public(within)
    return address.is_global and not address.is_multicast


class GuardedNetwork(httpcore.SyncBackend):
    """Makes connections to public addresses; to private ones only if `private` allows it."""

    def __init__(self, *, private: bool) -> None:
        self._private = private

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore.NetworkStream:
        """Connect to the first address of a host. Raises Forbidden if any of its addresses is private."""
        return super().connect_tcp(self._judged(host, port), port, timeout, local_address, socket_options)

    def connect_unix_socket(self, *_args: Any, **_options: Any) -> httpcore.NetworkStream:
        raise Forbidden("a socket of this machine is no place for papers")

    def _judged(self, host: str, port: int) -> str:
        try:
            found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
        except OSError as problem:
            raise httpcore.ConnectError(f"{host} has no address: {problem.strerror or problem}") from problem
        except UnicodeError as problem:
            raise httpcore.ConnectError(f"{host!r} cannot be the name of a host") from problem
        addresses = [ipaddress.ip_address(str(entry[4][0]).partition("%")[0]) for entry in found]
        private = [address for address in addresses if not is_public(address)]
        if private and not self._private:
            raise Forbidden(
                f"{host} is {private[0]}, which is no public address; `private = true` allows it for this source"
            )
        return str(addresses[0])
