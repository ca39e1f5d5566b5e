"""Stops one script of a run in the middle of its work: Python reads this file when it starts.

The variable FAULT names the script. It is killed when it has written its first file and is about
to put it in its place.
"""

import os
import signal
import sys


def _kill(event: str, _: tuple[object, ...]) -> None:
    if event == "os.rename":
        os.kill(os.getpid(), signal.SIGKILL)


if any(word.endswith(f"/{os.environ.get('FAULT')}.py") for word in sys.orig_argv):
    sys.addaudithook(_kill)
