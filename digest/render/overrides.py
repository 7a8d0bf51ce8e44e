"""The templates of a home: list them, export copies of the program's, check that they work."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from pathlib import Path

from digest.errors import TemplateError, UsageError
from digest.model import Evidence, Issue, IssueLine, Item, Letter, Paper, Summary, Trend, Wish
from digest.render.archive_view import ArchiveStats
from digest.render.context import SiteContext
from digest.render.environment import make_environment, own_templates
from digest.render.notice_pages import unsubscribe_form
from digest.render.renderer import Renderer
from digest.system.deadline import TookTooLong, within
from digest.system.files import write_whole
from digest.system.resources import folder


@dataclass(frozen=True, slots=True)
class Template:
    """A template by name. `own`: the home has one of that name; `known`: the program has one."""

    name: str
    own: bool
    known: bool


def templates(home_templates: Path) -> tuple[Template, ...]:
    """Return the templates of home and program, by name, without hidden files and `README` files."""
    program, home = own_templates(folder("templates")), own_templates(home_templates)
    return tuple(Template(name, name in home, name in program) for name in sorted(program | home))


def export(home_templates: Path, names: tuple[str, ...]) -> tuple[Path, ...]:
    """Copy templates of the program into a home, where they can be changed. Returns the new files.

    Raises UsageError, and writes nothing, if a name is unknown or the home has it already.
    """
    known = {each.name: each for each in templates(home_templates)}
    for name in names:
        if name not in known or not known[name].known:
            names_known = ", ".join(each.name for each in known.values() if each.known)
            raise UsageError(f"the template {name!r} does not exist; choose from: {names_known}")
        if known[name].own:
            raise UsageError(f"{home_templates / name}: already exists; move it away first")
    for name in names:
        write_whole(home_templates / name, (folder("templates") / name).read_bytes())
    return tuple(home_templates / name for name in names)


def check(home_templates: Path, site: SiteContext) -> tuple[str, ...]:
    """Return the problems of a home's templates, each with file, line and remedy.

    Every template is parsed, and a sample issue is rendered in every form.
    """
    problems: dict[str, None] = {}
    from jinja2 import TemplateSyntaxError

    environment = make_environment(home_templates)
    for each in templates(home_templates):
        if each.own and not each.known:
            path = home_templates / each.name
            problems[
                f"{path}: the program has no template of this name, so it is not used; see: digest templates list"
            ] = None
        try:
            environment.get_template(each.name)
        except TemplateSyntaxError as error:
            problems[f"{error.filename}:{error.lineno}: {error.message}; fix this template"] = None
        except UnicodeDecodeError:
            problems[f"{home_templates / each.name}: is not valid UTF-8; save the template as UTF-8"] = None
    renderer = Renderer(home_templates, site)
    renderings: dict[str, Callable[[], str]] = {
        "the email as HTML": lambda: renderer.html(_ISSUE),
        "the email as text": lambda: renderer.text(_ISSUE),
        "the page of an issue": lambda: renderer.archive(_ISSUE),
        "the subject": lambda: renderer.subject(_ISSUE),
        "a notice": lambda: renderer.notice(unsubscribe_form("Kites", "reader@example.org", "en")),
        "the page of a paper": lambda: renderer.paper(_PAPER, [IssueLine.of(_ISSUE)]),
        "the index": lambda: renderer.index([IssueLine.of(_ISSUE)], {}, ArchiveStats((), {}, 1, _TRENDS)),
        "the page of a feed": lambda: renderer.style("feed.xsl") + renderer.style("feed.css"),
        "the list of feeds": lambda: renderer.feeds({"kites": "Kites"}),
        "a letter": lambda: renderer.letter(_LETTER, "https://papers.example.org/confirm/1").decode(),
    }
    for what, render in renderings.items():
        try:
            within(render)
        except TemplateError as error:
            problems[str(error)] = None
        except TookTooLong as error:
            problems[f"{home_templates}: {what} {error}; a loop of its template is too long"] = None
    return tuple(problems)


_NOON = datetime(2026, 3, 12, 12, tzinfo=UTC)
_PAPER = Paper(
    number=1,
    uid="urn:uuid:5f0c1e6a-7d1b-5a36-9a55-0b7d6d1f9c01",
    title="Kites: One-Step Weather from a String",
    abstract="Weather takes many steps. We propose Kites, a one-step forecast that is 6.3times faster. " * 6,
    first_seen=_NOON,
    authors=("Ada Breeze", "Ben Gust", "Clara Gale", "Dora Squall"),
    author_count=4,
    published=date(2026, 3, 10),
    comments=5,
    upvotes=32,
    organization="Institute of Wind",
    categories=("cs.LG",),
    arxiv="2603.01234",
    code_url="https://kites.example.org/code",
    withdrawn=True,
    sources=("arxiv-api",),
)
_ITEM = Item(_PAPER, 3.0, (Evidence("one-step", "title", "One-Step", 7, 15),), ("version 2",))
_TRENDS = (Trend("kites", (3, 4, 9, 15), date(2026, 3, 12)),)
_ISSUE = Issue(
    subscription="kites",
    name="Kites",
    number=2,
    day=date(2026, 3, 12),
    made=_NOON,
    timezone="UTC",
    since=datetime(2026, 3, 11, 12, tzinfo=UTC),
    slot=None,
    considered=12,
    new=(replace(_ITEM, summary=Summary("Kites forecast in one step.", "a-model")), *(_ITEM,) * 8),
    updated=(_ITEM,),
    more_new=(_ITEM,),
    keywords=("one-step",),
    exclude=("rain",),
    schedule="daily 08:00",
    trends=_TRENDS,
)
_LETTER = Letter("confirm", "en", _ISSUE.made, 1, wishes=(Wish("Kites", ("kites",)),))
