"""Restricts connections to public addresses, when the connection is made.

A host name is resolved once, all its addresses are checked, and the connection goes to a checked address. So
a name that resolves differently the next time (DNS rebinding) gains nothing, and redirects are checked like
any URL.
"""

import ipaddress
import socket
import ssl
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from threading import Thread
from typing import Any

import httpcore

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
_V4, _V6 = ipaddress.IPv4Network, ipaddress.IPv6Network

# The special-purpose registries of IANA (RFC 6890 and its updates), as far as they are not globally reachable, and
# multicast. The `ipaddress` of older versions of Python lacks some of them.
_PRIVATE_V4 = tuple(
    map(
        _V4,
        (
            "0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12",
            "192.0.0.0/24", "192.0.2.0/24", "192.88.99.0/24", "192.168.0.0/16", "198.18.0.0/15", "198.51.100.0/24",
            "203.0.113.0/24", "224.0.0.0/4", "240.0.0.0/4",
        ),
    )
)  # fmt: skip
_PUBLIC_V4 = tuple(map(_V4, ("192.0.0.9/32", "192.0.0.10/32")))  # within a private block
# Only this block has public IPv6 addresses (RFC 4291), so everything else is private without being listed: the
# unspecified, loopback, IPv4-compatible and -translated, link-local, site-local and unique local addresses, the
# local-use prefix of NAT64 (64:ff9b:1::/48), segment routing (5f00::/16), discard prefixes, multicast.
_UNICAST = _V6("2000::/3")
_PRIVATE_V6 = tuple(map(_V6, ("2001::/23", "2001:db8::/32", "3fff::/20")))
_PUBLIC_V6 = tuple(
    map(_V6, ("2001:1::1/128", "2001:1::2/128", "2001:1::3/128", "2001:3::/32", "2001:4:112::/48", "2001:20::/28", "2001:30::/28"))
)  # fmt: skip
_NAT64 = _V6("64:ff9b::/96")
_ISATAP = (0x0000_5EFE, 0x0200_5EFE)  # the upper half of an interface identifier (RFC 5214)


class ForbiddenAddressError(Exception):
    """A connection that was refused, and why."""


def is_public(address: Address) -> bool:
    """Return whether an address is public; an IPv6 address that embeds IPv4 addresses is if all of them are."""
    if isinstance(address, ipaddress.IPv4Address):
        return _among(address, _PUBLIC_V4) or not _among(address, _PRIVATE_V4)
    embedded = _embedded(address)
    if embedded:
        return all(map(is_public, embedded))
    return address in _UNICAST and (_among(address, _PUBLIC_V6) or not _among(address, _PRIVATE_V6))


def _embedded(address: ipaddress.IPv6Address) -> tuple[ipaddress.IPv4Address, ...]:
    """Return the IPv4 addresses to which packets for an IPv6 address may be sent."""
    low = ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
    if address.ipv4_mapped is not None or address in _NAT64:
        return (low,)
    if address.sixtofour is not None:
        return (address.sixtofour,)
    if address.teredo is not None:
        return address.teredo
    if address in _UNICAST and (int(address) >> 32) & 0xFFFFFFFF in _ISATAP:
        return (low,)
    return ()


def _among(address: Address, networks: Iterable[ipaddress.IPv4Network | ipaddress.IPv6Network]) -> bool:
    return any(address in network for network in networks)


class Deadline:
    """The end of a request: connecting, headers and body together. It is unset before `start`."""

    def __init__(self) -> None:
        self._end: float | None = None

    def start(self, seconds: float) -> None:
        """Allow so many seconds from now on."""
        self._end = time.monotonic() + seconds

    def extend(self, seconds: float) -> None:
        """Do not count time that this program chose to wait."""
        if self._end is not None:
            self._end += seconds

    def left(self, timeout: float | None) -> float | None:
        """Return the time in seconds for the next step, at most `timeout`. Raises DeadlineError if none is left."""
        if self._end is None:
            return timeout
        left = self._end - time.monotonic()
        if left <= 0:
            raise DeadlineError
        return left if timeout is None else min(left, timeout)

    @contextmanager
    def named(self) -> Iterator[None]:
        """Raise DeadlineError for a timeout in the block that the deadline caused."""
        try:
            yield
        except httpcore.TimeoutException:
            self.left(None)
            raise


class DeadlineError(Exception):
    """A request took longer than it may as a whole; `connecting` if it had reached no server by then."""

    connecting = False


class _TimedStream(httpcore.NetworkStream):
    """A connection on which each step ends by the deadline, so that a server that sends drop by drop gains nothing."""

    def __init__(self, stream: httpcore.NetworkStream, deadline: Deadline) -> None:
        self._stream, self._deadline = stream, deadline

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        with self._deadline.named():
            return self._stream.read(max_bytes, self._deadline.left(timeout))

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        with self._deadline.named():
            self._stream.write(buffer, self._deadline.left(timeout))

    def close(self) -> None:
        self._stream.close()

    def start_tls(
        self, ssl_context: ssl.SSLContext, server_hostname: str | None = None, timeout: float | None = None
    ) -> httpcore.NetworkStream:
        with self._deadline.named():
            stream = self._stream.start_tls(ssl_context, server_hostname, self._deadline.left(timeout))
        return _TimedStream(stream, self._deadline)

    def get_extra_info(self, info: str) -> Any:
        return self._stream.get_extra_info(info)


class GuardedNetwork(httpcore.SyncBackend):
    """Connects to public addresses, to private ones only if `private` is true, and only until the deadline."""

    def __init__(self, deadline: Deadline, *, private: bool) -> None:
        self._deadline, self._private = deadline, private

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
        try:
            with self._deadline.named():
                address = self._checked_address(host, port)
                left = self._deadline.left(timeout)
                stream = super().connect_tcp(address, port, left, local_address, socket_options)
        except DeadlineError as error:
            error.connecting = True
            raise
        return _TimedStream(stream, self._deadline)

    def connect_unix_socket(self, *_args: Any, **_options: Any) -> httpcore.NetworkStream:
        raise ForbiddenAddressError("connections to Unix sockets are not allowed")

    def _checked_address(self, host: str, port: int) -> str:
        try:
            found = _looked_up(host, port, self._deadline.left(None))
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


def _looked_up(host: str, port: int, timeout: float | None) -> list[Any]:
    """Return the addresses of a host, as `getaddrinfo`, which has no timeout. Raises ConnectTimeout."""
    found: list[list[Any]] = []
    failed: list[Exception] = []

    def look_up() -> None:
        try:
            found.append(socket.getaddrinfo(host, port, type=socket.SOCK_STREAM))
        except (OSError, UnicodeError) as error:
            failed.append(error)

    thread = Thread(target=look_up, daemon=True)
    thread.start()
    thread.join(timeout)
    if failed:
        raise failed[0]
    if not found:
        raise httpcore.ConnectTimeout(f"the name {host} could not be resolved in time")
    return found[0]
