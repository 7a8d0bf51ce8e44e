"""Replies of the large providers and servers are judged rightly; the words are theirs, the people invented.

Each group names where its forms were found; `hard` are dead addresses, `soft` their twins that are not.
"""

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from digest.deliver.bounces import read_bounce
from digest.deliver.diagnosis import codes_in, judge
from digest.signing import BOUNCE, MESSAGE, UNSUBSCRIBE, token

SECRET = b"secret"
OURS = f"bounces+{token(SECRET, BOUNCE, 12)}@example.org"
SHARED = Path(__file__).parents[3] / "shared" / "data"

REPLIES = {
    # learn.microsoft.com: Email non-delivery reports and SMTP errors in Exchange Online
    "Exchange Online": {
        "hard": [
            "5.1.10|smtp;550 5.1.10 RESOLVER.ADR.RecipientNotFound; Recipient ada@reader.test not found by SMTP address lookup",
            "5.4.1|smtp;550 5.4.1 Recipient address rejected: Access denied. [AM4.eop.protection.outlook.com]",
            "5.1.351|smtp;550 5.1.351 Remote server returned unknown recipient -> 550 <ada@reader.test>: User unknown",
            "5.4.310|smtp;550 5.4.310 DNS domain reader.test does not exist [Message=InfoDomainNonexistent]",
            "5.1.1|smtp;550 5.1.1 RESOLVER.ADR.RecipNotFound; not found",
        ],
        "soft": [
            "5.2.2|smtp;554 5.2.2 mailbox full; STOREDRV.Deliver.Exception:QuotaExceededException.MapiExceptionShutoffQuotaExceeded",
            "5.7.1|smtp;550 5.7.1 Service unavailable, Client host [192.0.2.9] blocked using Spamhaus",
            "5.4.1|smtp;450 4.4.1 no answer from host",
            "5.1.8|smtp;550 5.1.8 Access denied, bad outbound sender",
            "5.7.133|smtp;550 5.7.133 RESOLVER.RST.SenderNotAuthenticatedForGroup; authentication required",
        ],
    },
    # github.com/minsk-hackerspace/hackerspace.by/issues/76, github.com/syrusakbary/validate_email/issues/73
    "Gmail": {
        "hard": [
            "5.1.1|smtp; 550-5.1.1 The email account that you tried to reach does not exist. Please try 550-5.1.1 double-checking the recipient's email address for typos or 550 5.1.1 unnecessary spaces. https://support.google.com/mail/answer/6596 - gsmtp",
            "5.2.1|smtp; 550-5.2.1 The email account that you tried to reach is inactive. For more information, go to 550 5.2.1 https://support.google.com/mail/?p=DisabledUser - gsmtp",
            "5.0.0|smtp; 550-5.1.1 The email account that you tried to reach does not exist",
        ],
        "soft": [
            "5.2.2|smtp; 552-5.2.2 The email account that you tried to reach is over quota. Please direct 552 5.2.2 the recipient to https://support.google.com/mail/?p=OverQuotaPerm - gsmtp",
            "5.2.1|smtp; 550-5.2.1 The user you are trying to contact is receiving mail at a rate that 550 5.2.1 prevents additional messages from being delivered. - gsmtp",
            "5.7.1|smtp; 550-5.7.1 [192.0.2.9] Our system has detected that this message is likely unsolicited mail",
            "5.7.26|smtp; 550-5.7.26 Unauthenticated email from example.org is not accepted due to domain's DMARC policy",
            "5.4.5|smtp; 550 5.4.5 Daily user sending limit exceeded",
        ],
    },
    # github.com/ActiveCampaign/smtp-field-manual/pull/34; de.hilfe.yahoo.com kb sln3275
    "Yahoo": {
        "hard": [
            "5.0.0|smtp; 554 delivery error: dd This user doesn't have a yahoo.com account (ada@yahoo.test) [-5] - mta123.mail.test",
            "5.0.0|smtp;554 delivery error: dd ada@reader.test is no longer valid. [-20] - mta.yahoo.test",
            "5.0.0|smtp; 554 delivery error: dd Sorry your message to ada@yahoo.test cannot be delivered. This account has been disabled or discontinued [#102]",
        ],
        "soft": [
            "5.0.0|smtp; 554 delivery error: Sorry, your message to ada@yahoo.test cannot be delivered. This account is over quota.",
            "5.7.9|smtp; 554 5.7.9 Message not accepted for policy reasons. See https://postmaster.yahooinc.com/error-codes",
        ],
    },
    # sitepackage.de: Typische Fehlermeldungen bei Unzustellbarkeit (T-Online, GMX, Web.de, Freenet, AOL, Hotmail, Lycos)
    "T-Online, GMX, Web.de and others in Germany": {
        "hard": [
            "5.1.1|smtp; 550 5.1.1 user unknown",
            "5.0.0|smtp; 550 5.1.1 <ada@gmx.test>... User is unknown",
            "5.0.0|smtp; 550 Benutzer nicht bekannt/User unknown",
            "5.0.0|smtp; 550 Unknown local part ada in <ada@web.test>",
            "5.0.0|smtp; 550 unrouteable address",
            "5.0.0|smtp; 550 Requested action not taken: mailbox unavailable",
            "5.0.0|smtp; 550 5.2.0 No such mailbox",
            "5.0.0|smtp; 550 <ada@lycos.test>: Recipient address rejected: Account Closed",
        ],
        "soft": [
            "5.0.0|smtp; 552 5.2.2 Over STORAGE quota",
            "5.0.0|smtp; 550 Benutzer hat das Speichervolumen ueberschritten. / User has exhausted allowed storage space.",
            "5.0.0|smtp; 554 Refused. Your reverse DNS entry contains your IP address and a country code.",
            "5.7.1|smtp; 550 5.7.1 Requested action not taken: message refused",
            "5.0.0|smtp; 552 Error: message too large",
        ],
    },
    # github.com/mailcow/mailcow-dockerized/issues/2544, docker-mailserver/issues/2257, mailcow/mailcow/issues/775
    "Exim with sender verification": {
        "hard": ["5.0.0|smtp; 550 Unrouteable address", "5.0.0|smtp; 550-No Such User Here 550 ada"],
        "soft": [
            "5.0.0|smtp; 550-Verification failed for <digest@example.org> 550-No Such User Here 550 Sender verify failed",
            "5.0.0|smtp; 550-Verification failed for <digest@example.org> 550-The mail server does not recognize digest@example.org as a valid sender. 550 Sender verify failed",
            "5.0.0|smtp; 550-The account or domain may not exist, they may be blacklisted 550 Sender verify failed",
        ],
    },
    # postfix.org/DEBUG_README, postconf(5) unverified_recipient_reject_code
    "Postfix": {
        "hard": [
            "5.1.1|smtp; 550 5.1.1 <ada@reader.test>: Recipient address rejected: User unknown in virtual mailbox table",
            "5.4.4|X-Postfix; Host or domain name not found. Name service error for name=reader.test type=AAAA: Host not found",
            "5.1.10|X-Postfix; Domain reader.test does not accept mail (nullMX)",
        ],
        "soft": [
            "5.1.8|smtp; 550 5.1.8 <digest@example.org>: Sender address rejected: Domain not found",
            "5.0.0|smtp; 550 <digest@example.org>: Sender address rejected: User unknown in local recipient table",
            "5.7.1|smtp; 554 5.7.1 <ada@reader.test>: Relay access denied",
            "5.7.1|smtp; 504 5.5.2 <localhost>: Helo command rejected: Host not found",
            "4.1.1|smtp; 450 4.1.1 <ada@reader.test>: Recipient address rejected: unverified address",
            "5.7.1|smtp; 554 5.7.1 <ada@reader.test>: Recipient address rejected: Access denied",
        ],
    },
    # ionos.com help: Error Messages Caused by Undeliverable Email; postmaster pages of mail.ru, Yandex, Apple
    "Yandex, mail.ru, iCloud, gateways": {
        "hard": [
            "5.7.1|smtp; 550 5.7.1 No such user!",
            "5.0.0|smtp; 550 Message was not accepted -- invalid mailbox. Local mailbox ada@mail.test is unavailable: user not found",
            "5.1.1|smtp; 550 5.1.1 <ada@icloud.test>: user does not exist",
            "5.1.0|smtp; 5.1.0 - Unknown address error 550-'5.1.1 User unknown' (delivery attempts: 0)",
            "5.0.0|smtp; 550 Invalid Recipient - https://community.mimecast.test/docs/DOC-1369#550",
        ],
        "soft": [
            "5.1.0|smtp; 550 5.1.0 Address rejected",
            "5.1.0|smtp; 5.1.0 - Unknown address error 550-'5.7.1 Access denied' (delivery attempts: 0)",
            "5.0.0|smtp; 550 Administrative prohibition - envelope blocked",
            "5.0.0|smtp; 550 spam message rejected. Please visit http://help.mail.test/notspam-support",
            "5.2.2|smtp; 552 5.2.2 <ada@icloud.test>: user is over quota",
        ],
    },
    # github.com/ActiveCampaign/smtp-field-manual (replies that Postmark met): data/codes/550.json, 554.json
    "Comcast, AT&T, Outlook.com, Zoho, Free": {
        "hard": [
            "5.1.1|smtp;550 5.1.1 Not our Customer",
            "5.1.1|smtp;550 5.1.1 <ada@comcast.test> recipient mailbox unallocated",
            "5.2.1|smtp;550 5.2.1 <ada@prodigy.test>... Addressee unknown, relay=[192.0.2.9]",
            "5.5.0|smtp;550 5.5.0 Requested action not taken: mailbox unavailable. [eop-nam12.prod.protection.outlook.com]",
            "5.1.1|smtp;550 5.1.1 <ada@zoho.test> User unknown",
            "5.5.4|smtp;554 delivery error: dd Sorry, your message to ada@yahoo.test cannot be delivered. This mailbox is disabled (554.30). - mta.yahoo.test",
        ],
        "soft": [
            "5.2.122|smtp;554 5.2.122 The recipient has exceeded their limit for the number of messages they can receive per hour.",
            "5.7.1|smtp;550 5.7.1 Connections not accepted from servers without a valid sender example.org. Fix reverse DNS for 192.0.2.9",
            "5.7.1|smtp;550 5.7.1 Service unavailable, MailFrom domain is listed in Spamhaus. (S8002)",
            "5.2.0|smtp;550 5.2.0 Message rejected due to DMARC.",
            "5.5.4|smtp;554 delivery error: dd Requested mail action aborted - mta.yahoo.test",
            "5.2.3|smtp;554 5.2.3 MailPolicy violation Error delivering to mailboxes",
            "5.2.2|smtp;554 5.2.2 <ada@free.test>: Recipient address rejected: Quota exceeded (mailbox for user is full)",
            "5.0.0|smtp;550 relaying denied for <ada@reader.test>",
            "5.5.4|smtp;554 Message not allowed - [PH01] Email not accepted for policy reasons.",
        ],
    },
    "iCloud, Yandex, mail.ru, by Postmark": {
        "hard": [
            "5.0.0|smtp;550 Message was not accepted -- invalid mailbox. Local mailbox ada@mail.test is unavailable: account is disabled",
        ],
        "soft": [
            "5.7.1|smtp;550 5.7.1 [CS01] Message rejected due to local policy.",
            "5.7.1|smtp;550 5.7.1 Your message was rejected due to example.org's DMARC policy.",
            "5.7.1|smtp;550 5.7.1 Your email was rejected due to having a domain present in the Spamhaus DBL",
            "5.7.1|smtp;550 5.7.1 Policy rejection on the target address",
            "5.7.1|smtp;554 5.7.1 [1] Message rejected under suspicion of SPAM",
            "5.7.1|smtp;554 5.7.1 <ada@icloud.test>: Relay access denied",
        ],
    },
    "Proofpoint, Barracuda, Symantec, Mimecast, Trend Micro, by Postmark": {
        "hard": [
            "5.1.1|smtp;550 5.1.1 <ada@reader.test>: Recipient address rejected: undeliverable address: host mx.test[192.0.2.9] said: 550 5.1.1",
            "5.1.1|smtp;550 5.1.1 - This is not a valid email address. Please verify that you have the correct email address for your recipient.",
            "5.7.1|smtp;550 5.7.1 <ada@reader.test>: Recipient address rejected: User email address is marked as invalid.",
            "5.0.0|smtp;550 cuda_nsu 5.1.1 <ada@reader.test>... User unknown",
            "5.0.0|smtp;550 No such user (ada@reader.test)",
            "5.4.1|smtp;550 cuda_nsu 5.4.1 [ada@reader.test]: Recipient address rejected: Access denied [mx.test]",
            "5.0.0|smtp;550 Invalid recipient <ada@reader.test> (#5.1.1)",
            "5.7.1|smtp;554 5.7.1 <ada@reader.test>: Recipient address rejected: Invalid-Recipient.",
        ],
        "soft": [
            "5.0.0|smtp;550 Administrative prohibition - envelope blocked",
            "5.0.0|smtp;550 Rejected by header based Anti-Spoofing policy: digest@example.org",
            "5.0.0|smtp;550 Envelope blocked - User Entry",
            "5.7.1|smtp;550 5.7.1 Relaying denied",
            "5.0.0|smtp;550 Blocked",
            "5.0.0|smtp;550 rejecting spoofed message",
            "5.0.0|smtp;554 rejected due to spam URL in content",
            "5.7.1|smtp;554 5.7.1 <ada@reader.test>: Recipient address rejected: BLOCK-SEND-ER.",
            "5.0.0|smtp;554 Email rejected due to security policies",
        ],
    },
}  # fmt: skip
CASES = [(reply, kind) for kinds in REPLIES.values() for kind, replies in kinds.items() for reply in replies]


@pytest.mark.parametrize(("reply", "kind"), CASES)
def test_replies_of_providers(reply, kind):
    status, _, diagnostic = reply.partition("|")
    assert judge(status, diagnostic) == kind


@pytest.mark.parametrize(
    "text",
    ["The room is 5.1.1.", "192.0.2.5.1.1", "version 5.1.1.2", "from [5.1.1.10]", "see 5.1.1, please"],
)
def test_a_number_in_a_text_is_no_status_code(text):
    assert judge("", text) == "soft"


@given(st.text(max_size=300), st.sampled_from(["", "5.0.0", "4.4.7", "5.1.1"]))
def test_transient_failures_are_never_hard(text, status):
    assert judge(status, text) in {"hard", "soft"}
    assert judge("4.2.1", text) == "soft"


def mail(*lines: str) -> bytes:
    return "\n".join(lines).encode()


LETTER = (
    "Message-ID: <2026-11-20-7.tea.{message}@example.org>\n"
    "List-Unsubscribe: <mailto:digest@example.org?subject=unsubscribe%20{unsubscribe}>"
)


@pytest.mark.parametrize(
    "header",
    [
        f"Message-ID: <2026-11-20-7.tea.{token(SECRET, MESSAGE, 12)}@example.org>",
        f"List-Unsubscribe: <mailto:digest@example.org?subject=unsubscribe%20{token(SECRET, UNSUBSCRIBE, 12)}>",
        f"List-Unsubscribe: <https://x.test/unsubscribe/{token(SECRET, UNSUBSCRIBE, 12)}>",
        f"Return-Path: <{OURS}>",
    ],
)
@pytest.mark.parametrize(
    ("kind", "expected"), [("delivery-status", "hard"), ("feedback-report", "complaint")]
)
def test_a_report_finds_its_reader_by_any_token_of_the_returned_message(header, kind, expected):
    report = mail(
        "From: MAILER-DAEMON@mx.test", "To: digest@example.org", "Subject: Undelivered Mail Returned to Sender", "MIME-Version: 1.0",
        f'Content-Type: multipart/report; report-type={kind}; boundary="XX"', "",
        "--XX", f"Content-Type: message/{kind}", "",
        "Feedback-Type: abuse" if expected == "complaint" else "Final-Recipient: rfc822; ada@reader.test\nAction: failed\nStatus: 5.1.1", "",
        "--XX", "Content-Type: message/rfc822", "", "From: digest@example.org", header, "", "body", "", "--XX--",
    )  # fmt: skip
    found = read_bounce(report, SECRET)
    assert (found.kind, found.line) == (expected, 12)
    assert read_bounce(report.replace(b"12-", b"13-"), SECRET).line is None


def test_a_report_in_base64_is_read():
    import base64

    fields = "Reporting-MTA: dns; mx.test\n\nFinal-Recipient: rfc822; ada@reader.test\nAction: failed\nStatus: 5.1.1\n"
    found = read_bounce(
        mail(
            f"To: {OURS}", "From: MAILER-DAEMON@mx.test", "MIME-Version: 1.0",
            'Content-Type: multipart/report; report-type=delivery-status; boundary="XX"', "",
            "--XX", "Content-Type: message/delivery-status", "Content-Transfer-Encoding: base64", "",
            base64.encodebytes(fields.encode()).decode(), "--XX--",
        ),
        SECRET,
    )  # fmt: skip
    assert found.kind == "hard"


def test_an_alias_with_one_dead_member_is_no_dead_address():
    blocks = "Final-Recipient: rfc822; bo@reader.test\nAction: relayed\nStatus: 2.0.0\n\nFinal-Recipient: rfc822; ada@reader.test\nAction: failed\nStatus: 5.1.1"
    found = read_bounce(
        mail(
            f"To: {OURS}", "From: MAILER-DAEMON@mx.test",
            'Content-Type: multipart/report; report-type=delivery-status; boundary="XX"', "",
            "--XX", "Content-Type: message/delivery-status", "", blocks, "", "--XX--",
        ),
        SECRET,
    )  # fmt: skip
    assert found.kind == "soft"


@pytest.mark.parametrize(
    "answer",
    [
        ("From: ada@reader.test", "Subject: Re: Kelp", "", "Our room is 5.1.1 and the mailbox is full of paper. The address is unknown."),
        ("From: ada@reader.test", "Return-Path: <>", "Subject: Automatic reply: Kelp", "X-Auto-Response-Suppress: All", "", "This mailbox is no longer in use."),
        ("From: postmaster@mx.test", "Auto-Submitted: auto-generated", "Subject: Automatische Antwort: Kelp", "", "Raum 5.1.1; Ihre Mail wurde nicht zugestellt."),
        ("From: challenge@reader.test", "Return-Path: <>", "Subject: Please confirm your message", "", "Your message is held; user unknown to me."),
        ("From: ada@reader.test", "Precedence: bulk", "Subject: Out of office", "", "550 5.1.1 user unknown"),
    ],
)  # fmt: skip
def test_answers_are_no_bounces(answer):
    assert read_bounce(mail(f"To: {OURS}", *answer), SECRET).kind in {"notice", "other"}


@pytest.mark.parametrize(
    "subject",
    [
        "unsubscribe {}",
        "unsubscribe%20{}",
        "unsubscribe+{}",
        "=?utf-8?q?unsubscribe_{}?=",
        "Re: unsubscribe\n {}",
        "Unsubscribe   {}",
    ],
)
def test_unsubscribing_by_mail_in_every_spelling(subject):
    code = token(SECRET, UNSUBSCRIBE, 12)
    found = read_bounce(mail("From: ada@reader.test", f"Subject: {subject.format(code)}", "", ""), SECRET)
    assert (found.kind, found.line) == ("unsubscribe", 12)


def test_unsubscribing_in_the_body():
    code = token(SECRET, UNSUBSCRIBE, 12)
    assert (
        read_bounce(mail("From: ada@reader.test", "Subject: hi", "", f"unsubscribe {code}"), SECRET).kind
        == "unsubscribe"
    )
    quoted = mail("From: ada@reader.test", "Subject: Re: Kelp", "", f"> unsubscribe {code}", "Nice papers!")
    assert read_bounce(quoted, SECRET).kind == "other"


@pytest.mark.skipif(not (SHARED / "returned-mail").is_dir(), reason="needs ../shared/data")
def test_returned_mail_of_the_shared_data():
    folder = SHARED / "returned-mail"
    kinds = json.loads((folder / "kinds.json").read_text("utf-8"))["kinds"]
    found = {
        name: read_bounce(
            (folder / f"{name}.eml").read_bytes().replace(b"RETURN_ADDRESS", OURS.encode()), SECRET
        ).kind
        for name in kinds
    }
    assert found == kinds


@pytest.mark.skipif(not (SHARED / "returned-corpus").is_dir(), reason="needs ../shared/data")
def test_the_returned_corpus():
    """At least 97 of 100 rightly judged, at most 1 of 100 wrongly declared dead."""
    folder = SHARED / "returned-corpus"
    kinds = json.loads((folder / "kinds.json").read_text("utf-8"))["kinds"]
    to = f"Delivered-To: {OURS}\n".encode()
    found = {name: read_bounce(to + (folder / f"{name}.eml").read_bytes(), SECRET).kind for name in kinds}
    right = sum(found[name] == kind for name, kind in kinds.items())
    dead = sum(found[name] == "hard" != kind for name, kind in kinds.items())
    assert right >= 0.97 * len(kinds)
    assert dead <= 0.01 * len(kinds)


@pytest.mark.parametrize("mark", ["", "'", '"', "-'", "(", "#", "<"])
def test_a_gateway_may_quote_the_inner_reply(mark):
    text = f"The server said: 550 {mark}5.4.1 Recipient address rejected: Access denied."
    assert codes_in(text, marked=True) == [("5", "4.1")]
    assert codes_in(f"It rose by {mark}5.4.1 a day", marked=True) == (
        [("5", "4.1")] if mark in "(#<" and mark else []
    )
