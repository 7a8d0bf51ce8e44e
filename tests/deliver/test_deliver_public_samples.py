"""Replies that people show in public threads, manuals and parsers, by their source; the people are invented.

Each was given its kind before the code judged it. A reply is a status and a diagnostic, separated by `|`.
"""

import pytest

from digest.deliver.bounces import read_bounce
from digest.deliver.diagnosis import judge, limits_the_account
from digest.signing import BOUNCE, UNSUBSCRIBE, token

SECRET = b"secret"
OURS = f"bounces+{token(SECRET, BOUNCE, 12)}@example.org"

REPLIES = {
    'a relay of mail.ru': [
        ('hard', '5.0.0|smtp; 550 non-local recipient verification failed'),
        ('hard', '5.7.1|smtp; 550 5.7.1 Non-local recipient verification failed.'),
    ],
    'ActiveCampaign/smtp-field-manual': [
        ('hard', '5.2.1|smtp;550 5.2.1 This mailbox has been blocked due to inactivity'),
        ('soft', '5.0.0|smtp;550 Requested action not taken: mailbox unavailable Reject due to policy restrictions.'),
        ('soft', '5.0.0|smtp;550 <ada@reader.test>: Invalid DNS MX or A/AAAA resource record'),
        ('soft', '5.1.1|failed,5.1.1 (bad destination mailbox address),smtp;553 Relaying disallowed,mx.zoho.com'),
        ('hard', '5.7.1|smtp;554 5.7.1 <ada@reader.test>: Recipient address rejected: Not in recipient list'),
        ('hard', '5.7.1|smtp;550 5.7.1 No such user!'),
        ('soft', '5.2.2|smtp;552 5.2.2 Mailbox size limit exceeded'),
        ('soft', '5.7.1|smtp;550 5.7.1 Policy rejection on the target address'),
        ('soft', '5.7.1|smtp;554 5.7.1 Spam message rejected; If this is not spam contact abuse'),
        ('hard', '5.4.1|smtp;550 5.4.1 All recipient addresses rejected : Access denied [x.eop-nam02.prod.protection.outlook.com]'),
        ('hard', '5.1.3|smtp;501 5.1.3 Invalid address [outlook.com]'),
        ('soft', '5.2.121|smtp;554 5.2.121 The sender has exceeded the limit for the number of messages they can send to this recipient per hour.'),
        ('soft', '5.0.0|smtp;550 DMARC Sender Invalid - envelope rejected - https://community.mimecast.com/docs/DOC-1369#550'),
        ('soft', '5.0.0|smtp;550 Rejected by header based manually Blocked Senders: digest@example.org - https://community.mimecast.com/docs/DOC-1369#550'),
        ('hard', '5.1.1|smtp;550 5.1.1 <ada@reader.test>: Recipient address rejected: undeliverable address: host mx.test[192.0.2.7] said: 550 5.1.1 <ada@reader.test>: Recipient address rejected: user unknown'),
        ('soft', '5.1.8|smtp;550 5.1.8 <digest@example.org>: Sender address rejected: Domain not found (in reply to RCPT TO command)'),
    ],
    'ActiveCampaign/smtp-field-manual#11': [
        ('soft', '5.0.0|smtp; 550 ip in prison'),
        ('soft', '5.7.1|smtp; 554 5.7.1 The recipient definitively does not want your mail. It will not be delivered but analyzed again.  We may feed it to a spam blacklist.'),
        ('hard', '5.7.1|smtp; 550 5.7.1 <ada@reader.test>: Recipient address rejected:  Inactive MailBox, not poped for more than 6 months'),
        ('soft', '5.7.1|smtp; 554 5.7.1 <digest@example.org>: Sender address rejected: Dumb.'),
    ],
    'alistapart/AListApart#442': [
        ('hard', "5.1.1|smtp;550 5.1.1 The email account that you tried to reach does not exist. Please try double-checking the recipient's email address for typos or unnecessary spaces. Learn more at https://support.google.com/mail/?p=NoSuchUser i189-20020a6387c6000000b00439495f4eadsor8053548pge.28 - gsmtp"),
    ],
    'anonaddy/anonaddy#749': [
        ('soft', '5.2.2|smtp; 552 5.2.2 <ada@web.test>: Recipient address rejected: User over quota'),
    ],
    'bytecamp.net': [
        ('soft', '4.2.2|smtp; 422 4.2.2 Quota limit exceeded (Speicherplatz des Kontos ueberschritten)'),
        ('soft', '5.7.1|smtp; 571 5.7.1 message classified as spam (Nachricht als Spam eingestuft)'),
    ],
    'chatmail/core#6547': [
        ('soft', '5.7.1|smtp; 554 5.7.1 [CS01] Message rejected due to local policy. Please visit https://support.apple.com/en-us/HT204137 (in reply to end of DATA command)'),
    ],
    'chatmail/provider-db#205': [
        ('soft', '5.7.1|smtp; 554 5.7.1 [2] Message rejected under suspicion of SPAM; https://ya.cc/1IrBc 1631900360-h4Ajl35YEe-dK78OYi4'),
    ],
    'customeros/mailsherpa#19': [
        ('hard', '5.1.6|smtp; 550 5.1.6 recipient no longer on server'),
        ('soft', '5.0.0|smtp; 550 #5.1.0 Address rejected.'),
    ],
    'dart-mailer/mailer#235': [
        ('soft', '5.0.0|smtp; 554 Message not allowed - [299]'),
    ],
    'docker-mailserver/docker-mailserver#22': [
        ('soft', '5.7.0|smtp; 550 5.7.0 Blocked - see https://support.proofpoint.com/dnsbl-lookup.cgi?ip=192.0.2.165: ada@me.test'),
    ],
    'Domino, in several languages': [
        ('hard', '5.0.0|X-Notes; User ada.lovelace (ada.lovelace@reader.te\n st) not listed in Domino Directory'),
        ('hard', '5.1.1|ada@reader.test not listed in Domino Directory (Unknown user.)'),
        ('hard', "5.0.0|X-Notes; L'utilisateur ada (ada@reader.test) non répertorié dans l'annuaire Domino"),
        ('hard', '5.0.0|X-Notes; ユーザー ada (ada@reader.test) は Domino ディレクトリには見つかりません'),
        ('hard', '5.0.0|X-Notes; User ada (ada@reader.test) not listed in public Name & Address Book'),
    ],
    'eNichers/node-bounce-handler': [
        ('hard', '5.0.0|smtp; 550 Nie ma takiego konta'),
        ('hard', '5.0.0|smtp; 550 Destinatario sconosciuto o mailbox disatttivata'),
        ('hard', '5.0.0|smtp; 550 Destinatario errato'),
        ('hard', '5.0.0|smtp; 550 Indirizzo inesistente'),
        ('hard', '5.0.0|smtp; 550 Adressat unbekannt oder Mailbox deaktiviert'),
        ('hard', '5.0.0|smtp; 550 Destinataire inconnu ou boite aux lettres desactivee'),
        ('hard', '5.0.0|smtp; 550 El usuario esta en estado: inactivo'),
        ('hard', '5.0.0|smtp; 550 ada was not found in LDAP server'),
        ('hard', '5.0.0|smtp; 550 We are sorry but the address is invalid'),
        ('hard', '5.0.0|smtp; 550 Unable to find alias user'),
        ('hard', '5.0.0|smtp; 550 Esta casilla ha expirado por falta de uso'),
        ('hard', '5.0.0|smtp; 550 no such domain'),
        ('hard', '5.0.0|smtp; 550 host name is unknown'),
        ('hard', '5.0.0|smtp; 550 unrouteable mail domain "reader.test"'),
        ('soft', '5.0.0|smtp; 550 exceeded the rate limit'),
        ('soft', '5.0.0|smtp; 550 mail can not be delivered'),
        ('hard', '5.0.0|smtp; 550 Mailbox disabled for this recipient'),
        ('hard', '5.0.0|smtp; 550 ada is no longer an employee of Example'),
        ('hard', '5.0.0|smtp; 550 No mail box available for this user'),
        ('hard', '5.0.0|smtp; 550 No one with that email address here'),
        ('hard', '5.0.0|smtp; 550 This email address is not known to this system'),
        ('hard', "5.0.0|smtp; 550 This server doesn't handle mail for that user"),
        ('soft', '5.0.0|smtp; 550 Excessive userid unknowns'),
    ],
    'forwardemail/free-email-forwarding#219': [
        ('soft', '5.7.0|smtp; 550 Error for ada@reader.test of "Invalid greeting. response=550 5.7.0 Blocked - see https://support.proofpoint.com/dnsbl-lookup.cgi?ip=192.0.2.185: 550 5.7.0 Blocked - see https://support.proofpoint.com/dnsbl-lookup.cgi?ip=192.0.2.185" (in reply to end of DATA command)'),
    ],
    'getconversio/email-deep-validator#20': [
        ('soft', '5.0.0|smtp; 554-Service unavailable; Client host [bl11-253-215.dsl.telepac.pt] blocked using 554-Barracuda Reputation; 554 http://www.barracudanetworks.com/reputation/?r=1&ip=192.0.2.2'),
    ],
    'getconversio/email-deep-validator#9': [
        ('soft', '5.0.0|smtp; 550-"JunkMail rejected - ec2-192-0-2-229.eu-west-1.compute.amazonaws.com 550-(allid.test) [192.0.2.229]:34032 is in an RBL, see 550 https://www.spamhaus.org/query/ip/192.0.2.229"'),
    ],
    'goposta/posta#86': [
        ('hard', '5.0.0|smtp; 550 User unknown in virtual mailbox table'),
    ],
    'haraka/Haraka#848': [
        ('soft', '5.7.1|smtp;550 5.7.1 Service unavailable; Client host [192.0.2.128 <-- x.test] blocked using FBLW15; To request removal from this list please forward this message to delist@messaging.microsoft.com'),
    ],
    'hilfe.cloud4you.biz': [
        ('hard', '5.1.1|smtp;550 5.1.1 RESOLVER.ADR.ExRecipNotFound; not found'),
        ('hard', '5.1.1|smtp;550 5.1.1 Unknown recipient'),
    ],
    'hippich/PHPMailer-BMH#1': [
        ('hard', '5.1.1|smtp; 550 5.1.1 <ada@aim.test>: Recipient address rejected: aim.com (in reply to RCPT TO command)'),
    ],
    'hippich/PHPMailer-BMH#2': [
        ('hard', "5.0.0|smtp; 554 delivery error: dd This user doesn't have a yahoo.fr account (ada@yahoo.test) [0] - mta1064.mail.ird.yahoo.com (in reply to end of DATA command)"),
    ],
    'hitobito/hitobito#2671': [
        ('soft', '5.0.0|smtp; 554-Transaction failed 554-Reject due to policy restrictions. 554 For explanation visit https://postmaster.gmx.net/de/case?c=r0735&i=ip&v=192.0.2.85&r=1McHM6-1srIWI1qNo-00dbDH (in reply to end of DATA command)'),
    ],
    'hmailserver/hmailserver#491': [
        ('soft', '5.7.26|smtp;550-5.7.26 Your email has been blocked because the sender is unauthenticated.'),
    ],
    'ionos.de': [
        ('soft', '5.0.0|smtp; 550 Quota Exceeded'),
    ],
    'jdavidbakr/mail-tracker#144': [
        ('hard', '5.0.0|smtp; 550 user unknown'),
    ],
    'jeboehm/docker-mailserver#81': [
        ('hard', '5.1.1|X-Postfix; unknown user: "ewan"'),
    ],
    'jlawyerorg/j-lawyer-org#904': [
        ('soft', '5.0.0|smtp; 554-Transaction failed 554-Reject due to policy restrictions. 554 For explanation visit https://www.gmx.net/mail/senderguidelines?ip=192.0.2.220&c=hi'),
    ],
    'jstedfast/MailKit#968': [
        ('soft', '5.0.0|smtp; 550-Requested action not taken: mailbox unavailable 550 Failure sending mail. Try again later'),
    ],
    'justingit/dada-mail': [
        ('hard', "5.0.0 (permanent failure)|smtp; 5.1.2 - Bad destination host 'DNS Hard Error looking up reader.test (MX):  NXDomain' (delivery attempts: 0)"),
        ('hard', '5.0.0 (permanent failure)|smtp; 5.1.0 - Unknown address error 550-\'No Such User Here"\' (delivery attempts: 0)'),
    ],
    'justingit/dada-mail#318': [
        ('hard', "5.0.0|smtp; 554 delivery error: dd This user doesn't have a yahoo.co.uk account (ada@yahoo.test) [0] - mta1005.mail.ukl.yahoo.com"),
    ],
    'justingit/dada-mail#717': [
        ('soft', '5.0.0|smtp; 550 5.7.1 [BFD] Sender prohibited by SPF'),
    ],
    'knadh/listmonk#1463': [
        ('hard', '5.4.4|smtp; 550 5.4.4 Invalid domain'),
    ],
    'LukeSmithxyz/emailwiz#233': [
        ('soft', '5.7.0|smtp; 550 5.7.0 Blocked - see https://ipcheck.proofpoint.com/?ip=192.0.2.134 (in reply to end of DATA command)'),
    ],
    'LukeSmithxyz/emailwiz#82': [
        ('soft', '5.0.0|smtp; 550-Requested action not taken: mailbox unavailable 550 invalid DNS MX or A/AAAA resource record.'),
    ],
    'maevsi/vibetype#1755': [
        ('hard', '5.3.0|smtp; 552 1 Requested mail action aborted, mailbox not found'),
    ],
    'mail.ru': [
        ('hard', '5.0.0|smtp; 550 Message was not accepted -- invalid mailbox. Local mailbox ada@mail.test is unavailable: user is terminated'),
        ('hard', '5.0.0|smtp; 550 Message was not accepted -- invalid mailbox. Local mailbox ada@mail.test is unavailable: user not found'),
    ],
    'mailcow/mailcow-dockerized#2639': [
        ('soft', '4.0.0|smtp; 554 IP=192.0.2.1 - A problem occurred. (Ask your postmaster for help or to contact tosa@rx.t-online.de to clarify.) (BL)'),
    ],
    'mailcow/mailcow-dockerized#3435': [
        ('hard', '5.2.0|smtp; 550 5.2.0 No such mailbox'),
    ],
    'Mailu/Mailu#1458': [
        ('soft', "4.0.0|smtp; 554-mx.test 554 Your access to this mail system has been rejected due to the sending MTA's poor reputation. If you believe that this failure is in error, please contact the intended recipient via alternate means."),
    ],
    'MicrosoftDocs/OfficeDocs-Exchange#1745': [
        ('soft', '5.7.708|smtp;550 5.7.708 Service unavailable. Access denied, traffic not accepted from this IP.'),
    ],
    'modoboa/modoboa-webmail#213': [
        ('soft', '5.0.0|smtp; 550 Action not taken (in reply to end of DATA command)'),
    ],
    'mozilla/fxa-auth-server#834': [
        ('hard', '5.1.1|smtp; 550 5.1.1 <ada@reader.test>... User'),
    ],
    'mysociety/writetothem#364': [
        ('soft', '5.7.1|smtp;550 5.7.1 RESOLVER.RST.NotAuthorized; not authorized'),
        ('soft', '5.0.0|smtp; 550 Administrative prohibition - envelope blocked - https://community.mimecast.com/docs/DOC-1369#550'),
        ('soft', '5.0.0|smtp; 550 Header value not allowed'),
    ],
    'netneutrality/savetheinternet.in#166': [
        ('hard', "5.1.1|smtp;550-5.1.1 The email account that you tried to reach does not exist. Please try the recipient's email address for typos or spaces. Learn more at https://support.google.com/mail/answer/6596 t8si11697642ywb.299 - gs"),
    ],
    'onesystems.ch': [
        ('hard', '5.7.1|smtp; 554 5.7.1 <ada@reader.test>: Recipient address rejected: User unknown'),
        ('soft', '4.0.0|smtp; 451 qq trouble in home directory'),
    ],
    'openaustralia/planningalerts#1969': [
        ('soft', '5.0.0|smtp; 550 Envelope blocked - User Entry - https://community.mimecast.com/docs/DOC-1369#550 [gz1Vvz1VN9ikuIVSF81-Wg.au11] (in reply to RCPT TO command)'),
    ],
    'openlab-aux/orgafoo#315': [
        ('soft', '4.0.0|smtp; 554-kundenserver.de (mxeue110) Nemesis ESMTP Service not available 554-No SMTP service 554-Bad DNS PTR resource record.'),
    ],
    'sinak/democracy.io#126': [
        ('hard', '5.0.0|smtp; 550 Unrouteable address'),
    ],
    'sitepackage.de': [
        ('hard', '5.1.1|smtp; 550 5.1.1 <ada@gmx.test>... User is unknown'),
        ('hard', '5.2.1|smtp; 550 5.2.1 <ada@gmx.test>... User is inactive'),
        ('hard', '5.0.0|smtp; 550 Benutzer nicht bekannt/User unknown'),
        ('hard', '5.0.0|smtp; 550 Unknown local part ada in <ada@web.test>'),
        ('soft', '5.0.0|smtp; 550 Benutzer hat das Speichervolumen ueberschritten. / User has exhausted allowed storage space.'),
        ('soft', '5.0.0|smtp; 550 Benutzer hat zuviele Mails auf dem Server. / User has too many messages on the server.'),
        ('hard', '5.1.1|smtp; 550 5.1.1 user unknown'),
        ('soft', '5.2.2|smtp; 552 5.2.2 Over STORAGE quota'),
        ('soft', '5.0.0|smtp; 500 5.0.0 Depot returns error: <552 5.2.2 Over quota>'),
        ('soft', '5.0.0|smtp; 550 Recipient verification problem'),
    ],
    'stalwartlabs/stalwart#2460': [
        ('hard', '5.1.2|smtp; 550 5.1.2 Mailbox does not exist.'),
    ],
    'tutao/tutanota#7113': [
        ('soft', '4.7.0|smtp; 421 4.7.0 [TSS04] Messages from 192.0.2.214 temporarily deferred due to unexpected volume or user complaints - 4.16.55.1; see https://postmaster.yahooinc.com/error-codes'),
    ],
    'tutao/tutanota#7713': [
        ('hard', '5.7.1|smtp; 550 5.7.1 <ada@tutamail.test>: Recipient address rejected: Recipient not found'),
    ],
    'twisted1919/bounce-handler': [
        ('hard', '5.0.0|SMTP; 550 5.7.1 Requested action not taken: mailbox not available'),
        ('hard', "5.0.0|smtp; 5.1.0 - Unknown address error 540-'Error: Wrong recipients' (delivery attempts: 0)"),
        ('hard', '5.0.0|SMTP; 550 Command RCPT User <ada@reader.test> not OK'),
        ('hard', '5.0.0|SMTP; 550 User not a member of domain: <ada@reader.test>'),
        ('hard', '5.0.0|SMTP; 550-"The recipient cannot be verified. Please check all recipients of this'),
        ('hard', '5.0.0|SMTP; 550 account expired'),
        ('soft', '5.0.0|<ada@reader.test>: The user does not accept email in non-Western (non-Latin) character sets.'),
    ],
    'wikimedia/mediawiki-extensions-BounceHandler': [
        ('hard', '5.5.0|smtp;550 Requested action not taken: mailbox unavailable'),
    ],
    'YunoHost/issues#2684': [
        ('hard', '5.1.2|smtp; 550 5.1.2 No such mailbox [MSG0031] (in reply to RCPT TO command)'),
    ],
    'zone-eu/zone-mta#214': [
        ('hard', '5.4.1|smtp;550 5.4.1 Recipient address rejected: Access denied. AS(201806281) [PR2FRA01FT009.eop-fra01.prod.protection.outlook.com]'),
    ],
    'zone-eu/zone-mta#301': [
        ('soft', '5.7.0|smtp; 554 5.7.0 Blocked - see https://support.proofpoint.com/dnsbl-lookup.cgi?ip=192.0.2.1'),
    ],
    'cisco.com, AsyncOS guide': [
        ('hard', "5.0.0|smtp; 5.1.0 - Unknown address error 550-'There is no such active account.' (delivery attempts: 0)"),
        ('soft', "4.0.0|smtp; 4.1.0 - Unknown address error 451-'<user@reader.test> Automated block triggered by suspicious activity from your IP address (192.0.2.1). Have your system administrator send e-mail to postmaster@reader.test if you believe this block is in error'"),
        ('hard', '5.0.0|smtp; 5.1.2 - Bad destination host (delivery attempts: 0)'),
    ],
    'public parser of IronPort reports': [
        ('hard', "5.0.0 (permanent failure)|smtp; 5.1.0 - Unknown address error 550-'No such user (foo) -ERR foo@foo.test not found' (delivery attempts: 0)"),
    ],
    'list archive, IronPort reports': [
        ('soft', "5.0.0 (permanent failure)|smtp; 5.3.0 - Other mail system problem 550-'SPF check failed [ME1nOxOOVgB7fGPFxexgdQgY1BLuqtQ6gyID64DwOAqYrze5QOJGYUUQrrZzU1NjFQ==  IP: 192.0.2.243]. http://service.mail.qq.com/cgi-bin/help?subtype=1&&no=1001445&&id=20022.' (delivery attempts: 0)"),
    ],
    'timmehosting.de (T-Online)': [
        ('soft', '5.0.0|smtp; 554 IP=192.0.2.1 - None/bad reputation. Ask your postmaster for help or to contact <postmaster@rx.t-online.de> for reset. (NOWL)'),
    ],
    'coviserver.de (T-Online)': [
        ('soft', '4.7.1|smtp; 450 4.7.1 [EAB] 554 IP=192.0.2.1 - A problem occurred.'),
    ],
    'coviserver.de': [
        ('soft', '4.7.1|smtp; 450 4.7.1 <ada@reader.test>: Recipient address rejected: Service temporarily unavailable, please try later (in reply to RCPT TO command)'),
    ],
    'orange-panther.de': [
        ('hard', '5.2.0|smtp; 550 #5.2.0 no such mailbox'),
        ('hard', '5.1.1|smtp; 550 #5.1.1 unknown recipient'),
        ('soft', "5.0.0|X-Postfix; can't create user output file"),
    ],
    'goneo.de': [
        ('soft', '5.0.0|smtp; 553 digest@example.org: Sender address rejected: not owned by user digest@example.org'),
    ],
    'cloudplus.net (Exchange 2013)': [
        ('hard', '5.1.2|SMTP; 550 Host unknown'),
        ('soft', '5.7.1|smtp;550 5.7.1 Client was not authenticated'),
    ],
    'seattleserver.com (Exchange 2010)': [
        ('soft', '4.4.7|smtp;550 4.4.7 QUEUE.Expired; message expired'),
    ],
    'learn.microsoft.com (Exchange)': [
        ('hard', '5.4.4|smtp;554 5.4.4 SMTPSEND.DNS.NonExistentDomain; nonexistent domain'),
        ('soft', '5.4.6|smtp;554 5.4.6 Hop count exceeded - possible mail loop'),
    ],
    'ActiveCampaign/postmark-php#35': [
        ('hard', '5.0.0|smtp;550 You tried to send to a recipient that has been marked as inactive. Found inactive addresses: ada@reader.test. Inactive recipients are ones that have generated a hard bounce or a spam complaint.'),
    ],
    'fjordllc/bootcamp#9541 (Postmark)': [
        ('hard', '5.0.0|smtp;550 You tried to send to recipient(s) that have been marked as inactive. Found inactive addresses: ada@reader.test. Inactive recipients are ones that have generated a hard bounce, a spam complaint, or a manual suppression.'),
    ],
    'postmarkapp.com: API error codes': [
        ('soft', "5.0.0|smtp;550 The 'From' address you supplied (digest@example.org) is not a Sender Signature on your account. Please add and confirm this address in order to be able to use it in the 'From' field of your messages."),
        ('soft', '5.0.0|smtp;550 Not allowed to send: you ran out of credits.'),
        ('soft', "5.0.0|smtp;550 While your account is pending approval, all recipient addresses must share the same domain as the 'From' address."),
    ],
}  # fmt: skip


@pytest.mark.parametrize(
    ("source", "kind", "reply"),
    [(source, kind, reply) for source, replies in REPLIES.items() for kind, reply in replies],
)
def test_a_reply_is_judged_rightly(source, kind, reply):
    status, _, diagnostic = reply.partition("|")
    assert judge(status, diagnostic) == kind, source


TEXTS = [
    ('wikimedia/BounceHandler email1', 'soft', 'Return-Path: <>\nAuto-Submitted: auto-replied\nFrom: Mail Delivery System <Mailer-Daemon@x.test>\nSubject: Mail delivery failed: returning message to sender\n\nThis message was created automatically by mail delivery software.\n\nA message that you sent could not be delivered to one or more of its\nrecipients. This is a permanent error. The following address(es) failed:\n\n  bob@example.com\n    Mailing to remote domains not supported\n\n------ This is a copy of the message, including all the headers. ------\n\nSubject: x\n'),
    ('wikimedia/BounceHandler emailStatus1', 'hard', "Return-Path: <>\nAuto-Submitted: auto-replied\nFrom: Mail Delivery System <Mailer-Daemon@x.test>\nSubject: Mail delivery failed: returning message to sender\n\nThis message was created automatically by mail delivery software.\n\nA message that you sent could not be delivered to one or more of its\nrecipients. This is a permanent error. The following address(es) failed:\n\n  bounceduserfortest@gmail.test\n    SMTP error from remote mail server after RCPT TO:<bounceduserfortest@gmail.test>:\n    host gmail-smtp-in.l.google.com [192.0.2.26]:\n    550-5.1.1 The email account that you tried to reach does not exist. Please try\n    550-5.1.1 double-checking the recipient's email address for typos or\n    550-5.1.1 unnecessary spaces. Learn more at\n    550 5.1.1 http://support.google.com/mail/bin/answer.py?answer=6596 s52si24422382qge.11 - gsmtp\n\n------ This is a copy of the message, including all the headers. ------\n\nSubject: x\n"),
    ('mysociety/writetothem#364', 'soft', 'Return-Path: <>\nFrom: Mail Delivery System <Mailer-Daemon@x.test>\nSubject: Mail delivery failed: returning message to sender\n\nThis message was created automatically by mail delivery software.\n\nA message that you sent could not be delivered to one or more of its\nrecipients. This is a permanent error. The following address(es) failed:\n\n  ada@reader.test\n    SMTP error from remote mail server after RCPT TO:<ada@reader.test>:\n    host eu-smtp-inbound-1.mimecast.com [195.130.217.211]:\n    550 Administrative prohibition - envelope blocked - https://community.mimecast.com/docs/DOC-1369#550\n'),
    ('Exim test/mail/0224.CALLER', 'hard', 'Return-Path: <>\nFrom: Mail Delivery System <Mailer-Daemon@x.test>\nSubject: Mail delivery failed: returning message to sender\n\nThis message was created automatically by mail delivery software.\n\nA message that you sent could not be delivered to one or more of its\nrecipients. This is a permanent error. The following address(es) failed:\n\n  bounce@test.ex\n    (generated from userxx@test.ex)\n    Unrouteable address\n'),
    ('rumkin.com', 'soft', "Return-Path: <>\nFrom: MAILER-DAEMON@rumkin.test\nSubject: failure notice\n\nHi. This is the qmail-send program at rumkin.test.\nI'm afraid I wasn't able to deliver your message to the following addresses.\nThis is a permanent error; I've given up. Sorry it didn't work out.\n\n<some_user@rumkin.test>:\nmail denied, based on relay 4.10.205.248\n\n--- Below this line is a copy of the message.\n\nSubject: x\n"),
    ('ovh/docs', 'soft', "Return-Path: <>\nFrom: MAILER-DAEMON@mx1.ovh.net\nSubject: failure notice\n\nHi. This is the qmail-send program at mx1.ovh.net.\nI'm afraid I wasn't able to deliver your message to the following addresses.\nThis is a permanent error; I've given up. Sorry it didn't work out.\n\n<newsletter@yourdomain.test>:\n\nezmlm-reject: fatal: Sorry, I don't accept message with empty Subject (#5.7.0)\n"),
    ('ubuntuforums', 'soft', "Return-Path: <>\nFrom: MAILER-DAEMON@ns0.crynwr.test\nSubject: failure notice\n\nHi. This is the qmail-send program at ns0.crynwr.test.\nI'm afraid I wasn't able to deliver your message to the following addresses.\nThis is a permanent error; I've given up. Sorry it didn't work out.\n\n<discuss@linmodems.test>:\nezmlm-reject: fatal: Sorry, I don't accept messages of MIME Content-Type 'multipart/alternative' (#5.2.3)\n\n--- Below this line is a copy of the message.\n"),
    ('twisted1919', 'hard', "Return-Path: <>\nFrom: MAILER-DAEMON@x.test\nSubject: failure notice\n\nHi. This is the qmail-send program at x.test.\nI'm afraid I wasn't able to deliver your message to the following addresses.\nThis is a permanent error; I've given up. Sorry it didn't work out.\n\n<ada@reader.test>:\nSorry, no mailbox here by that name. vpopmail (#5.1.1)\n\n--- Below this line is a copy of the message.\n"),
    ('Domino, in several languages', 'hard', 'Return-Path: <>\nFrom: Mail Delivery Subsystem <MAILER-DAEMON@x.test>\nSubject: Returned mail: see transcript for details\n\nThe original message was received at Thu, 11 Jan 2024 16:45:00 +0000\nfrom mail.example.com [198.51.100.5]\n\n   ----- The following addresses had permanent fatal errors -----\n<admin@old-startup.test>\n    (reason: 550 5.1.1 User unknown)\n\n   ----- Transcript of session follows -----\n... while talking to mx.old-startup.test.:\n>>> DATA\n<<< 550 5.1.1 <admin@old-startup.test>... User unknown\n550 5.1.1 <admin@old-startup.test>... User unknown\n'),
    ('linuxgazette', 'soft', "Return-Path: <>\nFrom: Mail Delivery Subsystem <MAILER-DAEMON@testdsl.test>\nSubject: Returned mail: Service unavailable\n\nThe original message was received at Sat, 17 Mar 2001 11:48:57 -0500\nfrom IDENT:nsadmin@localhost [127.0.0.1]\n\n   ----- The following addresses had permanent fatal errors -----\nada@aol.test\n\n   ----- Transcript of session follows -----\n... while talking to mailin-04.mx.aol.com.:\n<<< 550-AOL no longer accepts connections from dynamically assigned\n<<< 550-IP addresses to our relay servers.  Please contact your ISP\n<<< 550 to have your mail redirected through your ISP's SMTP servers.\n... while talking to mailin-02.mx.aol.com.:\n>>> QUIT\n"),
    ('ubuntuforums', 'soft', 'Return-Path: <>\nFrom: Mail Delivery Subsystem <MAILER-DAEMON@x.test>\nSubject: Returned mail: see transcript for details\n\n   ----- The following addresses had permanent fatal errors -----\n<ada@gmail.test>\n    (reason: 530-5.5.1 Authentication Required. Learn more at)\n\n   ----- Transcript of session follows -----\n... while talking to gmail-smtp-msa.l.google.com.:\n>>> AUTH dialogue\n<<< 534-5.7.14 <https://accounts.google.com/ContinueSignIn?sarp=1&scc=1&plt=AKgnsbsai\n'),
    ('helpdesk.umd.edu', 'soft', 'Return-Path: <>\nFrom: Mail Delivery Subsystem <MAILER-DAEMON@x.test>\nSubject: Warning: could not send message for past 1 day\n\n    **********************************************\n    **      THIS IS A WARNING MESSAGE ONLY      **\n    **  YOU DO NOT NEED TO RESEND YOUR MESSAGE  **\n    **********************************************\n\n   ----- The following addresses had transient non-fatal errors -----\nada@reader.test\n\n   ----- Transcript of session follows -----\nada@reader.test... Deferred: Connection timed out with mx.reader.test.\nWarning: message still undelivered after 4 hours\nWill keep trying until message is 4 days old\n'),
    ('mailcore2#1738', 'soft', 'Return-Path: <>\nFrom: MAILER-DAEMON@yahoo.com\nSubject: Failure Notice\n\nSorry, we were unable to deliver your message to the following address.\n\n<ada@icloud.test>:\n550: 5.7.1 Message rejected due to local policy. Please visit https://support.apple.com/en-us/HT204137\n\n--- Below this line is a copy of the message.\n'),
    ('sinak/democracy.io#126', 'hard', "Return-Path: <>\nAuto-Submitted: auto-replied\nFrom: Mail Delivery Subsystem <mailer-daemon@googlemail.com>\nSubject: Delivery Status Notification (Failure)\n\n** Address not found **\n\nYour message wasn't delivered to ada@eff.test because the address couldn't be found, or is unable to receive mail.\n\nThe response was:\n550 Unrouteable address\n"),
    ('tutao/tutanota#7713', 'hard', 'Return-Path: <>\nAuto-Submitted: auto-replied\nFrom: Mail Delivery Subsystem <mailer-daemon@googlemail.com>\nSubject: Delivery Status Notification (Failure)\n\nThe response from the remote server was:\n550 5.7.1 <ada@tutamail.test>: Recipient address rejected: Recipient not found\n'),
    ('haraka#848', 'soft', "Return-Path: <>\nFrom: MAILER-DAEMON@mx.test\nSubject: Undelivered Mail Returned to Sender\n\nHi. This is the Haraka Mailer program at mxbt1.test.\nI'm afraid I wasn't able to deliver your message to the following addresses.\nThis is a permanent error; I've given up. Sorry it didn't work out.\n\nIntended Recipients: <ada@reader.test>\nFailure Reason: Error: Some recipients failed: <ada@reader.test>\n"),
    ('netneutrality/savetheinternet.in#166', 'hard', "Return-Path: <>\nFrom: Internet Mail Delivery <postmaster@x.test>\nSubject: Delivery Notification: Delivery has failed\n\nYour message cannot be delivered to the following recipients:\n\n  Recipient address: ada@gmail.test\n  Reason: Remote SMTP server has rejected address\n  Diagnostic code: smtp;550-5.1.1 The email account that you tried to reach does not exist. Please try the recipient's email address for typos or spaces. Learn more at https://support.google.com/mail/answer/6596 t8si11697642ywb.299 - gs\n  Remote system: dns;gmail-smtp-in.l.google.com (TCP|192.0.2.19|53619|192.0.2.27|25) (mx.google.com ESMTP t8si11697642ywb.299 - gsmtp)\n"),
    ('free-email-forwarding#121', 'soft', 'Return-Path: <>\nFrom: mailer-daemon@mail.zoho.eu\nSubject: Undelivered Mail Returned to Sender\n\nThis message was created automatically by mail delivery software.\n The following addresses had fatal errors -----\n\n  [Status: Error, Address: <ada@reader.test>, Malformed answer from server]\n\nMessage will be retried for 4 more day(s)\n'),
    ('twisted1919/bounce-handler', 'hard', 'From: MAILER-DAEMON@mx.test\nSubject: failure notice\n\n- These recipients of your message have been processed by the mail server:\nada@reader.test; Failed; 5.1.1 (bad destination mailbox address)\n'),
    ('docs.aws.amazon.com: notification contents', 'hard', 'From: AWS Notifications <no-reply@sns.amazonaws.com>\nSubject: AWS Notification Message\nContent-Type: text/plain\n\n{"notificationType": "Bounce", "bounce": {"bounceType": "Permanent", "bounceSubType": "General", "bouncedRecipients": [{"emailAddress": "a@x.test"}]}, "mail": {}}\n'),
    ('docs.aws.amazon.com: notification contents', 'hard', 'From: AWS Notifications <no-reply@sns.amazonaws.com>\nSubject: AWS Notification Message\nContent-Type: text/plain\n\n{"notificationType": "Bounce", "bounce": {"bounceType": "Permanent", "bounceSubType": "NoEmail", "bouncedRecipients": [{"emailAddress": "a@x.test"}]}, "mail": {}}\n'),
    ('docs.aws.amazon.com: notification contents', 'soft', 'From: AWS Notifications <no-reply@sns.amazonaws.com>\nSubject: AWS Notification Message\nContent-Type: text/plain\n\n{"notificationType": "Bounce", "bounce": {"bounceType": "Transient", "bounceSubType": "General", "bouncedRecipients": [{"emailAddress": "a@x.test"}]}, "mail": {}}\n'),
    ('docs.aws.amazon.com: notification contents', 'soft', 'From: AWS Notifications <no-reply@sns.amazonaws.com>\nSubject: AWS Notification Message\nContent-Type: text/plain\n\n{"notificationType": "Bounce", "bounce": {"bounceType": "Undetermined", "bounceSubType": "Undetermined", "bouncedRecipients": [{"emailAddress": "a@x.test"}]}, "mail": {}}\n'),
    ('docs.aws.amazon.com: notification contents', 'soft', 'From: AWS Notifications <no-reply@sns.amazonaws.com>\nSubject: AWS Notification Message\nContent-Type: text/plain\n\n{"notificationType": "Bounce", "bounce": {"bounceType": "Permanent", "bounceSubType": "General", "bouncedRecipients": [{"emailAddress": "a@x.test", "status": "5.7.1", "diagnosticCode": "smtp; 550 5.7.1 Message rejected as spam"}]}, "mail": {}}\n'),
    ('docs.aws.amazon.com: notification contents', 'soft', 'From: AWS Notifications <no-reply@sns.amazonaws.com>\nSubject: AWS Notification Message\nContent-Type: text/plain\n\n{"notificationType": "Bounce", "bounce": {"bounceType": "Transient", "bounceSubType": "MailboxFull", "bouncedRecipients": [{"emailAddress": "a@x.test"}]}, "mail": {}}\n'),
    ('apache/james-project', 'hard', "Return-Path: <>\nFrom: James <postmaster@localhost>\nSubject: Re: Kelp\n\nHi. This is the James mail server at localhost.\nI'm afraid I wasn't able to deliver your message to the following addresses.\nThis is a permanent error; I've given up. Sorry it didn't work out. Below\nI include the list of recipients and the reason why I was unable to deliver\nyour message.\n\nFailed recipient(s):\nada@reader.test\n\nError message:\n550 5.1.1 unknown user ada@reader.test\n\n"),
    ('apache/james-project', 'soft', "Return-Path: <>\nFrom: James <postmaster@localhost>\nSubject: Re: Kelp\n\nHi. This is the James mail server at localhost.\nI'm afraid I wasn't able to deliver your message to the following addresses.\nThis is a permanent error; I've given up. Sorry it didn't work out. Below\nI include the list of recipients and the reason why I was unable to deliver\nyour message.\n\nFailed recipient(s):\nada@reader.test\n\nError message:\n554 mock response\n\n"),
    ('Gmail, Outlook: reports in words', 'soft', "Return-Path: <>\nFrom: Microsoft Outlook <MicrosoftExchange329e71ec88ae@univ.test>\nSubject: Undeliverable: S\nX-Failed-Recipients: jobs@acme.test\n\nYour message to jobs@acme.test couldn't be delivered.\n"),
    ('Gmail, Outlook: reports in words', 'hard', "Return-Path: <>\nFrom: Mail Delivery Subsystem <mailer-daemon@googlemail.com>\nSubject: Delivery Status Notification (Failure)\nAuto-Submitted: auto-replied\nX-Failed-Recipients: ada@huawei.test\n\n** Address not found **\n\nYour message wasn't delivered to ada@huawei.test because the address couldn't be found, or is unable to receive mail.\n"),
    ('Gmail, Outlook: reports in words', 'soft', "Return-Path: <>\nFrom: Mail Delivery Subsystem <mailer-daemon@googlemail.com>\nSubject: Delivery Status Notification (Delay)\nAuto-Submitted: auto-replied\n\n** Delivery incomplete **\n\nThere was a temporary problem delivering your message to ada@x.test. Gmail will retry for 46 more hours. You'll be notified if the delivery fails permanently.\n\nThe response was:\n\nThe recipient server did not accept our requests to connect.\n"),
    ('Gmail, Outlook: reports in words', 'soft', 'Return-Path: <>\nFrom: Mail Delivery Subsystem <mailer-daemon@googlemail.com>\nSubject: Delivery Status Notification (Failure)\nAuto-Submitted: auto-replied\n\n** Message blocked **\n\nYour message to ada@x.test has been blocked. See technical details below for more information.\n\nThe response from the remote server was:\n550 5.7.1 Message rejected due to content restrictions\n'),
    ('Gmail, Outlook: reports in words', 'hard', 'Return-Path: <>\nFrom: Mail Delivery Subsystem <mailer-daemon@googlemail.com>\nSubject: Delivery Status Notification (Failure)\nAuto-Submitted: auto-replied\n\n** Adresse nicht gefunden **\n\nIhre Nachricht wurde nicht an ada@x.test zugestellt, weil die Adresse nicht gefunden wurde oder keine E-Mails empfangen kann.\n'),
    ('Gmail, Outlook: reports in words', 'hard', "Return-Path: <>\nFrom: Mail Delivery Subsystem <mailer-daemon@googlemail.com>\nSubject: Delivery Status Notification (Failure)\nAuto-Submitted: auto-replied\n\n** Adresse introuvable **\n\nVotre message n'a pas été remis à ada@x.test, car l'adresse est introuvable ou ne peut pas recevoir d'e-mails.\n"),
    ('Gmail, Outlook: reports in words', 'hard', 'Return-Path: <>\nFrom: Mail Delivery Subsystem <mailer-daemon@googlemail.com>\nSubject: Delivery Status Notification (Failure)\nAuto-Submitted: auto-replied\n\n** No se ha encontrado la dirección **\n\nTu mensaje no se ha entregado a ada@x.test porque no se ha encontrado la dirección o esta no puede recibir correo.\n'),
]  # fmt: skip


@pytest.mark.parametrize(("source", "kind", "text"), TEXTS)
def test_a_report_in_words_is_judged_rightly(source, kind, text):
    assert read_bounce(f"Delivered-To: {OURS}\n{text}".encode(), SECRET).kind == kind, source


# Forms of Postfix, Exchange, and servers in other languages, with twins that differ in one word.
FORMS = [
    ('soft', '5.7.1', 'smtp;550 5.7.1 Unable to relay for ada@reader.test'),
    ('soft', '5.1.8', 'smtp;550 5.1.8 Access denied, bad outbound sender'),
    ('soft', '4.4.3', 'X-Postfix; Host or domain name not found. Name service error for name=reader.test type=MX: Host not found, try again'),
    ('hard', '5.4.4', 'X-Postfix; Host or domain name not found. Name service error for name=reader.test type=A: Host not found'),
    ('soft', '5.2.0', 'X-Postfix; maildir delivery failed: create maildir file /home/ada/Maildir/tmp/1183664300.P7958.dpit: Permission denied'),
    ('soft', '5.4.6', 'X-Postfix; mail for mail.reader.test loops back to myself'),
    ('soft', '5.0.0', 'X-Postfix; mail for reader.test loops back to myself'),
    ('hard', '5.0.0', 'smtp; 550 unrouteable mail domain reader.test (in reply to RCPT TO command)'),
    ('soft', '5.1.0', 'smtp; 550 5.1.0 Authentication required (in reply to MAIL FROM command)'),
    ('soft', '5.7.1', 'smtp; 550 5.7.1 <ada@reader.test>... Relaying denied (in reply to RCPT TO command)'),
    ('hard', '5.1.1', "smtp; 550 5.1.1 <ada@reader.test> User doesn't exist: ada@reader.test (in reply to RCPT TO command)"),
    ('hard', '5.1.1', 'smtp; 550 5.1.1 <ada@reader.test>: Recipient address rejected: User unknown in virtual alias table (in reply to RCPT TO command)'),
    ('hard', '5.1.10', 'smtp;550 5.1.10 RESOLVER.ADR.RecipientNotFound; Recipient not found by SMTP address lookup'),
    ('hard', '5.0.0', 'smtp; 550 Message was not accepted -- invalid mailbox.  Local mailbox ada@mail.test is unavailable: user not found (in reply to end of DATA command)'),
    ('soft', '5.1.8', 'smtp; 550 5.1.8 <root@example.org>: Sender address rejected: Domain not found (in reply to RCPT TO command)'),
    ('soft', '5.5.1', 'smtp; 530 5.5.1 Authentication Required. Learn more at'),
    ('soft', '5.4.7', 'smtp;550 4.4.7 QUEUE.Expired; message expired'),
    ('soft', '5.4.300', 'smtp;550 5.4.300 Message expired -> 451 4.7.500 Server busy. Please try again later from [192.0.2.1]. (S77719)'),
    ('soft', '5.4.312', 'smtp;550 5.4.312 Message expired, DNS query failed(ServerFailure)'),
    ('soft', '5.7.12', 'smtp;550 5.7.12 RESOLVER.RST.SenderNotAuthenticated; sender not allowed'),
    ('soft', '5.7.124', 'smtp;550 5.7.124 RESOLVER.RST.SenderNotInAllowedList; sender not in allowed-senders list'),
    ('soft', '5.2.121', 'smtp;554 5.2.121 RecipientPerSenderThreshold'),
    ('soft', '5.4.14', 'smtp;554 5.4.14 Hop count exceeded - possible mail loop ATTR34'),
    ('soft', '5.6.11', 'smtp;550 5.6.11 SMTPSEND.BareLinefeedsAreIllegal'),
    ('soft', '5.1.90', "smtp;550 5.1.90 Your message can't be sent because you've reached your daily limit for message recipients"),
    ('hard', '5.1.0', 'smtp;550 5.1.0 RESOLVER.ADR.RecipientNotFound; not found'),
    ('soft', '5.7.193', 'smtp;550 5.7.193 Service unavailable; Access denied'),
    ('soft', '5.1.20', 'smtp;550 5.1.20 Multiple From addresses are not allowed without Sender address'),
    ('soft', '5.7.501', 'smtp;550 5.7.501 Access denied, spam abuse detected'),
    ('hard', '5.1.1', 'smtp;550 5.1.1 User Does Not Exist - https://support.google.com'),
    ('hard', '5.1.2', 'smtp;550 5.1.2 ada@reader.test... Host unknown (Name server: mx: host not found)'),
    ('soft', '5.3.5', 'smtp;554 5.3.5 Local configuration error'),
    ('soft', '5.3.4', 'smtp;552 5.3.4 Message size exceeds fixed maximum message size'),
    ('hard', '5.0.0', 'smtp;550 Postfach ist deaktiviert'),
    ('hard', '5.0.0', 'smtp;550 Empfängeradresse unbekannt'),
    ('soft', '5.0.0', 'smtp;550 Absenderadresse unbekannt'),
    ('soft', '5.0.0', 'smtp;554 Nachricht abgelehnt: Spamverdacht'),
    ('soft', '5.0.0', 'smtp;550 Зачем вы это отправили? Спам. Письмо отклонено'),
    ('hard', '5.0.0', 'smtp;550 Пользователь не найден'),
    ('hard', '5.0.0', 'smtp;550 5.1.1 Почтовый ящик не существует'),
    ('hard', '5.0.0', 'smtp;550 Destinatário não existe'),
    ('soft', '5.0.0', 'smtp;550 Caixa postal cheia'),
    ('soft', '5.0.0', 'smtp;552 La boîte aux lettres du destinataire est pleine'),
    ('hard', '5.0.0', 'smtp;550 該当するユーザーが見つかりません'),
    ('soft', '5.0.0', 'smtp;550 Mailbox temporarily disabled due to inactivity, try again later'),
    ('soft', '5.0.0', 'smtp;550 Sender account expired'),
    ('soft', '5.7.1', 'smtp;550 5.7.1 Your account has expired, please renew to send mail'),
    ('soft', '5.0.0', 'smtp;550 SPF record expired for domain of sender'),
    ('soft', '5.0.0', 'smtp;550 DKIM key not found in the database of example.org'),
    ('soft', '5.7.1', 'smtp;550 5.7.1 Your IP is not in our whitelist'),
    ('soft', '5.7.1', 'smtp;554 5.7.1 sender is not in list of allowed senders'),
    ('soft', '5.7.1', 'smtp;550 5.7.1 Sender not in my address book'),
    ('soft', '5.0.0', 'smtp; 550 Outbound Mail Refused - See http://help.rr.com/outboundemail (in reply to MAIL FROM command)'),
    ('hard', '5.0.0', 'smtp; 550 No Such User Here (in reply to RCPT TO command)'),
    ('soft', '5.7.1', "smtp; 554 5.7.1 reject: Client host bypassing service provider's mail relay: ip-192.0.2.206.dsl-cust.ca.inter.net (in reply to end of DATA command)"),
    ('soft', '5.7.1', 'smtp; 554 5.7.1 <ada@hotmail.test>: Relay access denied (in reply to RCPT TO command)'),
    ('soft', '5.7.1', 'smtp; 554 5.7.1 <digest@example.org>: Sender address rejected: Access denied (in reply to RCPT TO command)'),
    ('soft', '5.7.9', 'smtp; 554 5.7.9 Message not accepted for policy reasons. See https://senders.yahooinc.com/ (in reply to end of DATA command)'),
    ('soft', '5.0.0', 'smtp; 542 Rejected'),
    ('soft', '5.0.0', 'smtp; 550 Could not complete sender verify callout'),
    ('soft', '5.0.0', 'smtp; 550 SC-001 Mail rejected by Windows Live Hotmail for policy reasons. Reasons for rejection may be related to content with spam-like characteristics or IP/domain reputation.'),
    ('soft', '5.0.0', "smtp; 550 OU-002 (SNT004-MC4F38) Unfortunately, messages from 192.0.2.1 weren't sent. Please contact your Internet service provider since part of their network is on our block list."),
    ('soft', '5.0.0', 'smtp; 554 Mail only accepted from IPs with valid reverse lookups'),
    ('hard', '5.1.1', 'smtp; 550 5.1.1 <ada@synopsys.test>... User unknown'),
    ('hard', '5.1.1', 'smtp; 550 5.1.1 <ada@reader.test>: Recipient address rejected: User unknown in local recipient table'),
    ('hard', '5.1.6', 'smtp; 551 5.1.6 User not local'),
    ('hard', '5.0.0', 'X-Postfix; host smtpin.ntlworld.com[192.0.2.10] said: 550 Invalid recipient: ada@ntlworld.test (in reply to RCPT TO command)'),
    ('soft', '5.7.0', 'smtp; 552-5.7.0 This message was blocked because its content presents a potential 552-5.7.0 security issue.'),
    ('soft', '5.3.0', 'smtp; 554 5.3.0 Rejected by your milter'),
    ('soft', '5.2.1', 'smtp; 550 5.2.1 Mailbox temporarily disabled: quota'),
    ('hard', '5.7.1', 'smtp; 550 5.7.1 <ada@reader.test>: Recipient address rejected: user unknown'),
    ('soft', '5.7.1', 'smtp; 550 5.7.1 Recipient address rejected: Greylisted, see http://postgrey.schweikert.ch/help/reader.test.html'),
    ('hard', '5.1.2', 'smtp; 550 5.1.2 Bad destination system: no such domain'),
    ('hard', '5.4.4', 'smtp; 550 5.4.4 [internal] Domain Lookup Failed: NXDOMAIN'),
    ('soft', '5.0.0', 'smtp; 554 5.7.1 Service unavailable; Helo command [example.org] blocked using dbl.spamhaus.org'),
    ('soft', '5.0.0', 'smtp; 550 Message contains restricted characters'),
    ('soft', '5.0.0', 'smtp; 550 Access denied - Invalid HELO name (See RFC2821 4.1.1.1)'),
    ('soft', '5.0.0', 'smtp; 550 Verification failed for <digest@example.org> 550 No Such User Here 550 Sender verify failed'),
    ('soft', '5.0.0', 'smtp; 550-Callback setup failed while verifying <digest@example.org> 550-(result of an earlier callout reused).'),
    ('hard', '5.0.0', 'smtp; 550 <ada@reader.test> User not found'),
    ('hard', '5.0.0', 'smtp; 550 Recipient ada@reader.test does not exist here'),
    ('hard', '5.0.0', 'smtp; 550 5.1.1 Unknown user; rejecting'),
    ('hard', '5.0.0', 'smtp; 550 This user does not exist anymore'),
    ('hard', '5.0.0', 'smtp; 550 mailbox is inactive'),
    ('soft', '5.0.0', 'smtp; 550 mailbox is over its limit'),
    ('soft', '5.0.0', 'smtp; 552 mailbox size limit has been exceeded'),
    ('hard', '5.0.0', 'smtp; 550 Dieses Konto wurde gelöscht'),
    ('hard', '5.0.0', 'smtp; 550 Cuenta inexistente'),
    ('hard', '5.0.0', "smtp; 550 Cette adresse n'est plus valide"),
    ('hard', '5.0.0', "smtp; 550 L'utente non esiste"),
    ('hard', '5.0.0', 'smtp; 550 Użytkownik nie istnieje'),
    ('hard', '5.0.0', 'smtp; 550 Kullanıcı bulunamadı'),
    ('hard', '5.0.0', 'smtp; 550 Uživatel neexistuje'),
    ('hard', '5.0.0', 'smtp; 550 존재하지 않는 사용자입니다'),
    ('hard', '5.0.0', 'smtp; 550 无此用户'),
    ('hard', '5.0.0', 'smtp; 550 ユーザーは存在しません'),
    ('soft', '5.0.0', 'smtp; 550 メールボックスの容量を超えています'),
    ('soft', '5.0.0', 'smtp; 550 Skrzynka jest pełna'),
    ('soft', '5.0.0', 'smtp; 550 Posta kutusu dolu'),
    ('soft', '5.0.0', 'smtp; 550 邮箱已满'),
    ('soft', '5.0.0', 'smtp; 550 메일함 용량 초과'),
]  # fmt: skip


@pytest.mark.parametrize(("kind", "status", "reply"), FORMS)
def test_twins_are_told_apart(kind, status, reply):
    assert judge(status, reply) == kind


NDR = (
    f"Delivered-To: {OURS}\nFrom: postmaster@outlook.com\nSubject: Undeliverable: Kelp\nContent-Type: text/html; charset=utf-8\n\n"
    "<html><body><p>Delivery has failed to these recipients or groups:</p><p>ada@reader.test<br>{explained}</p>"
    "<p>Diagnostic information for administrators:<br>Generating server: ex.test<br>ada@reader.test<br>"
    "Remote Server returned '{reply}'</p></body></html>"
)


@pytest.mark.parametrize(
    ("kind", "explained", "reply"),
    [
        ("hard", "The email address you entered couldn't be found.", "550 5.1.1 &lt;ada@reader.test&gt;: Recipient address rejected: User unknown"),
        ("hard", "The email address you entered couldn't be found.", "550 5.1.10 RESOLVER.ADR.RecipientNotFound; Recipient not found by SMTP address lookup"),
        ("soft", "Your message wasn't delivered.", "550 5.7.708 Service unavailable. Access denied, traffic not accepted from this IP"),
        ("soft", "Your message couldn't be delivered because you weren't recognized as a valid sender.", "550 5.1.8 Access denied, bad outbound sender"),
        ("soft", "The recipient's mailbox is full.", "554 5.2.2 mailbox full"),
    ],
)  # fmt: skip
def test_reports_of_exchange_that_are_only_a_page_are_judged_rightly(kind, explained, reply):
    assert read_bounce(NDR.format(explained=explained, reply=reply).encode(), SECRET).kind == kind


@pytest.mark.parametrize(
    ("kind", "field"),
    [
        ("complaint", "Feedback-Type: abuse"),
        ("complaint", "feedback-type:ABUSE"),
        ("complaint", "Feedback-Type: \"abuse\""),
        ("complaint", "Feedback-Type: fraud"),
        ("complaint", "Feedback-Type: opt-out"),
        ("complaint", "Source-IP: 192.0.2.1"),
        ("notice", "Feedback-Type: not-spam"),
        ("notice", "Feedback-Type:\n not-spam"),
        ("notice", "Feedback-Type: Not-Spam (user clicked)"),
        ("notice", "Feedback-Type : \"not_spam\""),
        ("notice", "Feedback-Type: auth-failure\nAuth-Failure: dmarc"),
        ("notice", "Feedback-Type: virus"),
    ],
)  # fmt: skip
def test_types_of_feedback(kind, field):
    report = (
        f"Delivered-To: {OURS}\nFrom: fbl@isp.test\nSubject: FW: Kelp\nMIME-Version: 1.0\n"
        f"Content-Type: multipart/report; report-type=feedback-report; boundary=b\n\n"
        f"--b\nContent-Type: text/plain\n\nreport\n--b\nContent-Type: message/feedback-report\n\n{field}\nVersion: 1\n\n"
        f"--b\nContent-Type: message/rfc822\n\nSubject: Kelp\n\nx\n--b--\n"
    )
    assert read_bounce(report.encode(), SECRET).kind == kind


@pytest.mark.parametrize(
    "subject",
    [
        "Unsubscribe: {}", "unsubscribe <{}>", '"unsubscribe {}"', "unsubscribe%2520{}", "AW: unsubscribe {}", "[list] UNSUBSCRIBE {}",
        "unsubscribe\u00a0{}", "unsubscribe\u3000{}", "unsubscribe {}.", "unsubscribe {} -- sent from my phone", "=?utf-8?Q?unsubscribe=20{}?=",
    ],
)  # fmt: skip
def test_requests_to_unsubscribe_in_the_spellings_of_mailers(subject):
    request = subject.format(token(SECRET, UNSUBSCRIBE, 12))
    found = read_bounce(f"From: ada@reader.test\nSubject: {request}\n\n".encode(), SECRET)
    assert (found.kind, found.line) == ("unsubscribe", 12)


@pytest.mark.parametrize(
    "line", ["Unsubscribe: {}", "<unsubscribe {}>", '"unsubscribe {}"', "unsubscribe {}."]
)
def test_a_line_of_the_text_is_a_request_to_unsubscribe(line):
    request = line.format(token(SECRET, UNSUBSCRIBE, 12))
    found = read_bounce(f"From: ada@reader.test\nSubject: hi\n\n{request}\n\n-- \nAda\n".encode(), SECRET)
    assert (found.kind, found.line) == ("unsubscribe", 12)


@pytest.mark.parametrize(
    "text",
    [
        "550 The 'From' address you supplied (digest@example.org) is not a Sender Signature on your account.",
        "550 Not allowed to send: you ran out of credits.",
        "550 While your account is pending approval, all recipient addresses must share the same domain as the 'From' address.",
    ],
)  # fmt: skip
def test_limits_of_a_postmark_account_stop_the_delivery(text):
    """postmarkapp.com: API error codes."""
    assert limits_the_account(text)
