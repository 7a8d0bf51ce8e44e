"""Letters, emails to one person that are not issues, go through the outbox like issues."""

import email
import re
from datetime import UTC, datetime
from email.policy import default

import pytest

from digest.home.settings_file import open_home
from digest.model import Letter, Wish
from digest.services.workspace import open_library
from digest.signing import CONFIRM, is_reader_code, verify_token
from digest.store import migrations
from tests.deliver.mail_home import NOW, MailHome
from tests.deliver.smtp_server import ScriptedServer

AT = datetime(2026, 11, 20, 8, tzinfo=UTC)
ADA = "ada@example.org"
KELP = Wish("Kelp & lamps", ("kelp", '"slow lamp"'), ("granite",), "daily 08:00", "Europe/Berlin")


def queue(home: MailHome, letter: Letter, recipient: str = ADA) -> None:
    with open_library(open_home(str(home.path)), create=True) as store, store.begin() as tx:
        tx.outbox.add_letter(letter, recipient, channel="smtp", at=AT)


def secret(home: MailHome) -> bytes:
    (found,) = home.rows("select value from secret where name = 'tokens'")[0]
    return bytes(found)


def texts(data: bytes) -> tuple[email.message.EmailMessage, str, str]:
    message = email.message_from_bytes(data, policy=default)
    plain, html = message.iter_parts()
    return message, plain.get_content(), html.get_content()


@pytest.mark.parametrize("code", ["en", "de"])
def test_a_letter_asks_for_confirmation(home: MailHome, code: str):
    queue(home, Letter("confirm", code, AT, 7, wishes=(KELP,)))
    with ScriptedServer() as server:
        home.settings(server.port, top='base_url = "https://papers.example.org/d/"')
        report = home.deliver()
    assert report["sent"] == 1
    (message,) = report["messages"]
    assert (message["letter"], message["subscription"], message["issue"]) == ("confirm", None, None)
    (taken,) = server.taken
    message, plain, html = texts(taken.data)
    assert message["To"] == ADA
    assert not [name for name in message if name.startswith("List-")]
    assert message["Auto-Submitted"] == "auto-generated"
    for content in (plain, html):
        (link,) = set(re.findall(r"https://papers\.example\.org/d/confirm/([\w-]+)", content))
        assert verify_token(secret(home), CONFIRM, link) == 7
    assert "granite" in plain
    assert "Kelp & lamps" in message["Subject"]
    assert ("bestätigen" in message["Subject"]) == (code == "de")


@pytest.mark.parametrize("kind", ["welcome", "sign-in"])
def test_other_letters_link_to_the_page_of_the_reader(home: MailHome, kind):
    queue(home, Letter(kind, "en", AT, 3, generation=2, wishes=(KELP,), considered=12))
    with ScriptedServer() as server:
        home.settings(server.port)
        home.deliver()
    _, plain, _ = texts(server.taken[0].data)
    (link,) = re.findall(r"/manage/([\w-]+)", plain)
    assert is_reader_code(secret(home), 3, 2, link)
    assert not is_reader_code(secret(home), 3, 3, link)
    assert not is_reader_code(secret(home), 4, 2, link)


def test_a_suppressed_address_gets_no_letter_but_one_that_left_a_subscription_does(home: MailHome):
    home.call("recipients", "suppress", ADA)
    queue(home, Letter("confirm", "en", AT, 1, wishes=(KELP,)))
    home.call("recipients", "suppress", "eve@example.org", "--subscription", "kelp")
    queue(home, Letter("confirm", "en", AT, 2, wishes=(KELP,)), "eve@example.org")
    with ScriptedServer() as server:
        home.settings(server.port)
        report = home.deliver()
    assert (report["sent"], report["suppressed"]) == (1, 1)


def test_letters_are_forgotten(home: MailHome):
    queue(home, Letter("confirm", "en", AT, 1, wishes=(KELP,)))
    with open_library(open_home(str(home.path)), create=False) as store, store.begin() as tx:
        assert tx.outbox.forget_letters(before=AT) == 0
        assert tx.outbox.forget_letters(before=datetime(2026, 11, 21, tzinfo=UTC)) == 1
    assert home.rows("select count(*) from outbox")[0][0] == 0


def test_an_outbox_without_letters_is_migrated(home: MailHome):
    """Its lines and their ids stay, those of removed lines are never used again, and letters can be added."""
    home.queue(kelp=[ADA, "eve@example.org", "bob@example.org"])
    before = home.rows("select * from outbox order by id")
    home.change("delete from outbox where id = 3")
    (old,) = home.rows("select sql from sqlite_master where name = 'outbox'")[0]
    columns = "id, issue, recipient, address, domain, channel, status, attempts, doubts, queued, due, holder, leased_until, begun, settled, delivery, reply"
    old = re.sub(r",\s*letter BLOB", "", old.replace("issue INTEGER", "issue INTEGER NOT NULL"))
    for statement in (
        "alter table outbox rename to newer",
        "drop index outbox_due",
        "drop index ix_outbox_address",
        old.replace('"outbox"', "outbox"),
        "create index outbox_due on outbox (channel, status, due)",
        "create index ix_outbox_address on outbox (address)",
        f"insert into outbox ({columns}) select {columns} from newer",
        "drop table newer",
        "update sqlite_sequence set seq = 3 where name = 'outbox'",
        f"update schema_version set version = {migrations.MIGRATIONS.index(migrations._keep_letters) + 1}",
    ):
        home.change(statement)
    assert "letter" not in home.rows("select sql from sqlite_master where name = 'outbox'")[0][0]
    queue(home, Letter("confirm", "en", AT, 1, wishes=(KELP,)))
    after = home.rows("select * from outbox order by id")
    assert after[:2] == before[:2]
    assert [row[0] for row in after] == [1, 2, 4]
    with ScriptedServer() as server:
        home.settings(server.port)
        assert home.deliver(NOW)["sent"] == 3
