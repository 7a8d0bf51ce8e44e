"""The page that takes feedback on a paper, as its template sees it."""

from dataclasses import dataclass

from digest.i18n.catalogue import language
from digest.model import Paper
from digest.render.view import title_of


@dataclass(frozen=True, slots=True)
class FeedbackView:
    """The page: `actions` are buttons as (value, label), `mute` the keywords that can be removed."""

    language: str
    heading: str
    name: str
    actions: tuple[tuple[str, str], ...]
    mute: tuple[str, ...]
    stamp: str
    said: str = ""


def feedback_view(
    code: str, name: str, paper: Paper, verdict: str, mute: tuple[str, ...], stamp: str
) -> FeedbackView:
    """Return the page; `verdict` is what is stored: `like`, `dislike`, `muted` or ""."""
    lang = language(code)
    said = {
        "like": lang.gettext("Noted: from the next issue on, papers like this come first."),
        "dislike": lang.gettext("Noted: from the next issue on, papers like this come last."),
        "muted": lang.gettext("The keyword is removed. The next issue no longer looks for it."),
    }
    actions = (
        *(() if verdict == "like" else (("like", lang.gettext("More like this")),)),
        *(() if verdict == "dislike" else (("dislike", lang.gettext("Less like this")),)),
        *((("undo", lang.gettext("Undo")),) if verdict in {"like", "dislike"} else ()),
    )
    return FeedbackView(lang.code, title_of(paper, lang), name, actions, mute, stamp, said.get(verdict, ""))
