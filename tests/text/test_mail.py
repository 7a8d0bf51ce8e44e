"""The parser of email messages: what it reads, its limits, and that it never raises."""

import email
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from digest.deliver.bounces import read_bounce
from digest.text import mail

PLAIN = b"From: a@b.example\nSubject: tides\n\nSnails.\n"
PIECES = st.sampled_from(
    [
        *(b"From x\n", b"Subject: =?utf-8?b?w6k=?= a\n", b"Content-Type: multipart/mixed; boundary=b\n", b"\n", b"--b\n", b"--b--\n"),
        *(b"Content-Type: multipart/digest; boundary=\"c d\"\n", b"--c d\n", b"Content-Type: message/rfc822\n", b" folded\n", b"a;b\n"),
        *(b"Content-Transfer-Encoding: base64\n", b"U3ViamVjdDogYQoKYg==\n", b"\xff\xfe", b"\r\n", b"\r", b"text\n", b"--b\r\n"),
        *(b"Content-Type: text/plain; charset=punycode\n", b"Content-Disposition: attachment; filename*0=a; filename*1=.eml\n"),
    ]
)  # fmt: skip


def nested(levels: int) -> bytes:
    return b"".join(
        f"Content-Type: multipart/mixed; boundary=b{level}\n\n--b{level}\n".encode()
        for level in range(levels)
    )


def forwarded(levels: int) -> bytes:
    return b"Content-Type: message/rfc822\n\n" * levels + PLAIN


@pytest.mark.parametrize(
    "data",
    [
        pytest.param(nested(1000), id="1,000 nested multiparts"),
        pytest.param(forwarded(3000), id="3,000 messages in messages"),
        pytest.param(
            b"Content-Type: multipart/mixed; boundary=b\n\n" + b"--b\n\n" * 20_000, id="20,000 parts"
        ),
    ],
)
def test_a_message_beyond_the_limits_says_which(data):
    assert "more than" in mail.parse(data).problem
    found = read_bounce(data, b"k" * 32)
    assert (found.kind, found.line) == ("unreadable", None)
    assert "more than" in found.text


def test_messages_within_the_limits_are_read():
    found = mail.parse(forwarded(90))
    assert not found.problem
    assert [one.get("Subject") for one in found.messages()][-1] == "tides"


@pytest.mark.torture
@pytest.mark.parametrize(
    "repeated",
    [";", ";a*0=x", ";a*1*=x", ';a="', "=?utf-8?b?", "=?utf-8?q?a?= ", "=?", "*", ' "', "\\", "(", "a,"],
)
@pytest.mark.parametrize(
    "header", ["Content-Type: x", "Subject: ", "From: ", "Content-Disposition: a;filename="]
)
def test_a_long_header_is_read_in_linear_time(header, repeated):
    data = (header + repeated * (400_000 // len(repeated)) + "\n\nSnails.").encode()
    start = time.process_time()
    read_bounce(data, b"k" * 32)
    found = mail.parse(data)
    assert (found.get("Subject"), found.get("Content-Disposition"), found.filename) is not None
    assert (
        time.process_time() - start < 4
    )  # seconds; it takes 0.2, and the parser of the standard library minutes
    assert found.body == b"Snails."


def test_parameters_and_encoded_words_are_decoded():
    assert mail.parameters_of("""text/plain; charset="utf-8" ; format=flowed; name="a;\\"b" """) == {
        "charset": "utf-8",
        "format": "flowed",
        "name": 'a;"b',
    }
    assert mail.parameters_of("x; name*0*=utf-8''%C3%A9; name*1=t; name*2*=%C3%A9")["name"] == "été"
    assert mail.decode_words("=?utf-8?b?w4M=?= =?utf-8?q?=C3=A9_a?= b") == "Ãé a b"
    # one character divided between two words
    assert mail.decode_words("=?utf-8?b?ww==?= =?utf-8?b?qQ==?=") == "é"
    assert mail.decode_words("a =?none?b?!?= =?utf-8?b?YQ==?=") == "a a"
    assert mail.decode_words("=?utf-8?x?a?=") == "=?utf-8?x?a?="


def test_parts_and_messages_are_found_in_their_order():
    inner = b"Subject: one\n\n1"
    data = (
        b"Subject: outer\nContent-Type: multipart/mixed; boundary=b\n\npreamble\n--b\n\ntext\n"
        b"--b\nContent-Type: message/rfc822\n\n" + inner + b"\n"
        b"--b\nContent-Type: multipart/digest; boundary=c\n\n--c\n\nSubject: two\n\n2\n--c\n\nSubject: three\n\n3\n--c--\n"
        b"--b\nContent-Type: application/octet-stream; name=a.EML\nContent-Transfer-Encoding: base64\n\n"
        b"U3ViamVjdDogZm91cgoKNA==\n--b--\nepilogue\n"
    )
    found = mail.parse(data)
    subjects = [one.get("Subject") for one in found.messages()]
    assert subjects == ["outer", "one", "two", "three", "four"]
    assert [part.body for part in found.walk() if not part.parts] == [b"text", b"1", b"2", b"3", b"4"]
    assert not found.cut
    assert mail.parse(data.replace(b"--b--", b"")).cut


@settings(max_examples=400, deadline=None)
@given(st.lists(PIECES, max_size=30).map(b"".join))
def test_anything_is_parsed_without_raising(data):
    found = mail.parse(data)
    for part in found.walk():
        assert isinstance(part.content(), bytes)
        assert part.get("subject") == " ".join(part.get("subject").split())
        assert isinstance(part.filename, str)
    assert read_bounce(data, b"k" * 32).kind in {"other", "unreadable", "forged"}


@settings(max_examples=200, deadline=None)
@given(st.recursive(st.just("leaf"), lambda inner: st.lists(inner, min_size=1, max_size=3), max_leaves=6))
def test_well_formed_messages_have_the_parts_that_the_standard_library_finds(tree):
    from email.mime.multipart import MIMEMultipart
    from email.mime.text import MIMEText

    def built(node):
        if isinstance(node, str):
            return MIMEText("Tides — and snails\n", _charset="utf-8")
        whole = MIMEMultipart()
        for one in node:
            whole.attach(built(one))
        return whole

    data = built(tree).as_bytes()
    theirs = [
        (part.get_content_type(), part.get_payload(decode=True))
        for part in email.message_from_bytes(data).walk()
    ]
    ours = [(part.kind, None if part.parts else part.content()) for part in mail.parse(data).walk()]
    assert ours == theirs
