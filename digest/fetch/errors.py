"""Why something could not be fetched."""


class FetchError(Exception):
    """Its text is for a reader. `passing` says that asking again may help, `after` how many seconds the
    server asks to be left alone, `status` is its answer if there was one.
    """

    def __init__(
        self, reason: str, *, passing: bool = False, after: float | None = None, status: int | None = None
    ) -> None:
        super().__init__(reason)
        self.passing, self.after, self.status = passing, after, status
