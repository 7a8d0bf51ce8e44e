"""The page with the results of a search."""

from dataclasses import replace

from digest.i18n.catalogue import language
from digest.i18n.language import Language
from digest.model import Home
from digest.render.search_page import SearchPage, filters, found_paper, page_link
from digest.services.archive_search import PAGE, SearchResults


def page_of(home: Home, results: SearchResults) -> str:
    """Return the page as HTML. Raises TemplateError."""
    from digest.pipeline.outputs import renderer_for

    return renderer_for(home).web_page("search.html", _view(home, results))


def _view(home: Home, results: SearchResults) -> SearchPage:
    asked, lang = results.asked, language(home.settings.language)
    every = lang.gettext("All")
    page = SearchPage(
        lang.code,
        lang.gettext("Search the papers"),
        asked.query,
        filters(
            lang,
            asked.subscription,
            every,
            [(key, name, None) for key, name in results.subscriptions.items()],
        ),
        filters(lang, asked.source, every, [(name, name, count) for name, count in results.sources]),
        filters(lang, asked.year, every, [(name, name, count) for name, count in results.years]),
    )
    if results.fault:
        fault = results.fault
        return replace(page, fault=f"{fault.message}; {fault.remedy}", excerpt=fault.excerpt())
    if not results.ready:
        note = lang.gettext("The papers are being prepared for searching. Please try again in a moment.")
        return replace(page, notes=(note,))
    values = {
        "q": asked.query,
        "subscription": asked.subscription,
        "source": asked.source,
        "year": asked.year,
    }
    return replace(
        page,
        notes=_notes(lang, results),
        summary=lang.ngettext(
            "%(number)s paper, newest first", "%(number)s papers, newest first", results.total
        ),
        found=tuple(found_paper(each, lang) for each in results.found),
        before=page_link(values, asked.page - 1) if asked.page > 1 else "",
        after=page_link(values, asked.page + 1) if asked.page * PAGE < results.total else "",
    )


def _notes(lang: Language, results: SearchResults) -> tuple[str, ...]:
    return tuple(
        lang.gettext("The papers have “%(meant)s” rather than “%(typed)s”.", meant=meant, typed=typed)
        for typed, meant in results.spellings
    )
