"""The message itself: headers, MIME, signatures, and what hostile names can do to it (nothing)."""

import base64
import contextlib
import email
import hashlib
import re
import time
from dataclasses import replace
from datetime import UTC, datetime
from email import policy

import dkim
import pytest
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from dkim.canonicalization import Relaxed
from hypothesis import given, settings
from hypothesis import strategies as st

from digest.deliver.bounces import read_bounce
from digest.deliver.dkim import body_hash, load_signer
from digest.deliver.message import PreparedMail, Sender, dot_stuffed
from digest.errors import UsageError
from digest.model import Delivery, Issue
from digest.render import Renderer, SiteContext
from digest.signing import BOUNCE, MESSAGE, UNSUBSCRIBE, verify_token
from digest.text.addresses import Mailbox, mailbox, sender_mailbox
from digest.urls import public_base
from tests.deliver.mail_home import MailHome
from tests.deliver.smtp_server import ScriptedServer

AT = datetime(2026, 11, 20, 9, tzinfo=UTC)
ISSUE = Issue("tea", "Tea & one-step brewing", 7, AT.date(), AT, "UTC", None, None, 3, new=(), updated=())
LINE = Delivery(12, 5, "tea", 7, "ada@reader.test", "smtp", "leased", 1, 0, AT, AT)
ADDRESS = Mailbox("digest", "example.org")
SENDER = Sender(ADDRESS, Mailbox("bounces", "example.org"), b"secret", "https://digest.example.org/")


def eml(issue: Issue = ISSUE, base_url: str = "https://digest.example.org/") -> bytes:
    frame = SiteContext("Paper Digest", base_url, "Paper Digest <digest@example.org>")
    return Renderer(None, frame).eml(issue)


def message_to(
    recipient: str,
    *,
    sender: Sender = SENDER,
    issue: Issue = ISSUE,
    base_url: str = "https://digest.example.org/",
) -> bytes:
    to = mailbox(recipient)
    assert to is not None
    mailing = PreparedMail(eml(issue, base_url), sender, issue)
    return mailing.headers_for(to, replace(LINE, recipient=recipient)) + mailing.body


def pem(key) -> bytes:
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())


@pytest.fixture(scope="module")
def signers(tmp_path_factory):
    folder = tmp_path_factory.mktemp("keys")
    (folder / "rsa.pem").write_bytes(pem(rsa.generate_private_key(65537, 2048)))
    (folder / "ed.pem").write_bytes(pem(ed25519.Ed25519PrivateKey.generate()))
    return tuple(
        load_signer(folder / f"{name}.pem", domain="example.org", selector=name) for name in ("rsa", "ed")
    )


def verified(data: bytes, signers, index: int) -> bool:
    records = {f"{each.name}.".encode(): each.record.encode() for each in signers}
    return dkim.DKIM(data).verify(index, dnsfunc=lambda name, **_: records[name])


def test_headers():
    message = email.message_from_bytes(message_to("ada@reader.test"), policy=policy.SMTP)
    assert not message.defects
    assert message["From"] == "Paper Digest <digest@example.org>"
    assert message["To"] == "ada@reader.test"
    assert message["Date"] == "Fri, 20 Nov 2026 09:00:00 +0000"
    assert re.fullmatch(r"<2026-11-20-7\.tea\.\d+-[a-z2-7]{24}@example\.org>", message["Message-ID"])
    assert message["List-Id"] == "Tea & one-step brewing <tea.digest.example.org>"
    assert message["List-Archive"] == "<https://digest.example.org/>"
    assert message["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    assert message["Auto-Submitted"] == "auto-generated"
    assert message["Feedback-ID"] == "7:tea:issue:paper-digest"
    web, mail = message["List-Unsubscribe"].split(", ")
    token = re.fullmatch(r"<https://digest\.example\.org/unsubscribe/(12-[a-z2-7]{24})>", web)[1]
    assert mail == f"<mailto:bounces@example.org?subject=unsubscribe%20{token}>"
    assert verify_token(b"secret", UNSUBSCRIBE, token) == 12
    assert verify_token(b"secret", BOUNCE, token) is None
    assert verify_token(b"other", UNSUBSCRIBE, token) is None
    assert len(message.keys()) == len(set(message.keys()))
    text, html = message.iter_parts()
    assert (text.get_content_type(), html.get_content_type()) == ("text/plain", "text/html")


@pytest.mark.parametrize(
    ("base_url", "public"),
    [
        ("http://localhost:8350/", ""), ("http://127.0.0.1:8350/", ""), ("http://[::1]/", ""),
        ("https://digest.localhost/", ""), ("http://digest.example.org/", "http://digest.example.org/"),
    ],
)  # fmt: skip
def test_without_a_public_https_url_only_mail_unsubscribes(base_url, public):
    assert public_base(base_url) == public
    sender = replace(SENDER, public_url=public)
    message = email.message_from_bytes(message_to("a@b.test", sender=sender, base_url=base_url))
    assert message["List-Unsubscribe"].startswith("<mailto:bounces@example.org?subject=unsubscribe%20")
    assert message["List-Unsubscribe-Post"] is None
    assert message["List-Archive"] == (f"<{public}>" if public else None)
    assert "localhost" not in message["List-Id"] + message["Message-ID"]


def test_a_message_depends_on_its_recipient_only():
    assert message_to("a@b.test") == message_to("a@b.test")
    first, second = (email.message_from_bytes(message_to(to)) for to in ("a@b.test", "c@b.test"))
    assert first["To"] != second["To"]
    assert first.get_payload()[1].as_bytes() == second.get_payload()[1].as_bytes()


@pytest.mark.parametrize("length", range(1, 65))
def test_a_return_path_never_has_more_than_64_octets_before_the_at(length):
    sender = replace(SENDER, bounces=Mailbox("b" * length, "example.org"))
    for number in (1, 123_456_789, 10**17):
        path = sender.return_path(replace(LINE, id=number))
        assert len(path.partition("@")[0]) <= 64
        assert mailbox(path)
        report = f"To: {path}\nFrom: MAILER-DAEMON@mx.test\nSubject: failure notice\n\n550 5.1.1 user unknown".encode()
        found = read_bounce(report, b"secret")
        assert found.line == (number if "+" in path else None)
        assert "+" in path or length > 64 - len(f"+{number}-") - 12


def test_from_at_an_internationalised_domain():
    frame = SiteContext("Paper Digest", "https://digest.example.org/", "Paper Digest <digest@bücher.example>")
    message = email.message_from_bytes(Renderer(None, frame).eml(ISSUE))
    assert message["From"] == "Paper Digest <digest@xn--bcher-kva.example>"


def test_the_message_id_identifies_the_line_of_the_outbox():
    mailing = PreparedMail(eml(), SENDER, ISSUE)
    first, second = (mailing.message_id(replace(LINE, id=number)) for number in (12, 13))
    assert first != second
    assert verify_token(b"secret", MESSAGE, first.partition("@")[0].rpartition(".")[2]) == 12


def test_return_paths_are_signed():
    path = SENDER.return_path(LINE)
    local, _, domain = path.partition("@")
    name, _, token = local.partition("+")
    assert (name, domain) == ("bounces", "example.org")
    assert verify_token(b"secret", BOUNCE, token.upper()) == 12
    for place in range(len(token)):
        forged = token[:place] + ("3" if token[place] != "3" else "4") + token[place + 1 :]
        assert verify_token(b"secret", BOUNCE, forged) is None
    assert replace(SENDER, verp=False).return_path(LINE) == "bounces@example.org"


@pytest.mark.parametrize("text", ["", "-", "12", "x-y", "12-", "-" * 30, "9" * 30 + "-a", "１２-abc", "12-é"])
def test_invalid_tokens(text):
    assert verify_token(b"secret", BOUNCE, text) is None


# --- signatures


def test_both_signatures_hold_and_cover_the_headers(signers):
    data = message_to("ada@reader.test", sender=replace(SENDER, signers=signers))
    signatures = email.message_from_bytes(data).get_all("DKIM-Signature")
    assert [re.search(r"a=([a-z0-9-]+)", each)[1] for each in signatures] == ["rsa-sha256", "ed25519-sha256"]
    for each in signatures:
        covered = re.search(r"\bh=([^;]*)", each)[1].lower().replace("\r\n", "").replace(" ", "").split(":")
        assert {
            "from",
            "to",
            "subject",
            "date",
            "message-id",
            "list-id",
            "list-unsubscribe",
            "mime-version",
        } < {*covered}
        assert {"list-unsubscribe-post", "content-type", "auto-submitted", "list-archive"} < {*covered}
        assert covered.count("from") == 2
    assert verified(data, signers, 0)
    assert verified(data, signers, 1)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (b"unsubscribe%20", b"unsubscribe%21"), (b"One-Click", b"Two-Click"), (b"To: ada", b"To: eve"),
        (b"From: ", b"From: evil@x.test\r\nFrom: "), (b"Subject: ", b"Subject: buy\r\nSubject: "), (b"</html>", b"</html>!"),
    ],
)  # fmt: skip
def test_a_change_on_the_way_breaks_the_signatures(signers, old, new):
    data = message_to("ada@reader.test", sender=replace(SENDER, signers=signers))
    assert old in data
    changed = data.replace(old, new, 1)
    for index in (0, 1):
        with contextlib.suppress(dkim.ValidationError):
            assert not verified(changed, signers, index)


LINES = st.lists(st.text("a .\t-é", max_size=12).map(str.encode), max_size=6)


@given(lines=LINES)
def test_the_body_hash_agrees_with_dkimpy(lines):
    body = b"".join(line + b"\r\n" for line in lines)
    theirs = hashlib.sha256(Relaxed.canonicalize_body(body)).digest()
    assert body_hash(body) == base64.b64encode(theirs).decode()


def test_invalid_keys(tmp_path):
    def refused(data: bytes | None) -> str:
        path = tmp_path / "key.pem"
        if data is not None:
            path.write_bytes(data)
        with pytest.raises(UsageError) as caught:
            load_signer(path, domain="example.org", selector="s")
        return str(caught.value)

    assert "cannot be read (No such file" in refused(None)
    assert "is not a private key in PEM" in refused(b"hello")
    assert "is neither an RSA nor an Ed25519 key" in refused(pem(ec.generate_private_key(ec.SECP256R1())))


# --- what hostile names can do

ODD = st.text(max_size=60) | st.sampled_from(
    (
        "a@b.test, c@d.test", "a@b.test\r\nBcc: c@d.test", "a@b.test> SIZE=1", "a@b.test\x00", '"a b"@c.test', "<a@b.test>",
        "group: a@b.test;", "a@b.test (x)", "a@@b.test", "@b.test", "a@", "a..b@c.test", ".a@b.test", "a.@b.test", "a@b..test",
        "a@-b.test", "a@b.test.", "a@[127.0.0.1]", "a@127.0.0.1", "\u202ea@b.test", "a@b.test\u2028", "a b@c.test", "a@straße.de",
        "é@x.test", "a@bücher.example", "a@ℂ.test", "a+b@c.test", "x" * 65 + "@b.test", "a@" + "b." * 126 + "c", "a%b@c.test", "a@b_c.test",
    )
)  # fmt: skip


@settings(max_examples=400)
@given(text=ODD)
def test_a_text_is_one_mailbox_or_none(text):
    found = mailbox(text)
    if found is None:
        return
    if (
        found.quoted
    ):  # in quotation marks, which end only at the @, everything that is visible is safe but angle brackets
        assert (
            re.fullmatch(r'"(?:[^"\\<>]|\\[^<>])+"', found.local)
            and found.local.isprintable()
            and found.local.isascii()
        )
    else:
        assert not re.search(r"[\s<>,;:\"()\[\]\\\x00-\x1f\x7f\u2028\u2029\u202a-\u202e]", str(found))
        assert str(found).count("@") == 1
    assert found.domain.isascii() and found.domain == found.domain.lower()
    assert mailbox(str(found)) == found
    if text.isascii() and found.quoted == text.startswith('"'):  # needless quotation marks are removed
        assert str(found).lower() == text.lower()


@settings(max_examples=150)
@given(local=st.text(max_size=12), domain=st.text(max_size=12), name=ODD, title=ODD)
def test_no_name_makes_a_second_recipient_or_a_header(local, domain, name, title):
    for address in (f"{local}@x.test", f"a@{domain}.test", name):
        if mailbox(address) is None:
            continue
        data = message_to(address, issue=replace(ISSUE, name=name + title))
        head = data.split(b"\r\n\r\n", 1)[0]
        names = [line.split(b":")[0] for line in head.split(b"\r\n") if line[:1] not in b" \t"]
        assert sorted(names) == sorted(
            b"From Subject Date List-Id Auto-Submitted MIME-Version Content-Type List-Archive"
            b" List-Unsubscribe-Post Feedback-ID To Message-ID List-Unsubscribe".split()
        )
        assert not re.search(rb"[^\r]\n|\r[^\n]|\x00", data)
        assert max(map(len, data.split(b"\r\n"))) <= 998
        message = email.message_from_bytes(data, policy=policy.SMTPUTF8)
        if address.isascii():
            assert [str(each.addr_spec).lower() for each in message["To"].addresses] == [
                str(mailbox(address)).lower()
            ]


def test_senders():
    assert str(sender_mailbox("Paper Digest <d@x.test>")) == "d@x.test"
    assert str(sender_mailbox(" d@X.test ")) == "d@x.test"
    assert sender_mailbox("Paper Digest") is None
    assert sender_mailbox("A <a@x.test>, B <b@x.test>") is None


@pytest.mark.parametrize(
    ("body", "wire"),
    [(b"", b""), (b".", b".."), (b"a\r\n.\r\n..b\r\n", b"a\r\n..\r\n...b\r\n"), (b"a.\r\n", b"a.\r\n")],
)
def test_dots_at_the_start_of_lines_are_doubled(body, wire):
    assert dot_stuffed(body) == wire


def test_connections_that_begin_together_prepare_a_mail_once(tmp_path, monkeypatch):
    prepared = []
    made = PreparedMail.__init__

    def slowly(self, eml, sender, issue):
        prepared.append(issue.subscription)
        time.sleep(0.2)  # the others ask meanwhile
        made(self, eml, sender, issue)

    home = MailHome(tmp_path / "home")
    home.queue(kelp=[f"reader{number}@example.org" for number in range(12)])
    monkeypatch.setattr(PreparedMail, "__init__", slowly)
    with ScriptedServer() as server:
        home.settings(server.port, "connections = 6")
        assert home.deliver()["sent"] == 12
    assert prepared == ["kelp"]
