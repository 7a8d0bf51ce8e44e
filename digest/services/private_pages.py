"""The pages of private subscriptions: whoever has the address of one, from a mail, may read it.

Functions return None for any invalid address, whatever is wrong with it, so that responses reveal nothing to guessers.
"""

from digest.model import Home
from digest.services.reader_pages import link_counter, number_of_stem
from digest.services.workspace import open_library


def private_issue(home: Home, folder: str, stem: str) -> str | None:
    """Return the page of an issue of a private subscription.

    `folder` is the last part of what `digest.pipeline.privacy.private_places` returns, `stem` that of the issue's
    files. Raises StoreError, TemplateError.
    """
    from digest.pipeline import rendering
    from digest.pipeline.outputs import renderer_for
    from digest.pipeline.privacy import private_subscription
    from digest.pipeline.set_aside import Boundary

    number = number_of_stem(stem)
    with open_library(home, create=False) as store:
        with store.begin(write=False) as tx:
            subscription = None if number is None else private_subscription(tx, folder)
            issue = tx.issues.numbered(subscription, number or 0) if subscription else None
            boundary = Boundary(tx.set_aside.all())
        if subscription is None or issue is None or issue.stem != stem:
            return None
        renderer, link_to = renderer_for(home, store), link_counter(home, subscription)
        return rendering.issue(boundary, issue, lambda each: renderer.archive(each, link_to))
