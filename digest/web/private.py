"""Pages and feeds at addresses that nobody can guess: no cache that others use keeps them, and no search engine."""

from collections.abc import Callable

from anyio import to_thread
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from digest.model import Home
from digest.services.private_pages import private_issue
from digest.web.static import page_response


def private_routes(home: Callable[[], Home]) -> list[Route]:
    """Return the routes; `home` returns the home with its current settings."""

    async def issue(request: Request) -> Response:
        folder, stem = request.path_params["folder"], request.path_params["stem"]
        page = await to_thread.run_sync(private_issue, home(), folder, stem)
        if page is None:
            raise HTTPException(404)
        return hidden(page_response(page, request.scope))

    return [Route("/private/{folder}/{stem}.html", issue)]


def hidden(response: Response) -> Response:
    """Return a response that only its reader's own programs may keep, and that search engines leave out."""
    response.headers["cache-control"] = "private, no-cache"
    response.headers["x-robots-tag"] = "noindex, nofollow"
    return response
