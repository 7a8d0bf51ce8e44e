"""The settings of a home (`digest.toml`), and the folders of a home."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Smtp:
    """The mail server that takes the messages.

    The password is in the variable `password_env` or in the file `password_file`. `timeout` is the time in
    seconds to wait for a reply, `final_timeout` that for the reply to the end of a message.
    `domain_connections` and `domain_per_minute` limit the messages to one domain at once and in a minute; 0
    is no limit. `one_click`: emails offer one-click unsubscribing (RFC 8058) if `base_url` is an https URL.
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
    """The Maildir that the channel `maildir` writes to. `sender` "" is that of [smtp]."""

    path: str
    sender: str = ""


@dataclass(frozen=True, slots=True)
class Room:
    """A room of a chat service.

    Its URL contains a secret, so it is in the variable `url_env` or in `url_file`.
    """

    name: str
    url_env: str = ""
    url_file: str = ""


@dataclass(frozen=True, slots=True)
class Dkim:
    """How mail is signed.

    `keys` are pairs (selector, PEM file with an RSA or Ed25519 key); `domain` "" is From's.

    `records` are the TXT records published in DNS; `digest doctor` compares them with the keys.
    """

    keys: tuple[tuple[str, str], ...]
    domain: str = ""
    records: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ImapBox:
    """A mail folder read by IMAP. The password is in the variable `password_env` or in `password_file`."""

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
        """Return a unique name of the folder without secrets."""
        return f"imap://{self.user}@{self.host}:{self.port}/{self.folder}"


@dataclass(frozen=True, slots=True)
class Bounces:
    """Where bounces go, and where they are read.

    `address` "" is From's. `verp` gives each message its own return address, with a token after a plus sign.
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
    """Settings of `digest schedule`.

    `ping` is a URL that is requested after each successful check, or the variable `ping_env` or the file `ping_file`
    holds it; `metrics` is the address (host, port) of
    /metrics and /healthz; `backups` the number of backups to keep. Files of issues older than `keep_output`,
    details of the ledger older than `keep_ledger` (None: never) and clicks older than `keep_clicks` are
    removed. Of several hosts, one leads by a lease of `lease` seconds.
    """

    watch: bool = True
    ping: str | None = None
    ping_env: str = ""
    ping_file: str = ""
    metrics: tuple[str, int] | None = None
    backups: int = 7
    keep_output: timedelta | None = None
    keep_ledger: timedelta | None = timedelta(days=400)
    keep_clicks: timedelta = timedelta(days=180)
    lease: int = 20


@dataclass(frozen=True, slots=True)
class Source:
    """A source of digest files, one table of `[[sources]]`.

    `kind` is `feed`, `page`, `arxiv`, `daily-papers`, `imap` or the name of a plug-in, whose settings are `options`;
    the first two need `url` (or the variable
    `url_env` or the file `url_file` that holds it), `arxiv` needs `query`, `imap` the mailbox. `private` allows addresses outside the public internet. `every` is how often
    `digest schedule` fetches the source (None: never).
    """

    name: str
    kind: str
    url: str = ""
    url_env: str = ""
    url_file: str = ""
    query: str = ""
    private: bool = False
    host: str = ""
    port: int = 993
    tls: str = "implicit"
    user: str = ""
    password_env: str = ""
    password_file: str = ""
    folder: str = "INBOX"
    every: timedelta | None = timedelta(hours=3)
    options: Mapping[str, object] = field(default_factory=dict, hash=False)

    @property
    def box(self) -> ImapBox:
        """Return the mail folder of a source of kind `imap`."""
        return ImapBox(
            self.host,
            self.port,
            self.tls,
            self.user,
            password_env=self.password_env,
            password_file=self.password_file,
            folder=self.folder,
        )


@dataclass(frozen=True, slots=True)
class SummarySettings:
    """The endpoint that writes summaries, compatible with OpenAI's chat completions, and the limits of a run.

    The key is in the variable `key_env` or in the file `key_file`.
    """

    url: str
    model: str
    key_env: str = ""
    key_file: str = ""
    max_seconds: int = 30
    max_papers: int = 20


# Who may subscribe on the web: nobody, everybody, whom the operator approves, or addresses of some domains.
SIGN_UPS = ("off", "open", "approval", "domains")


@dataclass(frozen=True, slots=True)
class WebSettings:
    """Who may subscribe on the pages of `digest serve`, and what they believe of a request.

    `signup` is one of SIGN_UPS, `domains` the domains of addresses (with those below them) for "domains".
    `requests_per_hour` limits the requests of one network, `mails_per_hour` the emails that all of them cause; more
    wait. Pages with forms are served only for the host of `base_url` and `trusted_hosts`; the address of a client is
    taken from `X-Forwarded-For` if one of the `trusted_proxies` has sent the request.
    """

    signup: str = "off"
    domains: tuple[str, ...] = ()
    requests_per_hour: int = 30
    mails_per_hour: int = 500
    trusted_hosts: tuple[str, ...] = ()
    trusted_proxies: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Settings:
    """The settings in `digest.toml`, with defaults. `base_url` ends with a slash.

    `plugins` has the settings of each plug-in by its name. `files`: which subscriptions have issues, feeds and archive pages on disk: `auto` those with a subscription file or
    without an address, `all`, or `none`. Files of issues older than `keep_files` are removed (None: never).
    """

    title: str = "Paper Digest"
    base_url: str = "http://localhost:8350/"
    timezone: str = "UTC"
    language: str = "en"
    alphaxiv: bool = False
    database: str = "sqlite:///digest.db"
    files: str = "auto"
    keep_files: timedelta | None = None
    channels: tuple[str, ...] = ()
    in_doubt: str = "resend"
    max_file_mb: int = 100
    feed_items: int = 100
    smtp: Smtp | None = None
    maildir: Maildir | None = None
    rooms: tuple[Room, ...] = ()
    schedule: ScheduleSettings = field(default_factory=ScheduleSettings)
    serve: tuple[str, int] = ("127.0.0.1", 8350)  # the address that `digest serve` listens on
    web: WebSettings = WebSettings()
    dkim: Dkim | None = None
    bounces: Bounces = Bounces()
    contact: str = ""
    sources: tuple[Source, ...] = ()
    library: tuple[str, ...] = ()
    columns: tuple[tuple[str, str], ...] = ()
    summaries: SummarySettings | None = None
    plugins: Mapping[str, Mapping[str, object]] = field(default_factory=dict, hash=False)

    def room(self, name: str) -> Room | None:
        return next((room for room in self.rooms if room.name == name), None)

    @property
    def sender(self) -> str:
        """Return the From of emails, a name and an address; empty if neither channel for mail sets it."""
        return (self.smtp and self.smtp.sender) or (self.maildir and self.maildir.sender) or ""

    @property
    def summary_model(self) -> str:
        """Return the model whose summaries are shown; empty without [summaries]."""
        return self.summaries.model if self.summaries else ""


@dataclass(frozen=True, slots=True)
class Home:
    """The folder of a library, its subscriptions and its output, with its settings."""

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
