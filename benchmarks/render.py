"""An issue of 30 papers as mail: size and time, compared with Jinja2 + css-inline + EmailMessage.

    python benchmarks/render.py [PAGES_FOLDER] [--papers 30] [--runs N] [--json]

The peer does what newsletters usually do: it renders a plain Jinja2 template with a style sheet, inlines the
styles with css-inline, and builds the message with EmailMessage, without highlighting and without shortening.
It needs `pip install css-inline`, which is not a dependency. digest is timed for the first issue with these
papers and for later ones, for which the parts that do not depend on the reader are cached.
"""

import argparse
import json
import statistics
import time
from collections.abc import Callable
from datetime import UTC, date, datetime
from email.message import EmailMessage
from pathlib import Path
from zoneinfo import ZoneInfo

from digest.match.query.parser import query_of
from digest.match.reference import analyse, match
from digest.model import Issue, Item, Paper
from digest.read import read
from digest.render import Renderer, SiteContext

DATA = Path(__file__).parents[2] / "shared" / "data" / "daily-papers-pages"
SEEN = datetime(2026, 1, 2, 6, tzinfo=UTC)
KEYWORDS = ("diffusion^3", "train*", "model", "image", '"large language"')

PEER = """<!DOCTYPE html><html><head><style>
body { margin: 0; background: #fff; color: #15181c; font-family: Georgia, serif }
h1 { font-size: 32px; line-height: 38px; margin: 0 0 8px } h2 { font-size: 21px; line-height: 28px; margin: 30px 0 0 }
p { font-size: 16px; line-height: 25px; margin: 12px 0 0 } .facts { font-size: 13px; color: #5d646d }
a { color: #1a56b4; text-decoration: none } .because { font-size: 13px; color: #5d646d } li { margin: 0 0 6px }
</style></head><body><h1>{{ name }}</h1><ol>{% for p in papers %}<li><a href="#p{{ p.number }}">{{ p.title }}</a></li>
{% endfor %}</ol>{% for p in papers %}<h2 id="p{{ p.number }}"><a href="{{ p.url }}">{{ p.title }}</a></h2>
<p class="facts">{{ p.authors|join(", ") }} {{ p.published }}</p><p>{{ p.abstract }}</p><p class="because">Here
because: diffusion</p>{% endfor %}</body></html>"""


def issue_of(folder: Path, count: int) -> Issue:
    """Return an issue with the first `count` matching papers in saved pages."""
    query = query_of(KEYWORDS)
    items: dict[str, Item] = {}
    for path in sorted(folder.glob("*.txt")):
        found = read(str(path), today=date(2026, 1, 1), zone=ZoneInfo("UTC"), captured=None, max_bytes=10**8)
        for listing in getattr(found, "listings", ()):
            paper = Paper(
                number=len(items) + 1,
                uid=f"urn:uuid:{len(items)}",
                title=listing.title,
                abstract=listing.abstract,
                first_seen=SEEN,
                authors=listing.authors,
                author_count=listing.author_count,
                published=listing.published,
                comments=listing.comments,
                sources=("daily-papers-page",),
            )
            hit = match(query, analyse(paper))
            if hit and listing.title not in items and len(items) < count:
                items[listing.title] = Item(paper, hit.score, hit.evidence)
    return Issue(
        subscription="diffusion",
        name="Diffusion models",
        number=2,
        day=date(2026, 1, 2),
        made=SEEN,
        timezone="UTC",
        since=datetime(2026, 1, 1, 6, tzinfo=UTC),
        slot=None,
        considered=259,
        new=tuple(items.values()),
        updated=(),
        keywords=KEYWORDS,
        schedule="daily 08:00",
    )


def peer_of(issue: Issue) -> Callable[[], bytes] | None:
    """Return a function that makes the mail of the peer, or None without css-inline."""
    try:
        import css_inline
    except ImportError:
        return None
    from jinja2 import Environment

    template = Environment(autoescape=True).from_string(PEER)
    papers = [item.paper for item in issue.new]

    def mail() -> bytes:
        page = css_inline.inline(template.render(name=issue.name, papers=papers))
        message = EmailMessage()
        message["From"], message["To"], message["Subject"] = "a@x.test", "b@x.test", issue.name
        message.set_content("\n\n".join(f"{paper.title}\n{paper.abstract}" for paper in papers))
        message.add_alternative(page, subtype="html")
        return message.as_bytes()

    return mail


def milliseconds(function: Callable[[], object], runs: int) -> list[float]:
    """Return the processor time of each run, which other load changes less than the wall-clock time."""
    times = []
    for _ in range(runs):
        start = time.process_time()
        function()
        times.append(1000 * (time.process_time() - start))
    return times


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", nargs="?", type=Path, default=DATA)
    parser.add_argument("--papers", type=int, default=30)
    parser.add_argument("--runs", type=int, default=30)
    parser.add_argument("--json", action="store_true")
    arguments = parser.parse_args()
    issue = issue_of(arguments.folder, arguments.papers)
    renderer = Renderer(None, SiteContext())
    first = milliseconds(lambda: renderer.html(issue), 1)
    rows = {
        "html": milliseconds(lambda: renderer.html(issue), arguments.runs),
        "text": milliseconds(lambda: renderer.text(issue), arguments.runs),
        "eml (text, html, MIME)": milliseconds(lambda: renderer.eml(issue), arguments.runs),
        "markdown": milliseconds(lambda: renderer.markdown(issue), arguments.runs),
        "archive page": milliseconds(lambda: renderer.archive(issue), 3),
    }
    sizes = {"html": len(renderer.html(issue).encode()), "eml": len(renderer.eml(issue))}
    if peer := peer_of(issue):
        rows["peer: jinja2 + css-inline + EmailMessage"] = milliseconds(peer, arguments.runs)
        sizes["peer"] = len(peer())
    result = {name: round(statistics.median(times), 2) for name, times in rows.items()}
    if arguments.json:
        print(
            json.dumps(
                {"papers": len(issue.new), "first_html_ms": first[0], "median_ms": result, "bytes": sizes}
            )
        )
        return
    print(
        f"{len(issue.new)} papers; html {sizes['html']:,} bytes; first html, templates compiled: {first[0]:.0f} ms"
    )
    for name, median in result.items():
        print(f"{name:42} {median:8.2f} ms")


if __name__ == "__main__":
    main()
