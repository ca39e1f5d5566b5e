"""What went wrong in the user's terms: one sentence instead of a traceback."""

import errno
import functools
import os
import sys
import traceback
from collections.abc import Callable
from typing import TypeVar

from .printable import printable

T = TypeVar("T")
# What a disk does, and no code.
_DISK = (errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EACCES, errno.EPERM, errno.EIO)


class InputError(Exception):
    """Input that cannot be used; the message names it, its value and what is allowed."""


def reported(main: Callable[[], None]) -> Callable[[], None]:
    """Let a script end with the sentence of an InputError on stderr and exit code 1.

    Likewise where a disk is full, may not be written or fails.
    """

    @functools.wraps(main)
    def wrapper() -> None:
        try:
            main()
        except InputError as error:
            print(printable(f"error: {error}"), file=sys.stderr)
            sys.exit(1)
        except OSError as error:
            if error.errno not in _DISK:
                raise
            about = f"{error.filename}: " if error.filename else ""
            print(printable(f"error: {about}{os.strerror(error.errno)}"), file=sys.stderr)
            sys.exit(1)

    return wrapper


def or_failed(work: Callable[[], T], failed: Callable[[str], T]) -> T:
    """The result of the work on one head, or the record of its failure, made from the reason.

    A head that breaks the code must not take the heads beside it with it: its record says why,
    and the log has the traceback. What is not about the head (bad input, files, memory) is
    raised, so that its job fails and is run again.
    """
    try:
        return work()
    except (InputError, OSError, MemoryError):
        raise
    except Exception as error:
        print(printable(traceback.format_exc()), file=sys.stderr)
        return failed(printable(f"{type(error).__name__}: {error}"))
