"""Replies kept by the content of the request: none is paid for twice, by no process."""

import hashlib
import json
import sys
from pathlib import Path

from ..records.base import Record
from ..storage import StorageError, read_record, write_record
from .exchange import Reply, Request


class Exchange(Record):
    """A file of the cache: the request stands beside the reply, for whoever looks it up."""

    request: Request
    reply: Reply


class Cache:
    """`{folder}/{first two digits}/{SHA-256 of the request}.json`, shared by processes."""

    def __init__(self, folder: Path):
        self._folder = folder

    def path(self, request: Request) -> Path:
        """Where the reply to the request is kept."""
        canonical = json.dumps(request.model_dump(mode="json"), sort_keys=True)
        digits = hashlib.sha256(canonical.encode()).hexdigest()
        return self._folder / digits[:2] / f"{digits}.json"

    def get(self, request: Request) -> Reply | None:
        """The reply, or None if there is none; a damaged file counts as none."""
        path = self.path(request)
        if not path.exists():
            return None
        try:
            found = read_record(path, Exchange)
        except StorageError as error:
            print(f"A kept reply is damaged and asked for again: {error}", file=sys.stderr)
            return None
        return found.reply

    def put(self, request: Request, reply: Reply) -> None:
        """Keep the reply."""
        write_record(self.path(request), Exchange(request=request, reply=reply), shared=True)
