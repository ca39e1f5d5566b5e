"""What went wrong in the user's terms: one sentence instead of a traceback."""

import functools
import sys
from collections.abc import Callable


class InputError(Exception):
    """Input that cannot be used; the message names it, its value and what is allowed."""


def reported(main: Callable[[], None]) -> Callable[[], None]:
    """Let a script end with the sentence of an InputError on stderr and exit code 1."""

    @functools.wraps(main)
    def wrapper() -> None:
        try:
            main()
        except InputError as error:
            print(f"error: {error}", file=sys.stderr)
            sys.exit(1)

    return wrapper
