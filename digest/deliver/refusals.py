"""Whether refusals of recipients are about the recipients, or about this sender. Pure.

A server that refuses a sender often says so only at RCPT, in the words that it has for unknown recipients. So no
address is suppressed before the server has accepted a recipient in the same delivery run, or unless its reply
names the address.
"""

import re
from dataclasses import dataclass, field

from digest.deliver.diagnosis import speaks_of_sender
from digest.model import Delivery, Outcome, Reply

_ALIKE = 3  # refusals in the same words, in as many domains, with no recipient accepted between
_FIRST = 10  # refusals at the beginning of a delivery run, with none accepted
_VARIABLE = re.compile(r"<[^>]*>|\S+@\S+|\[[^\]]*\]|https?://\S+|(?<![\w.-])(?=[\w.-]*\d)[\w.-]+")

Settled = tuple[Delivery, Outcome]


@dataclass(slots=True)
class Refusals:
    """The refusals of one delivery run.

    `accepted` is whether any recipient was accepted. `held` are outcomes that would suppress an address; they are not
    settled until it is known what they mean.
    """

    accepted: bool = False
    held: list[Settled] = field(default_factory=list)
    _count: int = 0
    _alike: dict[str, set[str]] = field(default_factory=dict)

    def take(
        self, delivery: Delivery, reply: Reply, outcome: Outcome, *, alone: bool
    ) -> tuple[list[Settled], str]:
        """Add the outcome of an attempt. Returns the outcomes to settle now, and the reason to pause, "" if none.

        A recipient who was refused before while others were accepted, `alone`, says nothing about the sender.
        """
        if 200 <= reply.code < 300:
            released, self.held, self.accepted, self._alike = self.held, [], True, {}
            return [*released, (delivery, outcome)], ""
        if reply.stage != "recipient" or reply.code < 500:
            return [(delivery, outcome)], ""
        if alone:
            return [(delivery, outcome)], ""
        self._count += 1
        domains = self._alike.setdefault(_words(reply), set())
        domains.add(delivery.recipient.rpartition("@")[2].lower())
        if len(domains) >= _ALIKE and not outcome.suppress:
            return [
                (delivery, outcome)
            ], f"recipients in {len(domains)} domains were refused in the same words: {reply}"
        if outcome.suppress and not self.accepted:
            self.held.append((delivery, outcome))
            settled: list[Settled] = []
        else:
            settled = [(delivery, outcome)]
        if not self.accepted and self._count >= _FIRST:
            return settled, f"all of the first {self._count} recipients were refused; the last: {reply}"
        return settled, ""

    def names_recipient(self, delivery: Delivery, outcome: Outcome) -> bool:
        """Return whether a refusal names the recipient's address, and is not about the sender's."""
        return delivery.recipient.lower() in outcome.reply.lower() and not speaks_of_sender(outcome.reply)


def _words(reply: Reply) -> str:
    """Return what a reply says, without addresses, codes and names."""
    return " ".join(_VARIABLE.sub(" ", reply.text.lower()).split())
