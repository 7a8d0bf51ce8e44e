"""Reads delivery reports (RFC 3464, RFC 6533), and the texts of servers that send none. Pure."""

import re
from dataclasses import dataclass

from digest.deliver.diagnosis import names_dead_address
from digest.text.mail import Part, decode_charset

_LONGEST = 20_000  # characters of a text that are read
_NOT_FAILED = ("delay", "deliver", "relay", "expand")  # beginnings of the other actions of RFC 3464 (2.3.3)
_REPORTS = ("message/delivery-status", "message/global-delivery-status")


@dataclass(frozen=True, slots=True)
class Recipient:
    """What a report says about one recipient.

    `action` is lower case, "" if the report has none. `final` is the address, with its type, as the report has it.
    """

    action: str
    status: str
    diagnostic: str
    final: str = ""

    @property
    def failed(self) -> bool:
        """Whether the delivery failed; an action that is not in RFC 3464, such as "error", depends on the status."""
        if self.action.startswith("fail"):
            return True
        known = self.action.startswith(_NOT_FAILED)
        return not known and (
            self.status.startswith("5") or (not self.action and self.status.startswith("4"))
        )

    @property
    def text(self) -> str:
        return f"{self.status} {self.diagnostic}"


def report_of(message: Part) -> tuple[Recipient, ...] | None:
    """Return the recipients of a delivery report; None for any other message."""
    for part in message.own_parts():
        if part.kind in _REPORTS:
            return recipients_in(part.content().decode("utf-8", "replace"))
    return None


def recipients_in(text: str) -> tuple[Recipient, ...]:
    """Return the recipients in the text of a report, or in a text that contains the fields of one."""
    found = []
    for block in re.split(r"\n[ \t]*\n", text.replace("\r\n", "\n")):
        fields = _fields(block)
        if "action" in fields or "status" in fields:
            action = re.sub(r"[^a-z].*", "", fields.get("action", "").lower(), flags=re.DOTALL)
            code = fields.get("diagnostic-code") or fields.get("x-display-name", "")
            found.append(Recipient(action, fields.get("status", ""), code, fields.get("final-recipient", "")))
    return tuple(found)


def _fields(block: str) -> dict[str, str]:
    """Return the fields of a block by their names in lower case; the first of each name."""
    fields: dict[str, str] = {}
    name = ""
    for line in block.split("\n"):
        if line[:1] in {" ", "\t"} and name:
            fields[name] += f" {line.strip()}"
            continue
        head, colon, value = line.partition(":")
        name = head.strip().lower() if colon and " " not in head.strip() else ""
        if name in fields:
            name = ""
        elif name:
            fields[name] = value.strip()
    return fields


def texts_of(message: Part) -> list[str]:
    """Return the beginnings of the texts of a message, without those of the message that it returns."""
    found = []
    for part in message.own_parts():
        if part.body and part.kind.startswith(("text/", "multipart/")):
            content = part.content()[: 4 * _LONGEST]
            text = decode_charset(content, part.parameters.get("charset", "utf-8"))
            text = (content.decode("utf-8", "replace") if text is None else text)[:_LONGEST]
            found.append(_without_tags(text) if part.kind == "text/html" else text)
    return found


def _without_tags(text: str) -> str:
    text = re.sub(r"<(style|script|head)\b.{0,5000}?</\1>", " ", text, flags=re.DOTALL | re.IGNORECASE)
    return re.sub(r"<[a-z/!][^<>]{0,2000}>", " ", text, flags=re.IGNORECASE)


# The line before the message that a server returns, and the first headers of one.
_RETURNED = re.compile(
    r"^(?: {0,8}>?[-=_*] ?[-=_*][-=_* ]*.{0,60}(?:copy of|original|returned|unsent|undelivered|your) .{0,40}(?:message|mail|header)"
    r"|-{2,} ?(?:The )?(?:header|body|message)|.{0,30}(?:message headers? follow|original message follows|copy of (?:the|your) (?:original )?(?:message|mail))"
    r"|Received: |Return-Path: |-{3,} ?Original)",
    re.IGNORECASE | re.MULTILINE,
)
_DAEMON = re.compile(
    r"mailer-?daemon|post[-_ ]?master|mail ?delivery|delivery ?(?:sub)?system|mdaemon|bounce|daemon|mail ?system|mail ?administrator|noreply-dmarc|e?mail ?server|mail-?admin|interscan|anti-?spam gateway|smtp ?gateway",
    re.IGNORECASE,
)
_FAILED = re.compile(
    r"undeliver|un-?able to (?:be )?(?:deliver|send)|not (?:be )?(?:deliver|sent\b|reach)|n.t (?:be )?deliver|fail(?:ed|ure)|returned (?:mail|to sender|message)|"
    r"(?:permanent|fatal) error|deliver\w* (?:error|problem)|error (?:delivering|while|occurred|transmitting)|unable to deliver|not able to deliver|rejected|error (?:message|has)|attempting to deliver|was aborted|trouble deliver|"
    r"qmail-send program|mailbox (?:is )?full|over quota|transcript of session|cannot (?:send|deliver)|could not (?:send|deliver)|giving up|given up|problem delivering|has not been deliver|bounced|"
    r"unzustellbar|zugestellt werden|nicht zugestellt|zustellung|non remis|pas pu être|n.a pas été|no se (?:ha )?(?:podido|pudo)|non è stato|stato possibile|não (?:foi|pôde)|"
    r"не (?:может быть|удалось|была?) доставлен|не доставлен|配信|配達|届け|送信でき|退信|投递|無法|无法|niet (?:worden )?(?:afgeleverd|bezorgd)|kunne ikke",
    re.IGNORECASE,
)
# Subjects that only servers use.
_SUBJECT = re.compile(
    r"^(?:undeliver(?:ed|able|y)|returned mail|failure notice|mail system error|delivery (?:status notification|failure|failed|error|notification)"
    r"|mail (?:delivery|could not be) |non-?deliver|ndn:|message (?:delivery|could not)|unzustellbar|failed delivery|\*+ message you sent blocked)",
    re.IGNORECASE,
)
_UNDELIVERED = re.compile(
    r"could not be delivered to|undeliverable|delivery (?:has )?failed|unable to deliver|was not delivered to",
    re.IGNORECASE,
)
_WARNING = re.compile(
    r"warning (?:message )?only|(?:has|have) not (?:yet )?been delivered(?: yet)?|still (?:undelivered|being|trying)|will (?:keep|continue) (?:on )?(?:trying|to try)|"
    r"(?:delivery|message|mail) (?:is|has been|was|will be|to .{0,60}) (?:delayed|deferred)|do not need to resend|no action is required|not yet (?:been )?deliver|"
    r"verzögert|delivery (?:status notification )?\(?delay|remise.{0,20}retard",
    re.IGNORECASE,
)


def plain_report(message: Part) -> str | None:
    """Return the text of a report without RFC 3464, up to the message that it returns; None if it is not a report.

    Servers of that kind send from the null sender or a postmaster's address, and say that the delivery failed.
    """
    text = "\n".join(texts_of(message))
    returned = _RETURNED.search(text)
    own = text[: returned.start()] if returned else text
    subject = message.get("Subject")
    if message.get("X-Failed-Recipients") or _SUBJECT.search(subject):
        return own
    if not _DAEMON.search(message.get("From")):
        # A person's null sender means an automatic answer, unless it says what only servers say.
        null_sender = message.get("Return-Path") == "<>"
        return own if null_sender and _UNDELIVERED.search(own) and not message.get("Auto-Submitted") else None
    said = f"{subject}\n{own}"
    return own if _FAILED.search(said) or _WARNING.search(said) or names_dead_address(said) else None


def is_warning(message: Part, text: str) -> bool:
    """Return whether the text of a report says that the server still tries."""
    return bool(_WARNING.search(f"{message.get('Subject')}\n{text}"))
