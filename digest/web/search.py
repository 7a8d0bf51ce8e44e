"""The search page of `digest serve`."""

from collections.abc import Callable, Mapping

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from digest.model import Home
from digest.services import search_page
from digest.services.archive_search import Asked, search
from digest.services.library_index import LibraryIndex
from digest.web.static import TYPES, page_response

_MOST_PAGES = 100_000


def search_routes(home: Callable[[], Home], index: LibraryIndex) -> list[Route]:
    """Return the routes; `home` returns the home with its current settings."""

    def show(request: Request) -> Response:
        current = home()
        results = search(current, index, asked_of(request.query_params))
        status = 400 if results.fault else 200 if results.ready else 503
        response = page_response(search_page.page_of(current, results), request.scope, status)
        response.headers["x-robots-tag"] = "noindex"
        if not results.ready:
            response.headers["retry-after"] = "5"
        return response

    return [Route("/search", show), Route("/search.js", _link)]


def _link(_request: Request) -> Response:
    """Show the link to this search on the first page of the archive, which may also be served without it."""
    return Response("server();\n", headers={"cache-control": "max-age=3600"}, media_type=TYPES[".js"])


def asked_of(values: Mapping[str, str]) -> Asked:
    """Return the search of an address; a page that is not a number is the first."""
    page = values.get("page", "")
    number = int(page) if page.isascii() and page.isdigit() and len(page) < 7 else 1
    query, subscription, source, year = (
        values.get(name, "") for name in ("q", "subscription", "source", "year")
    )
    return Asked(query, subscription, source, year, min(max(number, 1), _MOST_PAGES))
