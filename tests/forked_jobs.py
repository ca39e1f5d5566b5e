"""Jobs of the workflow as forks of a process that has imported torch and all that models need.

With a tiny model the imports take ten times as long as the work. `python` of such a run is a small
program that has the fork run the script, with its own arguments, environment, folder and files; a
script that is not of this repository, or whose environment differs in what is read at import, gets
a Python of its own. So does every job of tests that start Snakemake as a process, to kill it.
"""

import functools
import json
import multiprocessing
import os
import runpy
import signal
import socket
import sys
import tempfile
import traceback
from collections.abc import Mapping
from pathlib import Path

SCRIPTS = Path(__file__).parents[1] / "scripts"
_PRELOAD = ("headatlas.subjects.loading", "sentence_transformers", "polars")
_AT_IMPORT = ("HF_", "TRANSFORMERS_", "OMP_", "PYTHON")
_OF_JOBS = {"OMP_NUM_THREADS": "1"}  # as Snakemake sets it for jobs of one thread
_PROGRAM = """#!{real} -IS
import json, os, socket, sys
environment = {{k: v for k, v in os.environ.items() if k.startswith({at_import!r})}}
if environment != {environment!r} or os.path.dirname(sys.argv[1]) != {scripts!r}:
    os.execv({real!r}, [{real!r}, *sys.argv[1:]])
with socket.socket(socket.AF_UNIX) as server:
    server.connect({address!r})
    socket.send_fds(server, [b"."], [0, 1, 2])
    server.sendall(json.dumps([sys.argv[1:], os.getcwd(), dict(os.environ)]).encode() + b"\\n")
    sys.exit((server.recv(1) or b"\\x89")[0])
"""


@functools.cache
def python() -> Path:
    """The program that stands for Python in a run; the first call starts what it asks."""
    folder = Path(tempfile.mkdtemp(prefix="jobs"))
    address = str(folder / "socket")
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(address)
    listener.listen(16)
    process = multiprocessing.get_context("spawn").Process(
        target=_serve, args=(listener,), daemon=True
    )
    process.start()
    listener.close()
    program = folder / "python"
    program.write_text(
        _PROGRAM.format(
            real=sys.executable,
            at_import=_AT_IMPORT,
            environment=_at_import(os.environ | _OF_JOBS),
            scripts=str(SCRIPTS),
            address=address,
        )
    )
    program.chmod(0o755)
    return program


def _at_import(environment: Mapping[str, str]) -> dict[str, str]:
    return {k: v for k, v in environment.items() if k.startswith(_AT_IMPORT)}


def _serve(listener: socket.socket) -> None:
    os.environ.update(_OF_JOBS)
    for name in _PRELOAD:
        __import__(name)
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # nobody waits for the forks
    listener.settimeout(5)
    tests = os.getppid()
    while os.getppid() == tests:
        try:
            connection, _ = listener.accept()
        except TimeoutError:
            continue
        if os.fork() == 0:
            listener.close()
            _be_job(connection)
        connection.close()


def _be_job(connection: socket.socket) -> None:
    """Run the script that is asked for, tell how it ended, and end."""
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    _, files, *_ = socket.recv_fds(connection, 1, 3)
    with connection.makefile("rb") as asked:
        arguments, folder, environment = json.loads(asked.readline())
    for number, file in enumerate(files):
        os.dup2(file, number)
        os.close(file)
    os.chdir(folder)
    os.environ.clear()
    os.environ.update(environment)
    sys.argv, sys.path[0] = arguments, str(SCRIPTS)
    code = 1
    try:
        runpy.run_path(arguments[0], run_name="__main__")
        code = 0
    except SystemExit as end:
        if isinstance(end.code, str):
            print(end.code, file=sys.stderr)
        else:
            code = end.code or 0
    except BaseException:
        traceback.print_exc()
    sys.stdout.flush()
    sys.stderr.flush()
    connection.sendall(bytes([code]))
    os._exit(0)
