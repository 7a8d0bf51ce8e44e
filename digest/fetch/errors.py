"""The error of a fetch."""

from digest.urls import mask_secrets


class FetchError(Exception):
    """Something could not be fetched; the text is written for users, without the secrets of URLs.

    `temporary`: another attempt may succeed. `retry_after` is the number of seconds that the server asks to
    wait, `status` the status code of its response, if there was one. `unreachable`: no server was reached, as
    where this machine has no network connection.
    """

    def __init__(
        self,
        reason: str,
        *,
        temporary: bool = False,
        retry_after: float | None = None,
        status: int | None = None,
        unreachable: bool = False,
    ) -> None:
        super().__init__(mask_secrets(reason))
        self.temporary, self.retry_after, self.status = temporary, retry_after, status
        self.unreachable = unreachable
