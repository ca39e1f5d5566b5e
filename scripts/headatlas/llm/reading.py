"""What is read of a server's answers: so many bytes, and from no other server.

Slow to import.
"""

import zlib
from collections.abc import AsyncIterator, Iterator
from typing import Any

import httpx2

from .failure import Failure

MOST_BYTES = 16 * 2**20  # of an answer, unpacked
MOST_BYTES_OF_FILE = 2**30  # of a batch's output, likewise
_PART = 2**16  # bytes unpacked at a time
_KEEP_METHOD = (307, 308)  # redirects after which a POST is a POST


async def guard(response: httpx2.Response) -> None:
    """A hook for responses: raises Failure where one leads away, or is longer than allowed."""
    if response.has_redirect_location:
        _check_target(response)
    encoding = response.headers.pop("content-encoding", "identity").strip().lower()
    if encoding not in ("identity", "gzip"):
        raise Failure(f"its answer is packed as {encoding!r}, unasked", passing=False)
    assert isinstance(response.stream, httpx2.AsyncByteStream)
    most = MOST_BYTES_OF_FILE if response.url.path.endswith("/content") else MOST_BYTES
    response.stream = _Bounded(response.stream, encoding == "gzip", most)


def _check_target(response: httpx2.Response) -> None:
    """The prompt goes to the server that the user named, or to its own encrypted address."""
    try:
        here, there = response.url, response.url.join(response.headers["location"])
    except httpx2.InvalidURL:
        raise Failure("it redirects to an address that is none", passing=False) from None
    same = (there.scheme, there.host, there.port) == (here.scheme, here.host, here.port)
    safer = there == here.copy_with(scheme="https") and here.port is None
    kept = response.request.method == "GET" or response.status_code in _KEEP_METHOD
    if not ((same or safer) and kept):
        where = f"{there.scheme}://{there.netloc.decode().rpartition('@')[2]}"
        hint = "if that is the right server, give its address as base_url"
        raise Failure(f"it redirects to {where}, which is not followed: {hint}", passing=False)


class _Bounded(httpx2.AsyncByteStream):
    """The bytes of a stream, unpacked. Raises Failure where there are too many."""

    def __init__(self, stream: httpx2.AsyncByteStream, packed: bool, most: int):
        self._stream, self._packed, self._most = stream, packed, most

    async def __aiter__(self) -> AsyncIterator[bytes]:
        size, unpacking = 0, zlib.decompressobj(wbits=31)
        async for chunk in self._stream:
            for part in _unpacked(unpacking, chunk) if self._packed else [chunk]:
                size += len(part)
                if size > self._most:
                    told = f"{self._most / 2**20:,.0f} MiB"
                    raise Failure(f"its answer is longer than {told}", passing=False)
                yield part

    async def aclose(self) -> None:
        await self._stream.aclose()


def _unpacked(unpacking: Any, chunk: bytes) -> Iterator[bytes]:
    try:
        while chunk and not unpacking.eof:
            yield unpacking.decompress(chunk, _PART)
            chunk = unpacking.unconsumed_tail
    except zlib.error as error:
        raise Failure(f"its answer is not gzip, as it says ({error})", passing=True) from None
