"""The findings of `digest doctor` on mail, and their remedies."""

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from digest.deliver.dkim import load_signer
from tests.deliver.mail_home import MailHome
from tests.deliver.smtp_server import ScriptedServer


def found(home: MailHome, status: int) -> dict[str, list[tuple[str, str, str]]]:
    done = home.call("doctor", "--json", "--now", "2026-11-20T09:00")
    assert done.status == status, done
    result: dict[str, list[tuple[str, str, str]]] = {}
    for each in done.json:
        result.setdefault(each["check"], []).append((each["state"], each["message"], each["remedy"]))
    return result


def write_key(home: MailHome, name: str, bits: int = 2048) -> str:
    key = rsa.generate_private_key(65537, bits)
    home.write(name, key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    return load_signer(home.path / name, domain="example.org", selector="s").record


def test_a_home_without_mail_has_nothing_to_check(home: MailHome):
    assert not found(home, 0).keys() & {"links", "smtp", "from", "dkim"}


def test_a_home_that_sends(home: MailHome):
    record = write_key(home, "dkim.pem")
    with ScriptedServer() as server:
        cut = f'{record[:90]}" "{record[90:]}'.replace('"', '\\"')
        home.settings(server.port, more=f'[dkim]\nselector = "s"\nkey = "dkim.pem"\nrecord = "\\"{cut}\\""')
        checks = found(home, 0)
    assert checks["smtp"][0][1].endswith("connected, no TLS (this machine only), no login")
    assert checks["from"][0][:2] == ("good", "digest@example.org")
    assert checks["dkim"][0][1] == "s._domainkey.example.org: rsa, 2048 bits; dkim.record matches this key"
    assert checks["links"][0][0] == "warning"  # the archive is on this machine only
    assert not any(command.startswith("MAIL") for command in server.commands)


def test_problems_come_with_a_remedy(home: MailHome):
    write_key(home, "dkim.pem", 1024)
    home.write("templates/issue.html", "{{ nonsense")
    home.settings(
        1, more='[dkim]\nselector = "s"\nkey = "dkim.pem"\ndomain = "other.test"\nrecord = "v=DKIM1; p=AAAA"\n[bounces]\naddress = "b@third.test"'
    )  # fmt: skip
    checks = found(home, 1)
    assert checks["templates"][0][0] == "bad"
    assert "127.0.0.1:1: cannot be reached" in checks["smtp"][0][1]
    assert [each[0] for each in checks["from"]] == ["warning", "bad"]
    assert [each[0] for each in checks["dkim"]] == ["warning", "bad"]
    assert checks["dkim"][1][2].startswith("publish: v=DKIM1; k=rsa; p=")
    assert "problems found." in home.call("doctor").out


@pytest.mark.parametrize("key", ["absent.pem", "digest.toml"])
def test_an_invalid_key(home: MailHome, key):
    with ScriptedServer() as server:
        home.settings(server.port, more=f'[dkim]\nselector = "s"\nkey = "{key}"')
        checks = found(home, 1)
        assert checks["dkim"][0][0] == "bad"
        assert "openssl genrsa" in checks["dkim"][0][2]


def test_without_a_record_the_needed_one_is_named(home: MailHome):
    record = write_key(home, "dkim.pem")
    with ScriptedServer() as server:
        home.settings(server.port, more='[dkim]\nselector = "s"\nkey = "dkim.pem"')
        assert record in found(home, 0)["dkim"][0][2]
