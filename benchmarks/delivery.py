"""Mails per second: built, signed and sent, compared with EmailMessage, dkimpy, smtplib and Postfix's smtp-source.

    python benchmarks/delivery.py [PAGES_FOLDER] [--recipients 2000] [--papers 30]
        [--connections 1] [--runs 3] [--json]
    python benchmarks/delivery.py --grid [PAGES_FOLDER] [--recipients 500] [--runs 3] [--json]

An issue of real papers goes to many recipients. "Built" is a complete message per recipient; "signed" adds a DKIM
signature. "Sent" goes to Postfix's `smtp-sink` on this machine, with the same number of connections for both. For
digest, this is the whole `digest deliver`, including all database writes for each message; `smtp-source` sends the same
bytes repeatedly and stores nothing. The processor time per message, in microseconds, depends less on other load than the
rates. Without the two programs of Postfix, this part is skipped. Figures are medians of the runs, which take turns.

`--grid` measures only "sent", for mails of 1, 3, 10 and 30 papers over one and eight connections: small mails show
what a reply costs, large ones what the content costs. On a busy machine, compare the processor time of a message.
"""

import argparse
import contextlib
import functools
import io
import itertools
import json
import resource
import shutil
import smtplib
import socket
import statistics
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from email import policy
from email.message import EmailMessage
from pathlib import Path
from zoneinfo import ZoneInfo

import dkim
from cryptography.hazmat.primitives.asymmetric import ed25519, rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from digest import read
from digest.cli.main import main
from digest.deliver.dkim import load_signer
from digest.deliver.message import PreparedMail, Sender
from digest.home.settings_file import open_home
from digest.model import Delivery, DigestFile, Issue, Item, Paper
from digest.render import Renderer, SiteContext
from digest.services.runs import deliver
from digest.services.workspace import Clock
from digest.store.engine import open_store
from digest.text.addresses import Mailbox

ROOT = Path(__file__).parents[1]
DATA = ROOT.parent / "shared" / "data" / "daily-papers-pages"
AT = datetime(2026, 11, 20, 9, tzinfo=UTC)
FROM = "Paper Digest <digest@example.org>"
GRID_PAPERS, GRID_CONNECTIONS = (1, 3, 10, 30), (1, 8)


def papers_of(folder: Path, count: int) -> list[Paper]:
    found: list[Paper] = []
    for path in sorted(folder.glob("*.txt")):
        page = read.read(str(path), today=AT.date(), zone=ZoneInfo("UTC"), captured=None, max_bytes=10**8)
        if isinstance(page, DigestFile):
            found += [
                Paper(len(found) + n, f"u{path.name}{n}", each.title, each.abstract, AT, each.authors)
                for n, each in enumerate(page.listings, 1)
            ]
    return (found * (count // max(1, len(found)) + 1))[:count]


def issue_of(papers: list[Paper]) -> Issue:
    items = tuple(Item(paper) for paper in papers)
    return Issue("bench", "Benchmark", 1, AT.date(), AT, "UTC", None, None, len(items), items, ())


def line_for(number: int) -> tuple[Mailbox, Delivery]:
    to = Mailbox(f"reader{number}", "example.net")
    return to, Delivery(number, 1, "bench", 1, str(to), "smtp", "leased", 1, 0, AT, AT)


def ours(mailing: PreparedMail, count: int) -> float:
    """Return the messages per second for building as many messages."""
    lines = [line_for(number) for number in range(count)]
    start = time.perf_counter()
    for to, line in lines:
        whole = mailing.headers_for(to, line) + mailing.wire_body
        assert whole
    return count / (time.perf_counter() - start)


def with_email_message(renderer: Renderer, issue: Issue, to: str) -> bytes:
    message = EmailMessage(policy=policy.SMTP)
    message["From"], message["To"] = FROM, to
    message["Subject"] = renderer.subject(issue)
    message["List-Unsubscribe"] = f"<mailto:digest@example.org?subject=unsubscribe%20{to}>"
    message.set_content(TEXTS[0])
    message.add_alternative(TEXTS[1], subtype="html")
    return message.as_bytes()


TEXTS = ["", ""]


def theirs(renderer: Renderer, issue: Issue, count: int, key: bytes | None) -> float:
    start = time.perf_counter()
    for number in range(count):
        data = with_email_message(renderer, issue, f"reader{number}@example.net")
        if key:
            dkim.sign(data, b"s", b"example.org", key)
    return count / (time.perf_counter() - start)


@contextlib.contextmanager
def sink() -> Iterator[int]:
    """Run Postfix's smtp-sink on a free port of the loopback interface."""
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    user = ["-u", "postfix"] if Path("/proc/self").owner() == "root" else []
    process = subprocess.Popen(["smtp-sink", *user, f"inet:127.0.0.1:{port}", "100"])
    try:
        for _ in range(100):
            with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
                break
            time.sleep(0.05)
        yield port
    finally:
        process.terminate()
        process.wait()


def source_rate(port: int, mail: Path, count: int, connections: int) -> float:
    command = [
        "smtp-source",
        "-d",
        "-s",
        str(connections),
        "-m",
        str(count),
        "-F",
        str(mail),
        f"inet:127.0.0.1:{port}",
    ]
    start = time.perf_counter()
    subprocess.run(command, check=True)
    return count / (time.perf_counter() - start)


def timed(job: Callable[[], float], who: int, count: int, times: list[float]) -> float:
    """Do a job and return its rate; append the processor time of `who`, in microseconds per message, to `times`."""
    before = resource.getrusage(who)
    rate = job()
    after = resource.getrusage(who)
    seconds = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    times.append(seconds / count * 1e6)
    return rate


def smtplib_rate(port: int, renderer: Renderer, issue: Issue, count: int) -> float:
    """Return the messages per second for building each mail and sending it with smtplib."""
    start = time.perf_counter()
    with smtplib.SMTP("127.0.0.1", port) as client:
        for number in range(count):
            to = f"reader{number}@example.net"
            client.sendmail("digest@example.org", [to], with_email_message(renderer, issue, to))
    return count / (time.perf_counter() - start)


class BenchHome:
    """A home with one subscription to real papers and many readers, whose issue is in the outbox."""

    def __init__(self, path: Path, pages: Path, count: int, papers: int, connections: int) -> None:
        self.path, self.count, self.connections = path, count, connections
        (path / "subscriptions").mkdir()
        readers = json.dumps([f"reader{number}@example.net" for number in range(count)])
        (path / "subscriptions" / "bench.toml").write_text(
            f'keywords = ["we"]\nmax_papers = {papers}\nemail = {readers}\n', "utf-8"
        )
        self._settings(1)  # a port without a server
        run = ["run", "--quiet", "--home", str(path), "--now", AT.isoformat()]
        with contextlib.redirect_stderr(io.StringIO()):
            main([*run, *map(str, sorted(pages.glob("*.txt")))])
        (self.mail,) = path.glob("output/issues/bench/*.eml")

    def _settings(self, port: int) -> None:
        (self.path / "digest.toml").write_text(
            f'channels = ["smtp"]\n[smtp]\nhost = "127.0.0.1"\nport = {port}\ntls = "none"\n'
            f'from = "{FROM}"\nmessages_per_connection = 1000000\n'
            f"connections = {self.connections}\n",
            "utf-8",
        )

    def deliver(self, port: int) -> float:
        """Send all messages again, and return the messages per second."""
        self._settings(port)
        home = open_home(str(self.path))
        store = open_store(home.settings.database, home=home.path)
        with contextlib.closing(store), store.begin() as tx:
            tx.outbox.retry([each.id for each in tx.outbox.everything()], now=AT)
        start = time.perf_counter()
        report = deliver(home, Clock(AT, AT))
        seconds = time.perf_counter() - start
        assert report.counts["sent"] == self.count, report.counts
        return self.count / seconds


def key_files(folder: Path) -> tuple[Path, Path]:
    """Write an RSA-2048 and an Ed25519 key."""
    keys = (rsa.generate_private_key(65537, 2048), ed25519.Ed25519PrivateKey.generate())
    paths = folder / "rsa.pem", folder / "ed25519.pem"
    for path, key in zip(paths, keys, strict=True):
        # dkimpy reads RSA keys in their traditional format only.
        form = PrivateFormat.TraditionalOpenSSL if path.stem == "rsa" else PrivateFormat.PKCS8
        path.write_bytes(key.private_bytes(Encoding.PEM, form, NoEncryption()))
    return paths


def measure(arguments: argparse.Namespace, folder: Path) -> dict[str, float]:
    """Measure everything in turns, and return the medians."""
    renderer = Renderer(None, SiteContext(sender=FROM))
    issue = issue_of(papers_of(arguments.folder, arguments.papers))
    TEXTS[:] = [renderer.text(issue), renderer.html(issue)]
    rsa_path, ed_path = key_files(folder)
    address = Mailbox("digest", "example.org")
    sets = {"unsigned": (), "signed, RSA-2048": (rsa_path,), "signed, Ed25519": (ed_path,)}
    mailings = {
        name: PreparedMail(
            renderer.eml(issue),
            Sender(
                address,
                address,
                b"secret",
                signers=tuple(load_signer(path, domain="example.org", selector="s") for path in paths),
            ),
            issue,
        )
        for name, paths in sets.items()
    }
    few = max(10, arguments.recipients // 50)
    jobs: dict[str, Callable[[], float]] = {
        f"built, {name}": lambda mailing=mailing: ours(mailing, arguments.recipients)
        for name, mailing in mailings.items()
    }
    jobs["built, EmailMessage"] = lambda: theirs(renderer, issue, few, None)
    jobs["built, EmailMessage + dkimpy RSA-2048"] = lambda: theirs(
        renderer, issue, few, rsa_path.read_bytes()
    )
    figures: dict[str, list[float]] = {}
    with contextlib.ExitStack() as stack:
        if shutil.which("smtp-sink") and shutil.which("smtp-source"):
            port = stack.enter_context(sink())
            home = BenchHome(
                folder, arguments.folder, arguments.recipients, arguments.papers, arguments.connections
            )
            count, connections = arguments.recipients, arguments.connections
            times_ours = figures.setdefault("µs of processor, digest deliver", [])
            times_theirs = figures.setdefault("µs of processor, smtp-source", [])
            jobs["sent, digest deliver"] = lambda: timed(
                lambda: home.deliver(port), resource.RUSAGE_SELF, count, times_ours
            )
            jobs["sent, smtp-source"] = lambda: timed(
                lambda: source_rate(port, home.mail, count, connections),
                resource.RUSAGE_CHILDREN,
                count,
                times_theirs,
            )
            jobs["sent, EmailMessage + smtplib"] = lambda: smtplib_rate(port, renderer, issue, few)
        for _ in range(arguments.runs):
            for name, job in jobs.items():
                figures.setdefault(name, []).append(job())
    return {"message_bytes": len(renderer.eml(issue))} | {
        name: round(statistics.median(values), 1) for name, values in figures.items()
    }


def grid(arguments: argparse.Namespace) -> list[dict[str, float]]:
    """Return a row for each size of mail and number of connections, with the median rates in messages per second."""
    rows = []
    for papers, connections in itertools.product(GRID_PAPERS, GRID_CONNECTIONS):
        with tempfile.TemporaryDirectory() as folder, sink() as port:
            count = arguments.recipients
            home = BenchHome(Path(folder), arguments.folder, count, papers, connections)
            ours, theirs = [], []
            times: list[float] = []
            for _ in range(arguments.runs):
                job = functools.partial(home.deliver, port)
                ours.append(timed(job, resource.RUSAGE_SELF, count, times))
                theirs.append(source_rate(port, home.mail, count, connections))
            rows.append(
                {
                    "papers": papers,
                    "bytes": home.mail.stat().st_size,
                    "connections": connections,
                    "digest deliver": round(statistics.median(ours), 1),
                    "smtp-source": round(statistics.median(theirs), 1),
                    "processor µs": round(statistics.median(times), 1),
                }
            )
    return rows


def show_grid(rows: list[dict[str, float]]) -> None:
    print(
        f"{'papers':>6} {'KiB':>6} {'connections':>11} {'digest deliver':>15} {'smtp-source':>12}  messages/s"
        f" {'processor µs':>14}"
    )
    for row in rows:
        print(
            f"{row['papers']:6} {row['bytes'] / 1024:6.0f} {row['connections']:11}"
            f" {row['digest deliver']:15,.0f} {row['smtp-source']:12,.0f} {'':11} {row['processor µs']:14,.0f}"
        )


def cli() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("folder", nargs="?", type=Path, default=DATA)
    parser.add_argument("--recipients", type=int, help="default 2000, or 500 with --grid")
    parser.add_argument("--papers", type=int, default=30)
    parser.add_argument("--connections", type=int, default=1)
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument(
        "--grid", action="store_true", help="mails of several sizes, one and eight connections"
    )
    parser.add_argument("--json", action="store_true")
    arguments = parser.parse_args()
    arguments.recipients = arguments.recipients or (500 if arguments.grid else 2000)
    if not arguments.folder.is_dir():
        arguments.folder = ROOT / "inbox"
    if arguments.grid:
        if not (shutil.which("smtp-sink") and shutil.which("smtp-source")):
            parser.error("--grid needs smtp-sink and smtp-source; install Postfix")
        rows = grid(arguments)
        if arguments.json:
            print(json.dumps({"grid": rows}))
        else:
            show_grid(rows)
        return
    with tempfile.TemporaryDirectory() as folder:
        figures = measure(arguments, Path(folder))
    if arguments.json:
        print(json.dumps(figures))
        return
    size = figures.pop("message_bytes")
    print(
        f"{arguments.papers} papers, {size / 1024:.0f} KiB per message, {arguments.recipients} recipients, median of {arguments.runs}"
    )
    for name, figure in figures.items():
        unit = "µs/message" if name.startswith("µs") else "messages/s"
        print(f"{name:42} {figure:10,.0f} {unit}")


if __name__ == "__main__":
    cli()
