"""Short pages that the web server answers with: unsubscribing, and errors."""

from dataclasses import dataclass

from digest.i18n.catalogue import language


@dataclass(frozen=True, slots=True)
class Notice:
    """A page with a heading and paragraphs.

    `button` labels a form that is sent to the page's own address; "" for no form. `stamp` is its stamp; the form of
    RFC 8058 has none.
    """

    language: str
    heading: str
    text: tuple[str, ...]
    button: str = ""
    stamp: str = ""


def unsubscribe_form(name: str, address: str, code: str) -> Notice:
    """Return the page that asks for confirmation before an address ("" if unknown) is unsubscribed."""
    lang = language(code)
    text = lang.gettext(
        "%(address)s will no longer receive this subscription. Your other subscriptions are not affected.",
        address=address or lang.gettext("Your address"),
    )
    return Notice(
        lang.code,
        lang.gettext("Unsubscribe from “%(name)s”?", name=name),
        (text,),
        lang.gettext("Unsubscribe"),
    )


def unsubscribed(name: str, address: str, code: str) -> Notice:
    """Return the page that confirms that an address is unsubscribed."""
    lang = language(code)
    who = address or lang.gettext("Your address")
    text = (
        lang.gettext("%(address)s will no longer receive this subscription.", address=who),
        lang.gettext("If this was a mistake, please contact the operator of this digest."),
    )
    return Notice(lang.code, lang.gettext("You are unsubscribed from “%(name)s”", name=name), text)


def invalid_link(code: str) -> Notice:
    """Return the page for an unsubscribe link that is not valid, whatever is wrong with it."""
    lang = language(code)
    text = (
        lang.gettext("Copy the whole link from the email, or unsubscribe in your mail program."),
        lang.gettext("Nothing has been changed."),
    )
    return Notice(lang.code, lang.gettext("This link does not work"), text)


def not_found(code: str) -> Notice:
    """Return the page for an address that does not exist."""
    lang = language(code)
    text = lang.gettext("It may have been moved, or the address is incomplete.")
    return Notice(lang.code, lang.gettext("Page not found"), (text,))


def unavailable(code: str) -> Notice:
    """Return the page for a request that failed for a temporary reason."""
    lang = language(code)
    text = lang.gettext("This page is temporarily unavailable. Please try again in a minute.")
    return Notice(lang.code, lang.gettext("Temporarily unavailable"), (text,))
