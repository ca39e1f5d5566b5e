"""The server: on the loopback address alone, until it is interrupted."""

import socket
from contextlib import suppress
from pathlib import Path

import uvicorn

from headatlas.errors import InputError

from .app import application
from .store import Store

ADDRESS = "127.0.0.1"


def serve(store: Store, templates: Path, port: int) -> None:
    """Serve the pages on a port, 0 for a free one, and say where. Raises InputError."""
    with socket.socket() as listening:
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listening.bind((ADDRESS, port))
        except OSError as error:
            raise InputError(
                f"--port {port}: cannot be used ({error.strerror}); allowed: a free port"
            ) from None
        listening.listen()  # from now on browsers can come
        place = f"http://{ADDRESS}:{listening.getsockname()[1]}/"
        print(f"Rate at {place} (answers are kept in {store.path}; Ctrl-C ends)", flush=True)
        config = uvicorn.Config(
            application(store, templates), log_level="warning", server_header=False, lifespan="off"
        )
        with suppress(KeyboardInterrupt):  # which uvicorn raises again once it has ended
            uvicorn.Server(config).run(sockets=[listening])
