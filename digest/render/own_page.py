"""A reader's own page, as its template sees it."""

from dataclasses import dataclass
from datetime import date

from digest.i18n.catalogue import language
from digest.i18n.language import Language
from digest.model import Paper, Subscription
from digest.render.sign_up import FormView
from digest.render.view import title_of


@dataclass(frozen=True, slots=True)
class SignInView:
    """The page on which readers ask for the link to their own page."""

    language: str
    heading: str
    stamp: str
    email: str = ""
    problem: str = ""


@dataclass(frozen=True, slots=True)
class OwnedView:
    """A subscription: what can be done with one button, as (value, label); issues as (day, papers, address).

    `votes` are (number of the paper, title, verdict). `form` is there while it is changed.
    """

    id: str
    name: str
    summary: str
    actions: tuple[tuple[str, str], ...]
    issues: tuple[tuple[str, str, str], ...]
    votes: tuple[tuple[int, str, str], ...]
    form: FormView | None = None


@dataclass(frozen=True, slots=True)
class OwnPageView:
    """The page. `said` is what was just done, or, if `bad`, why nothing was."""

    language: str
    heading: str
    address: str
    owned: tuple[OwnedView, ...]
    stamp: str
    export: str
    said: str = ""
    bad: bool = False


def sign_in_view(code: str, stamp: str, email: str = "", problem: str = "") -> SignInView:
    """Return the page on which readers ask for the link to their own page."""
    lang = language(code)
    return SignInView(code, lang.gettext("Your subscriptions"), stamp, email, problem)


def heading(code: str) -> str:
    """Return the heading of a reader's page."""
    return language(code).gettext("Your subscriptions")


def summary(lang: Language, subscription: Subscription, until: date | None) -> str:
    """Return when a subscription is due, or until when it is paused."""
    if until is not None:
        return lang.gettext("Paused until %(day)s", day=lang.day_and_month(until, year=True))
    return lang.gettext(
        "%(schedule)s, %(timezone)s time", schedule=subscription.schedule, timezone=subscription.timezone
    )


def actions(
    lang: Language, *, weekly: bool, paused: bool, most: int, fewer: int
) -> tuple[tuple[str, str], ...]:
    """Return what can be done with one button."""
    pause = (
        ("resume", lang.gettext("End the pause")) if paused else ("pause", lang.gettext("Pause for a month"))
    )
    less = lang.gettext("At most %(fewer)s papers instead of %(most)s", fewer=str(fewer), most=str(most))
    return (
        *(() if weekly else (("weekly", lang.gettext("Weekly instead")),)),
        *((("fewer", less),) if fewer < most else ()),
        pause,
    )


def issue_line(lang: Language, day: date, papers: int, url: str) -> tuple[str, str, str]:
    """Return an issue in the list of a subscription."""
    counted = lang.ngettext("%(number)s paper", "%(number)s papers", papers)
    return lang.day_and_month(day, year=True), counted, url


def vote_line(lang: Language, paper: Paper, verdict: str) -> tuple[int, str, str]:
    """Return a paper in the list of feedback."""
    words = {
        "like": lang.gettext("more like this"),
        "dislike": lang.gettext("less like this"),
    }
    return paper.number, title_of(paper, lang), words.get(verdict, verdict)


def done_text(lang: Language, name: str) -> str:
    """Return what the page says after something was done; "" for unknown names."""
    texts = {
        "new": lang.gettext("Thank you, you are subscribed. The first email is on its way."),
        "save": lang.gettext("Saved. The next issue follows it."),
        "weekly": lang.gettext("Saved: from now on, once a week."),
        "fewer": lang.gettext("Saved: the next issue has fewer papers."),
        "pause": lang.gettext("Paused. Papers of this time are in the first issue after it."),
        "resume": lang.gettext("The pause has ended."),
        "undo": lang.gettext("The feedback is undone."),
        "leave": lang.gettext("The subscription has ended, and everything about it is deleted."),
        "unsure": lang.gettext("Tick the box to delete everything."),
        "faults": lang.gettext("Nothing was saved yet: see the marked fields."),
    }
    return texts.get(name, "")
