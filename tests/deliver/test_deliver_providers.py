"""Five or more replies of each large provider and server, rightly judged; the forms are theirs, the people invented.

Each is a status and a diagnostic, separated by `|`. `hard` are dead addresses, `soft` everything else.
"""

import pytest

from digest.deliver.bounces import read_bounce
from digest.deliver.diagnosis import judge
from digest.signing import BOUNCE, token

SECRET = b"secret"
OURS = f"bounces+{token(SECRET, BOUNCE, 12)}@example.org"

REPLIES = {
    "Exchange": {
        "hard": [
            "5.1.1|smtp;550 5.1.1 RESOLVER.ADR.RecipNotFound; not found",
            "5.1.1|smtp;550 5.1.1 RESOLVER.ADR.ExRecipNotFound; not found",
            "5.1.1|smtp;550 5.1.1 User unknown",
        ],
        "soft": [
            "5.2.2|smtp;554 5.2.2 STOREDRV.Deliver; mailbox full. The following information should help identify the cause",
            "5.2.3|smtp;550 5.2.3 RESOLVER.RST.RecipSizeLimit; message too large for this recipient",
            "5.7.1|smtp;550 5.7.1 RESOLVER.RST.AuthRequired; authentication required",
        ],
    },
    "Outlook.com": {
        "hard": [
            "5.5.0|smtp; 550 5.5.0 Requested action not taken: mailbox unavailable (S2017062302). [host.prod.protection.outlook.com]",
            "5.5.0|smtp;550 Requested action not taken: mailbox unavailable (-2147467259)",
            "5.1.10|smtp;550 5.1.10 RESOLVER.ADR.RecipientNotFound; Recipient ada@hotmail.test not found by SMTP address lookup",
        ],
        "soft": [
            "5.7.515|smtp; 550 5.7.515 Access denied, sending domain EXAMPLE.ORG doesn't meet the required authentication level",
            "5.7.1|smtp; 550 5.7.1 Unfortunately, messages from [192.0.2.9] weren't sent. Please contact your Internet service provider since part of their network is on our block list (S3140)",
            "4.7.650|smtp; 451 4.7.650 The mail server [192.0.2.9] has been temporarily rate limited due to IP reputation",
        ],
    },
    "iCloud": {
        "hard": [
            "5.1.1|smtp; 550 5.1.1 <ada@icloud.test>: user does not exist",
            "5.1.1|smtp; 550 5.1.1 unknown or illegal alias: ada@me.test",
            "5.1.6|smtp; 550 5.1.6 recipient no longer on server: ada@mac.test",
        ],
        "soft": [
            "5.7.1|smtp; 554 5.7.1 [CS01] Message rejected due to local policy",
            "5.7.1|smtp; 550 5.7.1 Your email was rejected due to having a domain present in the blocklist",
            "5.1.1|smtp; 550 5.1.1 <bounces@example.org>: unauthorized sender",
        ],
    },
    "Mimecast": {
        "hard": [
            "5.0.0|smtp; 550 Invalid Recipient - https://community.mimecast.com/docs/DOC-1369#550",
            "5.1.1|smtp; 550 5.1.1 User unknown [abc.uk1]",
            "5.4.1|smtp; 550 5.4.1 Recipient address rejected: Access denied [abc.uk1]",
        ],
        "soft": [
            "5.0.0|smtp; 550 Rejected by header based manually Blocked Senders: digest@example.org",
            "5.0.0|smtp; 554 Email rejected due to security policies - https://community.mimecast.com/docs/DOC-1369#554",
        ],
    },
    "Proofpoint": {
        "hard": [
            "5.1.1|smtp; 550 5.1.1 User Unknown",
            "5.0.0|smtp; 550 5.1.1 <ada@reader.test>: Recipient address rejected: User unknown in relay recipient table",
            "5.7.1|smtp; 550 5.7.1 <ada@reader.test>: user does not exist",
        ],
        "soft": [
            "5.7.0|smtp; 554 5.7.0 Blocked - see https://support.proofpoint.com/dnsbl-lookup.cgi?ip=192.0.2.9",
            "5.7.1|smtp; 554 Blocked - see https://ipcheck.proofpoint.com/?ip=192.0.2.9",
        ],
    },
    "Cisco": {
        "hard": [
            "5.1.0|smtp; 5.1.0 - Unknown address error 550-'5.1.1 <ada@reader.test>... User unknown' (delivery attempts: 0)",
            "5.1.2|smtp; 5.1.2 - Bad destination host 'DNS Hard Error looking up reader.test (MX): NXDomain' (delivery attempts: 0)",
            "5.1.0|smtp; 5.1.0 - Unknown address error 550-'No such user ada@reader.test' (delivery attempts: 0)",
        ],
        "soft": [
            "5.1.0|smtp; 550 #5.1.0 Address rejected.",
            "5.3.0|smtp; 5.3.0 - Other mail system problem 554-'5.7.1 Message rejected as spam' (delivery attempts: 0)",
            "5.4.7|smtp; 5.4.7 - Delivery expired (message too old) 'timeout' (delivery attempts: 0)",
        ],
    },
    "Postfix": {
        "hard": [
            "5.1.1|X-Postfix; unknown user: \"ada\"",
            "5.4.4|X-Postfix; Host or domain name not found. Name service error for name=reader.test type=AAAA: Host not found",
            "5.0.0|X-Postfix; [mail.reader.test]: Name or service not known",
            "5.1.0|X-Postfix; Domain reader.test does not accept mail (nullMX)",
        ],
        "soft": [
            "5.4.6|X-Postfix; mail for reader.test loops back to myself",
            "4.4.1|X-Postfix; connect to mx.reader.test[192.0.2.7]:25: Connection timed out",
            "5.4.4|X-Postfix; Host or domain name not found. Name service error for name=reader.test type=MX: Host not found, try again",
            "5.4.0|smtp; 554 5.4.0 Error: too many hops",
        ],
    },
    "Sendmail": {
        "hard": [
            "5.1.1|SMTP; 550 5.1.1 <ada@reader.test>... User unknown",
            "5.1.2|SMTP; 550 5.1.2 <ada@reader.test>... Host unknown (Name server: reader.test: host not found)",
            "5.3.0|SMTP; 553 5.3.0 <ada@reader.test>... Addressee unknown, relay=[192.0.2.9]",
            "5.0.0|smtp; 550 5.7.1 No such user ada18si2365148hub",
        ],
        "soft": [
            "5.2.2|SMTP; 552 5.2.2 Over quota",
            "5.1.8|SMTP; 553 5.1.8 <bounces@example.org>... Domain of sender address bounces@example.org does not exist",
            "5.7.1|SMTP; 550 5.7.1 <ada@reader.test>... Relaying denied",
        ],
    },
    "SES": {
        "hard": [
            "5.1.1|smtp; 550 5.1.1 user unknown",
            "5.1.1|smtp; 550-5.1.1 The email account that you tried to reach does not exist",
            "5.4.4|smtp; 550 5.4.4 Invalid domain name",
        ],
        "soft": [
            "5.7.1|smtp; 554 Message rejected: Email address is not verified. The following identities failed the check",
            "4.4.7|smtp; 550 4.4.7 Message expired: unable to deliver in 840 minutes",
            "5.3.0|smtp; 554 5.3.0 Message rejected due to content restrictions",
        ],
    },
    "Postmark": {
        "hard": [
            "5.1.1|smtp;550 5.1.1 The email account that you tried to reach does not exist",
            "5.0.0|smtp;550 Unknown user: ada@reader.test",
            "5.1.1|smtp;550 5.1.1 <ada@reader.test> is not a valid mailbox",
        ],
        "soft": [
            "5.7.1|smtp;550 5.7.1 Message rejected due to unacceptable attachments",
            "4.2.2|smtp;452 4.2.2 The email account that you tried to reach is over quota",
        ],
    },
    "Yandex and mail.ru": {
        "hard": [
            "5.7.1|smtp; 550 5.7.1 No such user!",
            "5.0.0|smtp; 550 Message was not accepted -- invalid mailbox. Local mailbox ada@mail.test is unavailable: user not found",
            "5.0.0|smtp; 550 Message was not accepted -- invalid mailbox. Local mailbox ada@mail.test is unavailable: account is disabled",
        ],
        "soft": [
            "5.7.1|smtp; 554 5.7.1 Message rejected under suspicion of SPAM; https://ya.cc/1IrBc",
            "5.0.0|smtp; 550 Access from ip address 192.0.2.9 blocked",
            "5.2.2|smtp; 552 5.2.2 Mailbox size limit exceeded",
        ],
    },
    "servers that call it in their own words": {
        "hard": [
            "5.0.0|smtp; 550 User [ada.b@reader.test] does not exist",
            "5.0.0|smtp; 551 <ada@reader.test> is a deactivated mailbox",
            "5.0.0|smtp; 554 Rcpt <ada@reader.test> does not exist",
            "5.0.0|smtp; 554 RCPT (ada@reader.test) dosn't exist",
            "5.0.0|smtp; 550 mailbox ada@reader.test unavailable",
            "5.0.0|smtp; 550 BAD_RECIPIENT - see https://www.reader.test/undelivered",
            "5.0.0|smtp; 550 <ada@reader.test>: not found",
            "5.0.0|smtp; 550 5.1.1 USER_UNKNOWN",
            "5.0.0|smtp; 550 sorry, your envelope recipient is in my badrcptto list (#5.7.1)",
            "5.0.0|smtp; 550 There is no one at this address",
            "5.0.0|smtp; 550 No existe dicha persona",
            "5.0.0|smtp; 550 Esta casilla ha expirado por falta de uso",
            "5.0.0|smtp; 550 Nessun utente simile in questo indirizzo",
            "5.0.1|smtp; 550 5.0.1 <dmarc@reader.test> Recipient rejected",
        ],
        "soft": [
            "5.0.0|smtp; 552 Account(s) <ada@reader.test> does not have enough space",
            "5.0.0|smtp; 554 Message looping (received 6 times); no such user",
            "5.0.0|smtp; 550 We do not accept mail from dynamic addresses",
            "5.0.0|smtp; 550 Backscatter protection detected an invalid or expired address",
            "5.0.0|smtp; 550 Recipient not accepted. (BATV: no tag)",
        ],
    },
}  # fmt: skip


@pytest.mark.parametrize(
    ("reply", "expected"),
    [
        pytest.param(reply, kind, id=f"{provider}: {reply}")
        for provider, kinds in REPLIES.items()
        for kind, replies in kinds.items()
        for reply in replies
    ],
)
def test_replies_are_judged_rightly(reply, expected):
    status, _, diagnostic = reply.partition("|")
    assert judge(status, diagnostic) == expected


def test_every_provider_has_five_replies():
    assert [name for name, kinds in REPLIES.items() if sum(map(len, kinds.values())) < 5] == []


QMAIL = "Hi. This is the qmail-send program at mx.test.\nI'm afraid I wasn't able to deliver your message to the following addresses.\nThis is a permanent error; I've given up. Sorry it didn't work out.\n\n<ada@reader.test>:\n{}\n\n--- Below this line is a copy of the message.\n\nReturn-Path: <x@example.org>\n"
DOMINO = "Your message\n\n  Subject: Kelp\n\nwas not delivered to:\n\n  ada@reader.test\n\nbecause:\n\n  {}\n"
SENDMAIL = "   ----- The following addresses had permanent fatal errors -----\n<ada@reader.test>\n    (reason: {})\n\n   ----- Transcript of session follows -----\n... while talking to mx.test.:\n>>> DATA\n<<< {}\n550 5.1.1 <ada@reader.test>... User unknown\n<<< 503 5.5.1 No recipients\n"
EXIM = "A message that you sent could not be delivered to one or more of its\nrecipients. This is a permanent error. The following address(es) failed:\n\n  ada@reader.test\n    SMTP error from remote mail server after end of data:\n    host mx.test [192.0.2.7]: 554 delivery error:\n    {}\n\n------ This is a copy of the message, including all the headers. ------\n\nReturn-path: <x@example.org>\n"


@pytest.mark.parametrize(
    ("subject", "text", "expected"),
    [
        ("failure notice", QMAIL.format("Sorry, no mailbox here by that name. (#5.1.1)"), "hard"),
        ("failure notice", QMAIL.format("Sorry, I couldn't find any host by that name. (#5.1.2)"), "hard"),
        ("failure notice", QMAIL.format("192.0.2.7 does not like recipient.\nRemote host said: 550 5.1.1 User unknown\nGiving up on 192.0.2.7."), "hard"),
        ("failure notice", QMAIL.format("The e-mail message could not be delivered because the user's mailfolder is full."), "soft"),
        ("failure notice", QMAIL.format("Sorry, I wasn't able to establish an SMTP connection. (#4.4.1)"), "soft"),
        ("failure notice", QMAIL.format("192.0.2.7 failed after I sent the message.\nRemote host said: 554 Message rejected as spam"), "soft"),
        ("DELIVERY FAILURE: User ada (ada@reader.test) not listed in Domino Directory", DOMINO.format("User ada (ada@reader.test) not listed in Domino Directory"), "hard"),
        ("DELIVERY FAILURE", DOMINO.format("User ada@reader.test not listed in public Name & Address Book"), "hard"),
        ("DELIVERY FAILURE", DOMINO.format("550 5.1.1 User unknown"), "hard"),
        ("DELIVERY FAILURE", DOMINO.format("Maximum hop count exceeded. Message probably in a routing loop."), "soft"),
        ("DELIVERY FAILURE", DOMINO.format("Access to data denied; rejected for policy reasons"), "soft"),
        ("DELIVERY FAILURE", DOMINO.format("Error transferring to MX.TEST; timed out"), "soft"),
        ("Returned mail: see transcript for details", SENDMAIL.format("550 5.1.1 User unknown", "550 5.1.1 User unknown"), "hard"),
        ("Returned mail: see transcript for details", SENDMAIL.format("553 SPF fail", "553 SPF fail"), "soft"),
        ("Returned mail: see transcript for details", SENDMAIL.format("552 5.2.2 Over quota", "552 5.2.2 Over quota"), "soft"),
        ("Mail delivery failed: returning message to sender", EXIM.format("Sorry your message to ada@reader.test cannot be delivered. This account has been disabled or discontinued"), "hard"),
        ("Mail delivery failed: returning message to sender", EXIM.format("Sorry your message to ada@reader.test cannot be delivered. This account is over quota"), "soft"),
        ("Warning: ada@reader.test - User unknown!", "ada@reader.test - no such user here.\n\nThere is no user by that name at this server.\n", "hard"),
        ("Undeliverable Mail", "Invalid final delivery userid: ada@reader.test\n\nOriginal message follows.\n", "hard"),
    ],
)  # fmt: skip
def test_reports_in_words_are_judged_rightly(subject, text, expected):
    sender = "MDaemon@mx.test" if subject.startswith("Warning") else "MAILER-DAEMON@mx.test"
    mail = f"To: {OURS}\nFrom: {sender}\nSubject: {subject}\n\n{text}"
    assert read_bounce(mail.encode(), SECRET).kind == expected


def report(fields: str, text: str = "") -> bytes:
    return (
        f'To: {OURS}\nFrom: postmaster@mx.test\nContent-Type: multipart/report; report-type=delivery-status; boundary="XX"\n\n'
        f"--XX\n\n{text}\n--XX\nContent-Type: message/delivery-status\n\nReporting-MTA: dns; mx.test\n\n{fields}\n--XX--\n"
    ).encode()


@pytest.mark.parametrize(
    ("fields", "text", "expected"),
    [
        # Gmail calls a domain that does not exist a temporary failure, and yet gives up.
        ("Final-Recipient: rfc822; ada@reader.test\nAction: failed\nStatus: 4.0.0\nDiagnostic-Code: smtp; DNS Error: 1234 DNS type 'mx' lookup of reader.test responded with code NXDOMAIN\n Domain name not found: reader.test", "", "hard"),
        ("Final-Recipient: rfc822; ada@reader.test\nAction: failed\nStatus: 4.0.0\nDiagnostic-Code: smtp; DNS Error: 1234 DNS type 'mx' lookup of reader.test responded with code SERVFAIL", "", "soft"),
        # An action that RFC 3464 does not have.
        ("Final-Recipient: rfc822; ada@reader.test\nAction: error\nStatus: 5.0.0", "ada@reader.test: Domain does not exist\n", "hard"),
        ("Final-Recipient: rfc822; ada@reader.test\nAction: error\nStatus: 4.0.0", "ada@reader.test: Domain does not exist\n", "notice"),
        # A report without fields about a recipient says the rest in words.
        ("", "L'adresse de messagerie référencée ci-dessus n'existe pas.\n", "hard"),
        ("", "The message could not be delivered.\n", "soft"),
        # An alias with one dead member, and one whose only member is dead.
        ("Final-Recipient: rfc822; list@reader.test\nAction: expanded\nStatus: 2.0.0\n\nFinal-Recipient: rfc822; ada@reader.test\nAction: failed\nStatus: 5.1.1", "", "hard"),
        ("Final-Recipient: rfc822; bo@reader.test\nAction: delivered\nStatus: 2.0.0\n\nFinal-Recipient: rfc822; ada@reader.test\nAction: failed\nStatus: 5.1.1", "", "soft"),
    ],
)  # fmt: skip
def test_reports_with_fields_are_judged_rightly(fields, text, expected):
    assert read_bounce(report(fields, text), SECRET).kind == expected
