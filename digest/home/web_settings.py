"""The table [serve] of `digest.toml`: where `digest serve` listens, and who may subscribe on its pages."""

from ipaddress import ip_network
from typing import Any

from digest.home.toml import TableReader, at_least, one_of, strings
from digest.home.values import domain, host_name, port
from digest.model import Settings
from digest.model.settings import SIGN_UPS, WebSettings

_MAIL = ("smtp", "maildir")


def read_serve(table: TableReader | None) -> tuple[tuple[str, int], WebSettings]:
    """Return the address to listen on, and the settings of the pages on which people subscribe."""
    (default_host, default_port), default = Settings().serve, WebSettings()
    if table is None:
        return (default_host, default_port), default
    address = table.get("host", str, default_host, host_name), table.get("port", int, default_port, port)
    web = WebSettings(
        signup=table.get("signup", str, default.signup, one_of(*SIGN_UPS)),
        domains=tuple(table.get_list("domains", [], _domains)),
        requests_per_hour=table.get("requests_per_hour", int, default.requests_per_hour, at_least(1)),
        mails_per_hour=table.get("mails_per_hour", int, default.mails_per_hour, at_least(1)),
        trusted_hosts=tuple(table.get_list("trusted_hosts", [], _hosts)),
        trusted_proxies=tuple(table.get_list("trusted_proxies", [], _networks)),
    )
    table.reject_unknown()
    if (web.signup == "domains") != bool(web.domains):
        remedy = 'use both signup = "domains" and, for example, domains = ["example.org"], or neither'
        table.problem("domains", 'and signup = "domains" belong together', remedy)
    return address, web


def check_serve(table: TableReader, settings: Settings) -> None:
    """Report it if people may subscribe, but no channel sends mail. `table` is the whole file."""
    if settings.web.signup != "off" and not set(_MAIL) & set(settings.channels):
        inner = table.table("serve")
        assert inner is not None, "the setting is in it"
        inner.problem(
            "signup", "needs a channel that sends mail", 'set channels = ["smtp"] and add the table [smtp]'
        )


def _domains(values: list[Any]) -> list[Any]:
    return [domain(value) for value in strings(values)]


def _hosts(values: list[Any]) -> list[Any]:
    return [host_name(value) for value in strings(values)]


def _networks(values: list[Any]) -> list[Any]:
    for value in strings(values):
        try:
            ip_network(value, strict=False)
        except ValueError as error:
            remedy = "use an IP address or a network such as 10.0.0.0/8"
            raise ValueError(f"{value!r} is not a valid network; {remedy}") from error
    return values
