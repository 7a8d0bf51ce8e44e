import email
import mailbox
import re
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime
from email import policy
from email.header import decode_header, make_header

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from render_sample import FRAME, ISSUE
from strategies import texts

from digest.render import Renderer, SiteContext, mail
from digest.text import headers

RENDERER = Renderer(None, FRAME)
NAMES = texts() | st.sampled_from(
    (
        "x" * 10_000,
        "é" * 10_000,
        "two\nlines\r\nBcc: evil@example.org",
        "\x00",
        "\ud800",
        "\u202eright to left",
        "a@b.test, c@d.test",
        'quote " and \\ back',
        "=?utf-8?q?=41?=",
        "group: a@b.test;",
        "(comment)",
        "",
        " ",
        "\u2028Bcc: x@y.z",
    )
)


def parsed(data):
    message = email.message_from_bytes(data, policy=policy.SMTP)
    defects = [*message.defects, *(defect for value in message.values() for defect in value.defects)]
    assert not defects
    return message


def test_headers():
    message = parsed(RENDERER.eml(ISSUE))
    assert message["From"] == "Paper Digest <digest@example.org>"
    assert message["To"].groups[0].display_name == "Tea & one-step brewing"
    assert message["To"].addresses == ()
    assert message["Subject"] == "Tea & one-step brewing: Kettle, Pot number 0 and 3 more"
    assert message["Date"] == "Thu, 12 Mar 2026 08:00:00 +0100"
    assert message["Message-ID"] == "<2026-03-12-7.tea@digest.example.org>"
    assert message["List-Id"] == "Tea & one-step brewing <tea.digest.example.org>"
    assert message["Auto-Submitted"] == "auto-generated"
    assert not {"Bcc", "Cc", "List-Unsubscribe", "Reply-To"} & set(message.keys())


ENVELOPE = mail.Envelope(
    "Tea",
    "digest@example.org",
    "Tea",
    datetime(2026, 3, 12, 8, tzinfo=UTC),
    "tea",
    "2026-03-12-7",
    "x.example",
)
LINES = st.lists(
    st.sampled_from(["From the lab", "From ", "From", "from here", ">From it", "é From", "x" * 71, "", "a "])
    | st.text("From =é", max_size=90),
    max_size=12,
).map("\n".join)


@given(text=LINES, html=LINES)
@example(text="From " + "x" * 200, html="x" * 75 + "From here From there")
@settings(max_examples=60)
def test_lines_that_begin_with_from_survive_an_mbox(tmp_path_factory, text, html):
    """Programs that store mail write `>From`, which breaks a signature; nothing is left for them to change."""
    data = mail.message(ENVELOPE, text, html)
    assert not re.search(rb"^From ", data, re.MULTILINE)
    assert max(map(len, data.split(b"\r\n"))) <= 76
    path = tmp_path_factory.mktemp("mbox") / "box"
    box = mailbox.mbox(path)
    box.add(data)
    box.close()
    assert b"\n>From" not in path.read_bytes().replace(b"\n>From it", b"")
    with closing(mailbox.mbox(path)) as again:
        (stored,) = again
    parts = [part.get_payload(decode=True).decode().replace("\r\n", "\n") for part in stored.get_payload()]
    assert [part.rstrip("\n") for part in parts] == [text.rstrip("\n"), html.rstrip("\n")]


def test_parts():
    message = parsed(RENDERER.eml(ISSUE))
    assert message.get_content_type() == "multipart/alternative"
    text, html = message.iter_parts()
    assert (text.get_content_type(), html.get_content_type()) == ("text/plain", "text/html")
    assert text.get_content().replace("\r\n", "\n") == RENDERER.text(ISSUE)
    assert html.get_content().replace("\r\n", "\n") == RENDERER.html(ISSUE)


@settings(deadline=None, max_examples=60)
@given(name=NAMES, title=NAMES, sender=NAMES)
def test_no_name_breaks_the_mail(name, title, sender):
    frame = SiteContext(title, FRAME.base_url, sender)
    issue = replace(
        ISSUE, name=name, new=(replace(ISSUE.new[0], paper=replace(ISSUE.new[0].paper, title=title)),)
    )
    data = Renderer(None, frame).eml(issue)
    head = data.split(b"\r\n\r\n", 1)[0]
    assert data.isascii()
    assert not re.search(rb"[^\r]\n|\r[^\n]|\x00", data)
    assert max(map(len, data.split(b"\r\n"))) <= 998
    assert max(map(len, head.split(b"\r\n"))) <= 200
    assert [line.split(b":")[0].decode() for line in head.split(b"\r\n") if line[0] not in b" \t"] == [
        *(
            "From",
            "To",
            "Subject",
            "Date",
            "Message-ID",
            "List-Id",
            "Auto-Submitted",
            "MIME-Version",
            "Content-Type",
        )
    ]
    message = parsed(data)
    assert message["To"].addresses == ()
    assert len(message["From"].addresses) == 1
    assert len(list(message.iter_parts())) == 2


@given(text=texts())
def test_names_are_read_back(text):
    line = " ".join(headers.clean(text).split())[:100].strip()
    for encode in (headers.unstructured, headers.phrase):
        shown = encode(line).replace("\r\n", "")
        if encode is headers.phrase and shown.startswith('"'):
            shown = re.sub(r"\\(.)", r"\1", shown[1:-1])
        assert str(make_header(decode_header(shown))) == (
            line or ("Paper Digest" if encode is headers.phrase else "")
        )


@pytest.mark.parametrize(
    ("sender", "shown"),
    [
        ("Tea <tea@x.test>", "Tea <tea@x.test>"),
        ("tea@x.test", "tea@x.test"),
        ("", "Paper Digest <digest@h.test>"),
        ("Paper Digest", "Paper Digest <digest@h.test>"),
        ("Tea", "Tea <digest@h.test>"),
        ("Tea, Inc. <tea@x.test>", '"Tea, Inc." <tea@x.test>'),
        ('"Tea, Inc." <tea@x.test>', '"Tea, Inc." <tea@x.test>'),
        ("Tea <a@x.test, b@x.test>", "Tea <digest@h.test>"),
        ("Tea <a@x.test> SIZE=1", '"Tea <a@x.test> SIZE=1" <digest@h.test>'),
    ],
)
def test_sender(sender, shown):
    data = mail.message(mail.Envelope("s", sender, "t", ISSUE.made, "l", "1", "h.test"), "", "")
    assert data.split(b"\r\n")[0].decode() == f"From: {shown}"


@pytest.mark.parametrize(
    "base_url", ["not a url", "http://[::1]/", "http://localhost:8350/", "http://bücher.example/"]
)
def test_any_base_url_gives_a_domain(base_url):
    message = parsed(Renderer(None, replace(FRAME, base_url=base_url)).eml(ISSUE))
    domain = message["Message-ID"].rpartition("@")[2]
    assert domain in {"localhost>", "xn--bcher-kva.example>"}
    assert message["List-Id"].endswith(f"<tea.{domain}")


def test_much_of_another_script_goes_as_base64():
    data = mail.message(mail.Envelope("茶", "", "茶", ISSUE.made, "l", "1", "h"), "茶" * 100, "<p>")
    assert b"base64" in data
    message = parsed(data)
    assert next(message.iter_parts()).get_content().strip() == "茶" * 100
    assert message["To"].groups[0].display_name == "茶"
