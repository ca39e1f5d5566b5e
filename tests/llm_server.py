"""An OpenAI-compatible server for tests and benchmarks, which behaves well or badly on command."""

import itertools
import json
import random
import threading
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any, Self
from urllib.parse import parse_qsl, urlsplit

from batch_api import BatchApi, Body, Fate


@dataclass(frozen=True)
class Behaviour:
    """How a request is answered: by a chat completion, unless status or body say otherwise."""

    text: str | None = ""
    finish: str = "stop"
    refusal: str | None = None
    first_tokens: Mapping[str, float | None] | None = None  # sent where they are asked for
    tokens: Sequence[Mapping[str, float]] = ()  # likewise of every token, the one said first
    usage: tuple[int, int] | None = (10, 5)  # tokens of the prompt and of the reply
    message: Mapping[str, Any] = field(default_factory=dict)  # further keys beside the text
    status: int = 200  # any other: an error whose message is `text`
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes | None = None  # sent instead of a completion or an error
    pieces: Iterable[bytes] | None = None  # sent likewise, one by one, and no length before them
    content_type: str = "application/json"
    delay: float = 0.0  # seconds before the answer
    cut: bool = False  # half of the body, then the connection is closed
    drop: bool = False  # the connection is closed without an answer


Brain = Callable[[Body], str | Behaviour]

FAILURES = (
    Behaviour("slow down", status=429, headers={"Retry-After": "0"}),
    Behaviour("it broke", status=500),
    Behaviour("overloaded", status=503),
    Behaviour(cut=True),
    Behaviour(drop=True),
)


def in_turn(*answers: str | Behaviour) -> Brain:
    """A brain that gives these answers one after another, and then the last one for ever."""
    turns = itertools.chain(answers, itertools.repeat(answers[-1]))
    return lambda body: next(turns)


@dataclass(frozen=True)
class Received:
    """A request."""

    path: str
    headers: Mapping[str, str]  # names in lower case
    body: Body


class LlmServer:
    """Serves `POST {base_url}/chat/completions` while its `with` block lasts, and batches.

    Each answer takes `latency` seconds; a share of the requests, `failures`, is answered by
    one of FAILURES instead, drawn in the order of arrival from the seed. `batches` holds what
    came in batches, of which `fate` decides. The answers to calls in `dropped`, such as
    `POST batches`, are not sent, once each.
    """

    def __init__(
        self,
        brain: Brain,
        *,
        latency: float = 0.0,
        failures: float = 0.0,
        seed: int = 0,
        fate: Callable[[int], Fate] = lambda requests: Fate(),
    ):
        self.requests: list[Received] = []
        self.batches = BatchApi(fate, self._answer_of_batch)
        self.batch_calls: list[Received] = []
        self.dropped: set[str] = set()
        self.most_at_once = 0
        self.sent = 0  # bytes of pieces
        self._brain = brain
        self._latency = latency
        self._failures = failures
        self._random = random.Random(seed)
        self._lock = threading.Lock()
        self._at_once = 0
        self._closing = threading.Event()
        self._http = _Http(self)
        self._thread = threading.Thread(target=self._http.serve_forever, args=(0.05,), daemon=True)

    @property
    def base_url(self) -> str:
        return f"http://127.0.0.1:{self._http.server_address[1]}/v1"

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._closing.set()
        self._http.shutdown()
        self._http.server_close()

    def answer(self, received: Received) -> Behaviour:
        """What to do with the request, after the time that it takes."""
        with self._lock:
            self.requests.append(received)
            self._at_once += 1
            self.most_at_once = max(self.most_at_once, self._at_once)
            fails = self._random.random() < self._failures
            answer = self._random.choice(FAILURES) if fails else self._brain(received.body)
        behaviour = Behaviour(answer) if isinstance(answer, str) else answer
        self._closing.wait(self._latency + behaviour.delay)
        with self._lock:
            self._at_once -= 1
        return behaviour

    def batch_call(
        self, received: Received, content_type: str, payload: bytes
    ) -> Body | bytes | None:
        """What is answered to a call about batches; None if there is no such thing."""
        method, _, address = received.path.partition(" ")
        url = urlsplit(address)
        path = url.path.removeprefix("/v1/")
        with self._lock:
            self.batch_calls.append(received)
            if method == "POST":
                return self.batches.post(path, content_type, payload)
            return self.batches.get(path, dict(parse_qsl(url.query)))

    def _answer_of_batch(self, body: Body) -> tuple[int, Body] | None:
        answer = self._brain(body)
        behaviour = Behaviour(answer) if isinstance(answer, str) else answer
        if behaviour.drop:
            return None
        if behaviour.body is not None:
            return behaviour.status, {"odd": behaviour.body.decode()}
        good = behaviour.status == 200
        return behaviour.status, _completion(body, behaviour) if good else _error(behaviour)


class _Http(ThreadingHTTPServer):
    request_queue_size = 256
    daemon_threads = True
    block_on_close = False

    def __init__(self, owner: LlmServer):
        self.owner = owner
        super().__init__(("127.0.0.1", 0), _Handler)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that hangs up is no news."""


class _Handler(BaseHTTPRequestHandler):
    server: _Http
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def do_GET(self) -> None:
        self._batch_call(b"")

    def do_POST(self) -> None:
        content = self.rfile.read(int(self.headers["Content-Length"]))
        if self.path in ("/v1/files", "/v1/batches"):
            self._batch_call(content)
            return
        body = json.loads(content)
        behaviour = self.server.owner.answer(Received(self.path, self._lower(), body))
        if self.path != "/v1/chat/completions":
            behaviour = replace(behaviour, status=404)
        if behaviour.drop:
            self.close_connection = True
            return
        if behaviour.pieces is not None:
            self._send_pieces(behaviour, behaviour.pieces)
            return
        payload = behaviour.body
        if payload is None:
            wanted = _completion(body, behaviour) if behaviour.status == 200 else _error(behaviour)
            payload = json.dumps(wanted).encode()
        self._send(behaviour, payload)

    def _batch_call(self, content: bytes) -> None:
        owner, call = self.server.owner, f"{self.command} {self.path}"
        received = Received(call, self._lower(), {})
        answer = owner.batch_call(received, self.headers.get("Content-Type", ""), content)
        if (known := call.replace("/v1/", "", 1)) in owner.dropped:
            owner.dropped.remove(known)
            self.close_connection = True
            return
        behaviour = Behaviour("there is none", status=404) if answer is None else Behaviour()
        if answer is None:
            answer = _error(behaviour)
        self._send(behaviour, answer if isinstance(answer, bytes) else json.dumps(answer).encode())

    def _lower(self) -> dict[str, str]:
        return {name.lower(): value for name, value in self.headers.items()}

    def _send(self, behaviour: Behaviour, payload: bytes) -> None:
        lines = {
            "Content-Type": behaviour.content_type,
            "Content-Length": str(len(payload)),
            **behaviour.headers,
        }
        head = f"HTTP/1.1 {behaviour.status} -\r\n"
        head += "".join(f"{name}: {value}\r\n" for name, value in lines.items())
        if behaviour.cut:
            payload = payload[: len(payload) // 2]
            self.close_connection = True
        self.wfile.write(head.encode() + b"\r\n" + payload)

    def _send_pieces(self, behaviour: Behaviour, pieces: Iterable[bytes]) -> None:
        """The end of what is sent is the end of the connection, as in HTTP/1.0."""
        self.close_connection = True
        lines = {"Content-Type": behaviour.content_type, "Connection": "close", **behaviour.headers}
        head = f"HTTP/1.0 {behaviour.status} -\r\n"
        head += "".join(f"{name}: {value}\r\n" for name, value in lines.items())
        self.wfile.write(head.encode() + b"\r\n")
        for piece in pieces:
            self.wfile.write(piece)
            self.server.owner.sent += len(piece)

    def log_message(self, format: str, *args: Any) -> None:
        """Standard error is the tests'."""


def _completion(body: Body, behaviour: Behaviour) -> Body:
    logprobs = None
    tokens = behaviour.tokens or [behaviour.first_tokens or {}]
    if any(tokens) and body.get("logprobs"):
        told = [[{"token": t, "logprob": p} for t, p in token.items()] for token in tokens]
        logprobs = {"content": [{**token[0], "top_logprobs": token} for token in told]}
    choice = {
        "index": 0,
        "message": {
            "role": "assistant",
            "content": behaviour.text,
            "refusal": behaviour.refusal,
            **behaviour.message,
        },
        "finish_reason": behaviour.finish,
        "logprobs": logprobs,
    }
    completion: Body = {
        "id": "chatcmpl-0",
        "object": "chat.completion",
        "created": 0,
        "model": body["model"],
        "choices": [choice],
    }
    if behaviour.usage is not None:
        prompt, reply = behaviour.usage
        completion["usage"] = {
            "prompt_tokens": prompt,
            "completion_tokens": reply,
            "total_tokens": prompt + reply,
        }
    return completion


def _error(behaviour: Behaviour) -> Body:
    return {"error": {"message": behaviour.text, "type": "error", "param": None, "code": None}}
