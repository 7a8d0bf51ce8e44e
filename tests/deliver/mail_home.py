"""A home that sends mail to a scripted server."""

from pathlib import Path
from typing import Any

from digest.model.reports import COUNTED
from tests.homes import Done, TestHome, page

TITLES = ("Kelp and the Slow Lamp", "Granite Under Kelp: A Pier Study")
NOW = "2026-11-20T09:00"


class MailHome(TestHome):
    """`settings` writes digest.toml; `queue` makes an issue for each recipient list without sending it."""

    def __init__(self, path: Path) -> None:
        super().__init__(path)
        self.put("2026-11-16.txt", page(*TITLES))

    def settings(self, port: int, *smtp: str, top: str = "", more: str = "") -> None:
        lines = "\n".join(smtp)
        tls = "" if "tls =" in lines else 'tls = "none"\n'
        self.write(
            "digest.toml",
            f'channels = ["smtp"]\n{top}\n[smtp]\nhost = "127.0.0.1"\nport = {port}\n{tls}'
            f'from = "Paper Digest <digest@example.org>"\n{lines}\n{more}\n',
        )

    def queue(self, **recipients: list[str]) -> None:
        """Make one issue per subscription; its mails stay in the outbox."""
        for name, addresses in recipients.items():
            self.subscribe(name, "kelp", email=addresses)
        # A port where nobody listens: everything is queued, nothing is sent.
        kept = (self.path / "digest.toml").read_bytes() if (self.path / "digest.toml").exists() else None
        self.settings(1)
        self.run(NOW, status=1)
        self.call("outbox", "retry", "--all", "--now", NOW)
        if kept is not None:
            self.write("digest.toml", kept)

    def deliver(self, now: str = NOW, *words: object, status: int | None = 0) -> dict[str, Any]:
        done: Done = self.call("deliver", "--json", "--now", now, *words)
        assert status is None or done.status == status, (done.status, done.out, done.err)
        report: dict[str, Any] = done.json
        counts = [report[name] for name in COUNTED]
        assert sum(counts) == len(report["messages"])
        return report
