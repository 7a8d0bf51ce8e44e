"""The nouns of the pipeline: frozen values, standard library only.

Times are aware datetimes in UTC, dates are local calendar days, texts are plain text (never HTML).
"""

from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Literal

# --- reading -------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Listing:
    """One appearance of a paper in one digest file.

    `title` and `abstract` are the text of the file with white space collapsed. `rank` counts from 1.
    A count that the file does not show is None. `authors` are given name first. `snippet` marks an
    abstract that its source cut short; `version` is arXiv's. `keywords` are the source's own, `announced`
    is how arXiv announced the paper: `new`, `cross`, `replace` or `replace-cross`. `venue` is the journal
    or the conference that published it.
    """

    rank: int
    title: str
    abstract: str
    authors: tuple[str, ...] = ()
    author_count: int | None = None
    published: date | None = None
    comments: int | None = None
    upvotes: int | None = None
    organization: str | None = None
    categories: tuple[str, ...] = ()
    arxiv: str | None = None
    doi: str | None = None
    version: int | None = None
    url: str | None = None
    code_url: str | None = None
    withdrawn: bool = False
    snippet: bool = False
    keywords: tuple[str, ...] = ()
    project_url: str | None = None
    announced: str | None = None
    venue: str | None = None


@dataclass(frozen=True, slots=True)
class PartialDate:
    """A date as a page shows it, perhaps without its year."""

    month: int
    day: int
    year: int | None = None


@dataclass(frozen=True, slots=True)
class DigestFile:
    """A digest file that was read whole. `path` is as given; `digest` is the SHA-256 of its bytes."""

    path: str
    digest: str
    source: str
    captured: date
    captured_guessed: bool
    modified: datetime
    listings: tuple[Listing, ...]
    note: str = ""


@dataclass(frozen=True, slots=True)
class Rejected:
    """A file that was set aside, why, and what to do. `digest` is None if its bytes could not be had."""

    path: str
    reason: str
    remedy: str
    line: int | None = None
    digest: str | None = None

    def __str__(self) -> str:
        place = f"{self.path}:{self.line}" if self.line else self.path
        return f"{place}: {self.reason}; {self.remedy}"


# --- the library ---------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Paper:
    """The thing itself, whichever files list it, as the library knows it now.

    `number` is its library number, `key` its identity when first seen, `uid` the `urn:uuid:` of its
    feed item. `sources` are the names of the formats that listed it, sorted.
    """

    number: int
    uid: str
    title: str
    abstract: str
    first_seen: datetime
    authors: tuple[str, ...] = ()
    author_count: int | None = None
    published: date | None = None
    comments: int | None = None
    upvotes: int | None = None
    organization: str | None = None
    categories: tuple[str, ...] = ()
    arxiv: str | None = None
    doi: str | None = None
    version: int | None = None
    url: str | None = None
    code_url: str | None = None
    withdrawn: bool = False
    snippet: bool = False
    sources: tuple[str, ...] = ()
    keywords: tuple[str, ...] = ()
    project_url: str | None = None
    announced: str | None = None
    venue: str | None = None


# --- matching ------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Evidence:
    """One occurrence of one term of a query.

    `term` is as typed; `start` and `end` count code points of the field's text; `item` is the place
    in the list (from 0) if the field is a list of names.
    """

    term: str
    field: str
    text: str
    start: int
    end: int
    item: int | None = None


@dataclass(frozen=True, slots=True)
class Match:
    paper: Paper
    score: float
    evidence: tuple[Evidence, ...]


# --- issues --------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Component:
    """A part of a paper's worth, -1 to 1, and its weight.

    It is `keyword`, `taste`, `popularity` or `freshness`; taste is `clicks` where it was learnt from clicks
    without a like, and `likes and clicks` where from both.
    """

    name: str
    value: float
    weight: float


@dataclass(frozen=True, slots=True)
class Summary:
    """A sentence on a paper that a language model wrote."""

    text: str
    model: str


@dataclass(frozen=True, slots=True)
class Item:
    """A paper in an issue. `changes` says what was revised, for papers under Updated.

    `parts` is what its place was made of, where it is not by keywords alone; `liked` and `disliked` are
    its words that most resemble what the reader liked, and disliked. `summary` stands in place of its key
    sentence.
    """

    paper: Paper
    score: float = 0.0
    evidence: tuple[Evidence, ...] = ()
    changes: tuple[str, ...] = ()
    parts: tuple[Component, ...] = ()
    liked: tuple[str, ...] = ()
    disliked: tuple[str, ...] = ()
    summary: Summary | None = None


@dataclass(frozen=True, slots=True)
class Theme:
    """Papers of an issue that belong together, by library number."""

    name: str
    papers: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Trend:
    """What more papers are about than before: `weeks` are its papers a week, the newest, up to `last`, at the end."""

    name: str
    weeks: tuple[int, ...]
    last: date


@dataclass(frozen=True, slots=True)
class Issue:
    """One newsletter issue of one subscription: composed content, all that the templates may use.

    `new` and `updated` are what the mail shows, best first; `more_new` and `more_updated` are what is
    only on the archive page. `since` is where the interval begins, None for "from the beginning".
    `discover` are papers that no keyword asked for, but the reader's taste.
    `order` says by what the papers are ordered, empty for "by keywords alone". `trends` are of the library.
    `considered` counts the papers in the interval. `day` is the local date of `made`. `slot` is the
    slot's wall time with its offset, None for a forced issue. `note` is a sentence on why nothing matched.
    `language` is that of what we say, `note` and `order` included.
    """

    subscription: str
    name: str
    number: int
    day: date
    made: datetime
    timezone: str
    since: datetime | None
    slot: str | None
    considered: int
    new: tuple[Item, ...]
    updated: tuple[Item, ...]
    more_new: tuple[Item, ...] = ()
    more_updated: tuple[Item, ...] = ()
    keywords: tuple[str, ...] = ()
    exclude: tuple[str, ...] = ()
    schedule: str = ""
    note: str = ""
    order: str = ""
    themes: tuple[Theme, ...] = ()
    discover: tuple[Item, ...] = ()
    trends: tuple[Trend, ...] = ()
    language: str = "en"

    @property
    def stem(self) -> str:
        """Return the stem of the issue's files: `<day>-<number>`."""
        return f"{self.day.isoformat()}-{self.number}"


# --- delivery ------------------------------------------------------------------------------------

DeliveryStatus = Literal["pending", "leased", "sent", "deferred", "failed", "suppressed", "in_doubt"]
Stage = Literal["connect", "sender", "recipient", "data", "end", "service"]


@dataclass(frozen=True, slots=True)
class Delivery:
    """A line of the outbox: an issue on its way to one recipient by one channel.

    `issue` is the issue's key in the database, `number` its number in the subscription. `attempts`
    counts the tries so far, `doubts` how often one of them ended without the server's word. It is not
    tried before `due`; `reply` is the last answer.
    """

    id: int
    issue: int
    subscription: str
    number: int
    recipient: str
    channel: str
    status: DeliveryStatus
    attempts: int
    doubts: int
    queued: datetime
    due: datetime
    reply: str = ""
    settled: datetime | None = None  # when it came to its status


@dataclass(frozen=True, slots=True)
class Answer:
    """How far a try came, and the last word of the other side. `code` 0: there was none, `text` says why.

    `stage` names the step that failed; "end" is what follows the whole message, "service" all that another
    kind of server than one for mail says or fails to say.
    """

    stage: Stage
    code: int
    text: str = ""

    def __str__(self) -> str:
        return f"{self.code} {self.text}".strip() if self.code else self.text


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of a try.

    `due` is when to try again (deferred). `suppress` says why the address gets no mail any
    more. `pause` says why the run stops: the fault is the sender's, every other message would meet it.
    """

    status: DeliveryStatus
    reply: str
    due: datetime | None = None
    suppress: str = ""
    pause: str = ""


@dataclass(frozen=True, slots=True)
class FeedItem:
    """A paper in a feed. `entered` orders the feed, newest first; `updated` is Atom's."""

    paper: Paper
    entered: datetime
    updated: datetime
    terms: tuple[str, ...] = ()


# --- what people write -----------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Weights:
    """How much each part of a paper's worth counts (`digest.rank.formula`); `diversity` is from 0 to 1.

    `discover` is how many papers a week may come from outside the keywords; `clicks` lets papers that were
    opened from the archive count as liked a little.
    """

    keyword: float = 1.0
    taste: float = 1.0
    popularity: float = 0.0
    freshness: float = 0.0
    diversity: float = 0.0
    discover: int = 0
    clicks: bool = False


@dataclass(frozen=True, slots=True)
class Subscription:
    """Who wants what, when, in which form; checked when it was loaded.

    `start` is how far back a new subscription begins; `newer_than` leaves out papers published longer
    ago; `max_papers` caps New in a mail; `send_empty` is "never" or "weekly note".
    """

    id: str
    name: str
    keywords: tuple[str, ...]
    exclude: tuple[str, ...] = ()
    email: tuple[str, ...] = ()
    schedule: str = "daily 08:00"
    timezone: str = "UTC"
    max_papers: int = 20
    newer_than: timedelta | None = None
    formats: tuple[str, ...] = ("html", "markdown", "text")
    start: timedelta = timedelta(days=7)
    enabled: bool = True
    paused_until: date | None = None
    send_empty: str = "never"
    language: str = "en"
    ranking: Weights = Weights()
    chat: tuple[str, ...] = ()

    def recipients(self, channel: str) -> tuple[str, ...]:
        """Return whom a channel brings its issues to: addresses, or names of rooms."""
        return self.chat if channel == "chat" else self.email


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
class Upkeep:
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
class Summarising:
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
    schedule: Upkeep = field(default_factory=Upkeep)
    serve: tuple[str, int] = ("127.0.0.1", 8350)  # the address where `digest serve` listens
    dkim: Dkim | None = None
    bounces: Bounces = Bounces()
    contact: str = ""
    sources: tuple[Source, ...] = ()
    library: tuple[str, ...] = ()
    columns: tuple[tuple[str, str], ...] = ()
    summaries: Summarising | None = None

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
