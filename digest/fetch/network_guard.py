"""Restricts connections to public addresses, when the connection is made.

A host name is resolved once, all its addresses are checked, and the connection goes to a checked address. So
a name that resolves differently the next time (DNS rebinding) gains nothing, and redirects are checked like
any URL.
"""

import ipaddress
import socket
from collections.abc import Iterable
from typing import Any

import httpcore

_NAT64 = ipaddress.ip_network("64:ff9b::/96")
Address = ipaddress.IPv4Address | ipaddress.IPv6Address


class ForbiddenAddressError(Exception):
    """A connection that was refused, and why."""


def is_public(address: Address) -> bool:
    """Return whether an address is public; an IPv6 address that embeds an IPv4 address is judged by that."""
    if isinstance(address, ipaddress.IPv6Address):
        embedded = address.ipv4_mapped or address.sixtofour or (address.teredo or (None, None))[1]
        if address in _NAT64:
            embedded = ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
        if embedded is not None:
            return is_public(embedded)
    return address.is_global and not address.is_multicast


class GuardedNetwork(httpcore.SyncBackend):
    """Connects to public addresses; to private ones only if `private` is true."""

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
        """Connect to the first address of a host.

        Raises ForbiddenAddressError if any of its addresses is private.
        """
        return super().connect_tcp(
            self._checked_address(host, port), port, timeout, local_address, socket_options
        )

    def connect_unix_socket(self, *_args: Any, **_options: Any) -> httpcore.NetworkStream:
        raise ForbiddenAddressError("connections to Unix sockets are not allowed")

    def _checked_address(self, host: str, port: int) -> str:
        try:
            found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
        except OSError as problem:
            raise httpcore.ConnectError(f"{host} has no address: {problem.strerror or problem}") from problem
        except UnicodeError as problem:
            raise httpcore.ConnectError(f"{host!r} is not a valid host name") from problem
        addresses = [ipaddress.ip_address(str(entry[4][0]).partition("%")[0]) for entry in found]
        private = [address for address in addresses if not is_public(address)]
        if private and not self._private:
            raise ForbiddenAddressError(
                f"{host} is not on the public internet ({private[0]}); "
                "to allow it for this source, set private = true"
            )
        return str(addresses[0])
