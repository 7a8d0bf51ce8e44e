"""The settings of a home (`digest.toml`), and the folders of a home."""

from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Smtp:
    """How mail is handed over.

    `password_env` names the variable that holds the password, `password_file` the file. `timeout` is
    how many seconds an answer may take, `final_timeout` the answer to the end of a message.
    `domain_connections` and `domain_per_minute` limit what one domain gets at once and in a minute;
    0 is no limit. `one_click`: mails say that a click at an https `base_url` unsubscribes.
    """

    host: str
    port: int = 587
    tls: str = "starttls"
    user: str | None = None
    password_env: str | None = None
    sender: str = ""
    password_file: str | None = None
    ca_file: str | None = None
    timeout: int = 60
    final_timeout: int = 600
    connections: int = 1
    messages_per_connection: int = 100
    domain_connections: int = 0
    domain_per_minute: int = 0
    one_click: bool = True


@dataclass(frozen=True, slots=True)
class Maildir:
    """The Maildir that the channel `maildir` fills. `sender` "" is that of [smtp]."""

    path: str
    sender: str = ""


@dataclass(frozen=True, slots=True)
class Room:
    """A room of a chat service. Its address is in the variable `url_env` or in a file, as it holds a secret."""

    name: str
    url_env: str = ""
    url_file: str = ""


@dataclass(frozen=True, slots=True)
class Dkim:
    """How mail is signed: each key (a PEM file; RSA or Ed25519) under its selector. `domain` "" is From's.

    `records` are the TXT records that DNS gives for the keys, for `digest doctor` to compare.
    """

    keys: tuple[tuple[str, str], ...]
    domain: str = ""
    records: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ImapBox:
    """A folder that is read by IMAP. The password is in the variable `password_env` or in a file."""

    host: str = ""
    port: int = 993
    tls: str = "implicit"
    user: str = ""
    password_env: str = ""
    password_file: str = ""
    ca_file: str = ""
    folder: str = "INBOX"

    @property
    def name(self) -> str:
        """Return what tells the folder from every other, and is fit to be shown."""
        return f"imap://{self.user}@{self.host}:{self.port}/{self.folder}"


@dataclass(frozen=True, slots=True)
class Bounces:
    """Where mail that comes back goes, and where it is read.

    `address` "" is From's; `verp` gives every message a return address of its own by a plus sign;
    `mailbox` is a Maildir or an mbox file, `imap` a folder on a mail server.
    """

    address: str = ""
    verp: bool = True
    mailbox: str | None = None
    imap: ImapBox | None = None

    @property
    def read_somewhere(self) -> bool:
        return bool(self.mailbox or self.imap)


@dataclass(frozen=True, slots=True)
class ScheduleSettings:
    """What `digest schedule` does besides its rounds.

    `ping` is asked for after every round that went well; `metrics` is the address (host, port) of
    /metrics and /healthz; `backups` how many copies of the library are kept; issues' files and the
    ledger's details are pruned when older than `keep_output` and `keep_ledger` (None: never), clicks when older
    than `keep_clicks`.
    """

    watch: bool = True
    ping: str | None = None
    metrics: tuple[str, int] | None = None
    backups: int = 7
    keep_output: timedelta | None = None
    keep_ledger: timedelta | None = timedelta(days=400)
    keep_clicks: timedelta = timedelta(days=180)


@dataclass(frozen=True, slots=True)
class Source:
    """A place where papers are announced, as `[[sources]]` names it.

    `kind` is `feed`, `page`, `arxiv`, `daily-papers` or `imap`; the first two need `url`, `arxiv` needs
    `query`, `imap` the mailbox. `private` allows addresses that are not of the public internet. `every`
    says how often `digest schedule` asks (None: never).
    """

    name: str
    kind: str
    url: str = ""
    query: str = ""
    private: bool = False
    host: str = ""
    port: int = 993
    tls: str = "implicit"
    user: str = ""
    password_env: str = ""
    folder: str = "INBOX"
    every: timedelta | None = timedelta(hours=3)

    @property
    def box(self) -> ImapBox:
        """Return the folder that a source of kind `imap` reads."""
        return ImapBox(
            self.host, self.port, self.tls, self.user, password_env=self.password_env, folder=self.folder
        )


@dataclass(frozen=True, slots=True)
class SummarySettings:
    """Who writes summaries: an endpoint like OpenAI's chat completions, and what a run may ask of it.

    `key_env` names the variable that holds the key, `key_file` the file.
    """

    url: str
    model: str
    key_env: str = ""
    key_file: str = ""
    max_seconds: int = 30
    max_papers: int = 20


@dataclass(frozen=True, slots=True)
class Settings:
    """What `digest.toml` says, defaults filled in. `base_url` ends with a slash."""

    title: str = "Paper Digest"
    base_url: str = "http://localhost:8350/"
    timezone: str = "UTC"
    language: str = "en"
    database: str = "sqlite:///digest.db"
    channels: tuple[str, ...] = ()
    in_doubt: str = "resend"
    max_file_mb: int = 100
    feed_items: int = 100
    smtp: Smtp | None = None
    maildir: Maildir | None = None
    rooms: tuple[Room, ...] = ()
    schedule: ScheduleSettings = field(default_factory=ScheduleSettings)
    serve: tuple[str, int] = ("127.0.0.1", 8350)  # the address where `digest serve` listens
    dkim: Dkim | None = None
    bounces: Bounces = Bounces()
    contact: str = ""
    sources: tuple[Source, ...] = ()
    library: tuple[str, ...] = ()
    columns: tuple[tuple[str, str], ...] = ()
    summaries: SummarySettings | None = None

    def room(self, name: str) -> Room | None:
        return next((room for room in self.rooms if room.name == name), None)

    @property
    def sender(self) -> str:
        """Return who mails are from: a name and an address; empty if nobody says so."""
        return (self.smtp and self.smtp.sender) or (self.maildir and self.maildir.sender) or ""

    @property
    def summary_model(self) -> str:
        """Return the model whose summaries are shown; empty for none."""
        return self.summaries.model if self.summaries else ""


@dataclass(frozen=True, slots=True)
class Home:
    """A folder with a digest in it, and its settings."""

    path: Path
    settings: Settings

    @property
    def inbox(self) -> Path:
        return self.path / "inbox"

    @property
    def subscriptions(self) -> Path:
        return self.path / "subscriptions"

    @property
    def templates(self) -> Path:
        return self.path / "templates"

    @property
    def output(self) -> Path:
        return self.path / "output"
