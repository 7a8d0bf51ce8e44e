"""Letters: what they say, in the reader's language."""

from dataclasses import dataclass

from digest.i18n.catalogue import language
from digest.i18n.language import Language
from digest.model import Letter, Wish
from digest.render.context import SiteContext
from digest.render.view import named


@dataclass(frozen=True, slots=True)
class LetterView:
    """What the templates `letter.html` and `letter.txt` show.

    `button` labels the link to `url`, "" for none; `asked` repeats what the reader asked for, as pairs of a label and a
    text.
    """

    language: str
    title: str
    subject: str
    text: tuple[str, ...]
    asked: tuple[tuple[str, str], ...] = ()
    button: str = ""
    url: str = ""
    after: tuple[str, ...] = ()


def letter_view(letter: Letter, site: SiteContext, url: str) -> LetterView:
    """Return what a letter says; `url` is the address of its link."""
    lang = language(letter.language)
    title = named(site.title, "Paper Digest")
    asked = tuple(pair for wish in letter.wishes for pair in _asked(lang, wish))
    match letter.kind:
        case "confirm":
            return _confirm(lang, title, letter, asked, url)
        case "welcome":
            return _welcome(lang, title, letter, asked, url)
        case "sign-in":
            return _sign_in(lang, title, url)
        case "declined":
            return _declined(lang, title, letter, asked)


def _confirm(
    lang: Language, title: str, letter: Letter, asked: tuple[tuple[str, str], ...], url: str
) -> LetterView:
    return LetterView(
        lang.code,
        title,
        lang.gettext("Please confirm: %(names)s", names=_names(lang, letter)),
        (
            lang.gettext(
                "Somebody, probably you, asked for papers by email from %(title)s. Confirm it, and the first ones "
                "follow at once.",
                title=title,
            ),
        ),
        asked,
        lang.gettext("Confirm the subscription"),
        url,
        (
            lang.gettext("The link is valid for two days, and the page that it opens asks once more."),
            lang.gettext(
                "If you did not ask for this, do nothing: no further email comes, and your address is deleted."
            ),
        ),
    )


def _welcome(
    lang: Language, title: str, letter: Letter, asked: tuple[tuple[str, str], ...], url: str
) -> LetterView:
    if letter.considered:
        nothing = lang.ngettext(
            "The library has %(number)s paper of the last days, and it does not match your keywords.",
            "The library has %(number)s papers of the last days, and none of them matches your keywords.",
            letter.considered,
        )
    else:
        nothing = lang.gettext("The library has no papers of the last days.")
    return LetterView(
        lang.code,
        title,
        lang.gettext("Your subscription has begun: %(names)s", names=_names(lang, letter)),
        (nothing, lang.gettext("The first issue comes at the time you chose, as soon as a paper matches.")),
        asked,
        lang.gettext("Change your subscription"),
        url,
        (_what_the_page_does(lang),),
    )


def _sign_in(lang: Language, title: str, url: str) -> LetterView:
    return LetterView(
        lang.code,
        title,
        lang.gettext("Your subscriptions at %(title)s", title=title),
        (lang.gettext("This is the link to your own page."), _what_the_page_does(lang)),
        (),
        lang.gettext("Open your page"),
        url,
        (
            lang.gettext("Do not pass the link on: who has it can change your subscriptions."),
            lang.gettext("If you did not ask for this email, do nothing."),
        ),
    )


def _declined(lang: Language, title: str, letter: Letter, asked: tuple[tuple[str, str], ...]) -> LetterView:
    return LetterView(
        lang.code,
        title,
        lang.gettext("Your subscription was not accepted: %(names)s", names=_names(lang, letter)),
        (
            lang.gettext(
                "The operator of %(title)s did not accept your request. Your address is deleted.", title=title
            ),
        ),
        asked,
    )


def _what_the_page_does(lang: Language) -> str:
    return lang.gettext(
        "On your own page you can change your keywords, pause, get fewer papers, or delete everything that is stored "
        "about you."
    )


def _names(lang: Language, letter: Letter) -> str:
    return lang.listed([wish.name for wish in letter.wishes])


def _asked(lang: Language, wish: Wish) -> list[tuple[str, str]]:
    """Return the lines that repeat a wish."""
    either = f" {lang.gettext('or')} "
    lines = [(lang.gettext("Keywords"), either.join(wish.keywords))]
    if wish.exclude:
        lines.append((lang.gettext("But not"), either.join(wish.exclude)))
    if wish.schedule:
        when = lang.gettext(
            "%(schedule)s, %(timezone)s time", schedule=wish.schedule, timezone=wish.timezone or "UTC"
        )
        lines.append((lang.gettext("When"), when))
    return lines
