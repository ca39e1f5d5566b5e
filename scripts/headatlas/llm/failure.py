"""An attempt to get a reply that failed, before it is known whether another one is made."""

from .exchange import AskError


class Failure(Exception):
    """What went wrong, in words that no address or model stands before yet."""

    def __init__(
        self,
        reason: str,
        *,
        passing: bool,
        wait: float = 0.0,
        kind: type[AskError] = AskError,
    ):
        super().__init__(reason)
        self.kind = kind  # of the error that it becomes
        self.passing = passing  # whether another attempt may succeed
        self.wait = wait  # seconds that the server asks to wait
