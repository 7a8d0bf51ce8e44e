"""The error of a fetch."""

from digest.urls import mask_secrets


class FetchError(Exception):
    """Something could not be fetched; the text is written for users, without the secrets of URLs.

    `temporary`: another attempt may succeed. `retry_after` is the number of seconds that the server asks to
    wait, `status` the status code of its response, if there was one.
    """

    def __init__(
        self,
        reason: str,
        *,
        temporary: bool = False,
        retry_after: float | None = None,
        status: int | None = None,
    ) -> None:
        super().__init__(mask_secrets(reason))
        self.temporary, self.retry_after, self.status = temporary, retry_after, status
