"""Progress lines on standard error, not more than one every few seconds."""

import sys
import time


class Progress:
    """Prints the message it is called with, unless it printed one `seconds` ago or less."""

    def __init__(self, seconds: float = 5.0):
        self._seconds = seconds
        self._last = time.monotonic()

    def __call__(self, message: str) -> None:
        if time.monotonic() - self._last > self._seconds:
            self._last = time.monotonic()
            print(message, file=sys.stderr, flush=True)
