"""digest doctor: what it finds, and what it advises."""

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
    for each in done.json["checks"]:
        result.setdefault(each["check"], []).append((each["status"], each["message"], each["remedy"] or ""))
    return result


def write_key(home: MailHome, name: str, bits: int = 2048) -> str:
    key = rsa.generate_private_key(65537, bits)
    home.write(name, key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    return load_signer(home.path / name, domain="example.org", selector="s").record


def test_a_home_without_mail_is_in_order(home: MailHome):
    checks = found(home, 0)
    assert {name: each[0][0] for name, each in checks.items()} == {
        "settings": "ok", "database": "ok", "templates": "ok", "clock": "ok", "smtp": "skipped", "dkim": "skipped",
    }  # fmt: skip
    assert not (home.path / "digest.db").exists()
    assert "to mend" not in home.call("doctor").out


def test_a_home_that_sends(home: MailHome):
    record = write_key(home, "dkim.pem")
    with ScriptedServer() as server:
        cut = f'{record[:90]}" "{record[90:]}'.replace('"', '\\"')
        home.settings(server.port, more=f'[dkim]\nselector = "s"\nkey = "dkim.pem"\nrecord = "\\"{cut}\\""')
        checks = found(home, 0)
    assert checks["smtp"][0][1].endswith("connected, no TLS, on this machine, no login")
    assert checks["from"][0][:2] == ("ok", "digest@example.org")
    assert (
        checks["dkim"][0][1]
        == "s._domainkey.example.org: rsa, 2048 bits; the record given is that of the key"
    )
    assert checks["settings"][1][0] == "warning"  # the archive is on this machine only
    assert not any(command.startswith("MAIL") for command in server.commands)


def test_what_is_wrong_comes_with_a_remedy(home: MailHome):
    write_key(home, "dkim.pem", 1024)
    home.write("templates/issue.html", "{{ nonsense")
    home.settings(
        1, more='[dkim]\nselector = "s"\nkey = "dkim.pem"\ndomain = "other.test"\nrecord = "v=DKIM1; p=AAAA"\n[bounces]\naddress = "b@third.test"'
    )  # fmt: skip
    checks = found(home, 1)
    assert checks["templates"][0][0] == "wrong"
    assert "127.0.0.1:1: cannot be reached" in checks["smtp"][0][1]
    assert [each[0] for each in checks["from"]] == ["warning", "wrong"]
    assert [each[0] for each in checks["dkim"]] == ["warning", "wrong"]
    assert checks["dkim"][1][2].startswith("publish: v=DKIM1; k=rsa; p=")
    assert "to mend" in home.call("doctor").out


@pytest.mark.parametrize("key", ["absent.pem", "digest.toml"])
def test_a_key_that_is_none(home: MailHome, key):
    with ScriptedServer() as server:
        home.settings(server.port, more=f'[dkim]\nselector = "s"\nkey = "{key}"')
        checks = found(home, 1)
        assert checks["dkim"][0][0] == "wrong"
        assert "openssl genrsa" in checks["dkim"][0][2]


def test_without_a_record_it_says_which_one_is_needed(home: MailHome):
    record = write_key(home, "dkim.pem")
    with ScriptedServer() as server:
        home.settings(server.port, more='[dkim]\nselector = "s"\nkey = "dkim.pem"')
        assert record in found(home, 0)["dkim"][0][2]


def test_a_clock_of_another_age(home: MailHome):
    done = home.call("doctor", "--now", "2001-01-01T00:00")
    assert done.status == 1
    assert "set the machine's clock" in done.err
