"""One issue, many messages: the body is encoded and hashed once, and each recipient gets other headers.

The renderer makes the mail of an issue, with the subscription's name as To and without tokens. Here To,
Message-ID, the unsubscribe headers and the signatures are added. A message depends only on the mail, the
sender, the secret and the line of the outbox: if it is sent again, it is the same message.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import quote

from digest.deliver.dkim import Header, Signer, Signing, body_hash, relaxed_header
from digest.model import Delivery, Issue
from digest.signing import BOUNCE, CODE_LENGTH, MESSAGE, SHORTEST_CODE, UNSUBSCRIBE, token, unsubscribe_code
from digest.text.addresses import LONGEST_LOCAL, Mailbox
from digest.text.headers import address
from digest.urls import unsubscribe_page

# With a plus sign, a number of up to nine digits, a hyphen and the shortest code, it still fits.
LONGEST_RETURN_LOCAL = LONGEST_LOCAL - len("+123456789-") - SHORTEST_CODE
_VARYING = ("To", "Message-ID", "List-Unsubscribe")


@dataclass(frozen=True, slots=True)
class Sender:
    """What all messages of a home have in common.

    `address` is that of From, `bounces` the return path, with a token after a plus sign if `verp`.
    `public_url` is the public URL of the archive with a slash at its end, "" if only this machine can reach
    it. `departures` is the key of the departures; without it, unsubscribe codes need the library. `one_click`: the server there supports one-click unsubscribing.
    """

    address: Mailbox
    bounces: Mailbox
    secret: bytes
    public_url: str = ""
    verp: bool = True
    one_click: bool = True
    signers: tuple[Signer, ...] = ()
    departures: bytes = b""

    def return_path(self, delivery: Delivery) -> str:
        """Return the return path of a message.

        The code is shortened if the local part would be too long. If that is not enough, the path has no token; the
        headers of the message have others.
        """
        if not self.verp:
            return str(self.bounces)
        whole = token(self.secret, BOUNCE, delivery.id)
        room = LONGEST_LOCAL - len(f"{self.bounces.local}+".encode())
        if room < len(whole) - CODE_LENGTH + SHORTEST_CODE:
            return str(self.bounces)
        return f"{self.bounces.local}+{whole[:room]}@{self.bounces.domain}"

    def unsubscribe_code(self, delivery: Delivery) -> str:
        """Return the code of the unsubscribe links of a message."""
        if not self.departures:
            return token(self.secret, UNSUBSCRIBE, delivery.id)
        return unsubscribe_code(
            self.secret, self.departures, delivery.id, delivery.subscription, delivery.recipient
        )


class PreparedMail:
    """The mail of an issue, prepared for many recipients.

    `body` ends with a line end; `wire_body` is dot-stuffed.
    """

    def __init__(self, eml: bytes, sender: Sender, issue: Issue | None) -> None:
        """`issue` is None for a letter, which belongs to no list."""
        self._sender = sender
        self._names = dict(issue.names) if issue else {}
        self._is_issue = issue is not None
        head, _, self.body = eml.partition(b"\r\n\r\n")
        self.wire_body = dot_stuffed(self.body)
        headers = dict(_headers(head.decode("ascii")))
        self._stem = headers["Message-ID"].strip("<>").partition("@")[0]
        fixed = self._fixed(headers, issue)
        self._fixed_headers = b"".join(f"{name}: {value}\r\n".encode("ascii") for name, value in fixed)
        hashed = body_hash(self.body) if sender.signers else ""
        varying = _VARYING if issue else _VARYING[:2]
        self._signings = [Signing(signer, hashed, fixed, varying) for signer in sender.signers]

    def _fixed(self, headers: dict[str, str], issue: Issue | None) -> Sequence[Header]:
        """Return the headers that are the same for all recipients."""
        sender = self._sender
        kept = {name: value for name, value in headers.items() if name not in _VARYING}
        if issue is None:
            kept["Feedback-ID"] = "letter:paper-digest"
            return tuple(kept.items())
        if kept["List-Id"].endswith(".localhost>"):  # not unique: other machines have this name, too
            kept["List-Id"] = kept["List-Id"].removesuffix("localhost>") + f"{sender.address.domain}>"
        if sender.public_url:
            kept["List-Archive"] = f"<{sender.public_url}>"
        if self._one_click:
            kept["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"
        kept["Feedback-ID"] = f"{issue.number}:{issue.subscription}:issue:paper-digest"
        return tuple(kept.items())

    @property
    def _one_click(self) -> bool:
        # RFC 8058 asks for https.
        return self._sender.one_click and self._sender.public_url.startswith("https:")

    def message_id(self, delivery: Delivery) -> str:
        """Return the Message-ID of one recipient's message; it is the same for each attempt."""
        code = token(self._sender.secret, MESSAGE, delivery.id)
        return f"{self._stem}.{code}@{self._sender.address.domain}"

    def headers_for(self, to: Mailbox, delivery: Delivery) -> bytes:
        """Return the headers of one recipient's message, signatures first, and the blank line after them."""
        sender = self._sender
        unsubscribe = sender.unsubscribe_code(delivery)
        mail = f"<mailto:{quote(str(sender.bounces), safe='@')}?subject=unsubscribe%20{unsubscribe}>"
        links = [f"<{unsubscribe_page(sender.public_url, unsubscribe)}>"] if self._one_click else []
        headers = [
            ("To", address(self._names.get(delivery.recipient, ""), str(to))),
            ("Message-ID", f"<{self.message_id(delivery)}>"),
        ]
        if self._is_issue:
            headers.append(("List-Unsubscribe", ",\r\n ".join([*links, mail])))
        varying = "".join(f"{name}: {value}\r\n" for name, value in headers).encode()
        if not self._signings:
            return self._fixed_headers + varying + b"\r\n"
        canonical = b"".join(relaxed_header(name, value) for name, value in headers)
        signatures = b"".join(signing.header(canonical) for signing in self._signings)
        return signatures + self._fixed_headers + varying + b"\r\n"


def _headers(head: str) -> list[Header]:
    """Split a block of headers into names and values; folded values stay folded."""
    lines: list[str] = []
    for line in head.split("\r\n"):
        if line[:1] in " \t":
            lines[-1] += "\r\n" + line
        else:
            lines.append(line)
    return [(name, value.lstrip(" ")) for name, _, value in (line.partition(":") for line in lines)]


def dot_stuffed(body: bytes) -> bytes:
    """Return a body as SMTP transfers it: dots at the start of a line are doubled (RFC 5321, 4.5.2)."""
    data = body.replace(b"\r\n.", b"\r\n..")
    return b"." + data if data.startswith(b".") else data
