"""Short pages that a server answers with: leaving a subscription, and what is not there."""

from dataclasses import dataclass

from digest.i18n.catalogue import language


@dataclass(frozen=True, slots=True)
class Notice:
    """A page of a heading and a few words; `button` sends the form back to the page's own address, "" for none."""

    language: str
    heading: str
    text: tuple[str, ...]
    button: str = ""


def ask(name: str, address: str, code: str) -> Notice:
    """Ask whether an address shall leave a subscription. Nothing has happened yet."""
    say = language(code)
    text = say.gettext(
        "%(address)s will get no more mail of this subscription. Others go on.", address=address
    )
    return Notice(say.code, say.gettext("Leave “%(name)s”?", name=name), (text,), say.gettext("Unsubscribe"))


def left(name: str, address: str, code: str) -> Notice:
    """Say that an address has left a subscription."""
    say = language(code)
    text = (
        say.gettext("%(address)s gets no more mail of this subscription.", address=address),
        say.gettext("If that was a mistake, tell whoever runs this digest."),
    )
    return Notice(say.code, say.gettext("You have left “%(name)s”", name=name), text)


def no_token(code: str) -> Notice:
    """Say that a link to leave by is none of ours, whatever is wrong with it."""
    say = language(code)
    text = (
        say.gettext("Copy it whole from the mail, or unsubscribe in your mail program."),
        say.gettext("Nothing has been changed."),
    )
    return Notice(say.code, say.gettext("This link does not work"), text)


def nothing_here(code: str) -> Notice:
    """Say that there is no such page."""
    say = language(code)
    text = say.gettext("It may have been moved, or its address is not whole.")
    return Notice(say.code, say.gettext("There is no such page"), (text,))


def not_now(code: str) -> Notice:
    """Say that an answer could not be given this time."""
    say = language(code)
    text = say.gettext("Something is in the way just now. Please try again in a minute.")
    return Notice(say.code, say.gettext("That did not work"), (text,))
