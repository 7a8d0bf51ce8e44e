"""Short pages for people who subscribe on the web: what to do next, and what was done."""

from digest.i18n.catalogue import language
from digest.render.notice_pages import Notice


def check_your_mail(code: str) -> Notice:
    """Return the page after a request, the same for every address."""
    lang = language(code)
    return Notice(
        lang.code,
        lang.gettext("Please look into your mailbox"),
        (
            lang.gettext(
                "We send an email with a link to this address. Nothing happens until you follow it."
            ),
            lang.gettext(
                "An address gets at most one such email a day, so another request for it is sent tomorrow. The link "
                "is valid for two days."
            ),
        ),
    )


def confirm_form(name: str, code: str, stamp: str) -> Notice:
    """Return the page that a link to confirm opens."""
    lang = language(code)
    return Notice(
        lang.code,
        lang.gettext("Subscribe to “%(name)s”?", name=name),
        (
            lang.gettext("The first papers follow at once, then at the times you chose."),
            lang.gettext("Every email has a link to leave and one to your own page."),
        ),
        lang.gettext("Yes, subscribe"),
        stamp,
    )


def confirmed(name: str, code: str, *, waits: bool) -> Notice:
    """Return the page after a request was confirmed; `waits` for the operator's approval."""
    lang = language(code)
    if waits:
        text = lang.gettext("The operator looks at it first. You get an email when it is decided.")
    else:
        text = lang.gettext("The first email is on its way. If nothing matches yet, it says so.")
    return Notice(lang.code, lang.gettext("Thank you: “%(name)s” is confirmed", name=name), (text,))


def outdated_link(code: str) -> Notice:
    """Return the page for a link of an email that is too old, was revoked, or is not whole."""
    lang = language(code)
    text = (
        lang.gettext("Links to confirm are valid for two days. Copy the whole link, or ask for another one."),
        lang.gettext("Nothing has been changed."),
    )
    return Notice(lang.code, lang.gettext("This link does not work"), text)


def too_many(code: str) -> Notice:
    """Return the page for a network that has sent too many requests."""
    lang = language(code)
    text = lang.gettext("Too many requests came from your network. Please try again in an hour.")
    return Notice(lang.code, lang.gettext("Too many requests"), (text,))


def refused(code: str) -> Notice:
    """Return the page for a form that did not come from our own page."""
    lang = language(code)
    text = lang.gettext("The form was not sent by the page itself, or the page was too old. Open it again.")
    return Notice(lang.code, lang.gettext("Nothing has been changed"), (text,))


def wrong_host(code: str) -> Notice:
    """Return the page for a request by a name that the server does not know."""
    lang = language(code)
    text = lang.gettext(
        "This page is served under another name. The operator can add this one to trusted_hosts under [serve] in "
        "digest.toml."
    )
    return Notice(lang.code, lang.gettext("Wrong address"), (text,))


def link_replaced(code: str) -> Notice:
    """Return the page after a reader has replaced the link to the own page."""
    lang = language(code)
    text = lang.gettext("All older links to your page have stopped working. The new one comes by email.")
    return Notice(lang.code, lang.gettext("The link is replaced"), (text,))


def erased(code: str) -> Notice:
    """Return the page after everything about a reader was deleted."""
    lang = language(code)
    text = lang.gettext("Nothing about you is stored any more, and you get no further email.")
    return Notice(lang.code, lang.gettext("Everything is deleted"), (text,))
