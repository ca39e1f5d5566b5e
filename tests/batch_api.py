"""OpenAI's Batch API for the server of the tests: files of requests, answered all together."""

import email.parser
import email.policy
import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

Body = dict[str, Any]  # of a request or an answer, from its JSON
# Status and body of the answer to a request; None: the request is lost.
Answerer = Callable[[Body], tuple[int, Body] | None]


@dataclass(frozen=True)
class Fate:
    """What becomes of a batch."""

    status: str = "completed"
    answered: int | None = None  # so many requests, the first; None: all
    looks: int = 1  # at the batch, at which it is still in progress
    errors: tuple[Body, ...] = ()  # where its status is failed
    rubbish: bytes = b""  # in its output, before the answers


class BatchApi:
    """Files and batches; `fate` says what becomes of a batch of so many requests."""

    def __init__(self, fate: Callable[[int], Fate], answerer: Answerer):
        self._fate, self._answerer = fate, answerer
        self.files: dict[str, bytes] = {}
        self.uploads: dict[str, Body] = {}  # what is told of the files that came
        self.batches: dict[str, Body] = {}
        self.answered: list[Body] = []  # requests that were answered, and are to be paid for
        self._looks: dict[str, int] = {}  # that are left
        self._ends: dict[str, Body] = {}

    def post(self, path: str, content_type: str, payload: bytes) -> Body | None:
        """What is made of `POST /v1/{path}`; None if there is no such thing."""
        if path == "files":
            return self._upload(content_type, payload)
        body = json.loads(payload)
        return self._create(body) if body["input_file_id"] in self.files else None

    def hurry(self) -> None:
        """Let all batches end at the next look."""
        self._looks = dict.fromkeys(self._looks, 0)

    def get(self, path: str, query: dict[str, str]) -> Body | bytes | None:
        """Likewise of `GET /v1/{path}`."""
        match path.split("/"):
            case ["files", file, "content"]:
                return self.files.get(file)
            case ["batches"]:
                return self._page(query.get("after"), int(query["limit"]))
            case ["batches", name] if name in self.batches:
                return self._look(name)
        return None

    def _upload(self, content_type: str, payload: bytes) -> Body:
        parser = email.parser.BytesParser(policy=email.policy.HTTP)
        form = parser.parsebytes(f"Content-Type: {content_type}\r\n\r\n".encode() + payload)
        parts = {part.get_param("name", header="content-disposition"): part for part in form.walk()}
        assert parts["purpose"].get_content().strip() == "batch"
        content = parts["file"].get_payload(decode=True)
        assert isinstance(content, bytes)
        name = f"file-in{len(self.files)}"
        self.files[name] = content
        about = {"object": "file", "filename": "batch.jsonl", "purpose": "batch"}
        about |= {"id": name, "bytes": len(content), "created_at": 0, "status": "processed"}
        self.uploads[name] = about
        return about

    def _create(self, body: Body) -> Body:
        assert body["completion_window"] == "24h" and body["endpoint"] == "/v1/chat/completions"
        requests = [json.loads(line) for line in self.files[body["input_file_id"]].splitlines()]
        assert len({request["custom_id"] for request in requests}) == len(requests)
        fate, name = self._fate(len(requests)), f"batch_{len(self.batches)}"
        counts = {"total": len(requests), "completed": 0, "failed": 0}
        batch = {
            **body,
            "id": name,
            "object": "batch",
            "created_at": 0,
            "status": "validating",
            "output_file_id": None,
            "error_file_id": None,
            "errors": None,
            "request_counts": counts,
        }
        self.batches[name], self._looks[name] = batch, fate.looks
        self._ends[name] = {"status": fate.status}
        if fate.status == "failed":
            self._ends[name]["errors"] = {"object": "list", "data": list(fate.errors)}
        else:
            self._ends[name] |= self._run(name, fate, requests)
        return batch

    def _run(self, name: str, fate: Fate, requests: list[Body]) -> Body:
        """The files of a batch that has run; those that came to nothing are in the second."""
        output, errors = fate.rubbish, b""
        for number, request in enumerate(requests):
            assert (request["method"], request["url"]) == ("POST", "/v1/chat/completions")
            line = {"id": f"req_{number}", "custom_id": request["custom_id"], "error": None}
            if fate.answered is not None and number >= fate.answered:
                error = {"code": f"batch_{fate.status}", "message": "it was not executed"}
                errors += json.dumps(line | {"response": None, "error": error}).encode() + b"\n"
            elif answer := self._answerer(request["body"]):
                response = {"status_code": answer[0], "request_id": "r", "body": answer[1]}
                told = json.dumps(line | {"response": response}).encode() + b"\n"
                if answer[0] == 200:
                    output += told
                    self.answered.append(request["body"])
                else:
                    errors += told
        files: Body = {}
        for key, content in (("output_file_id", output), ("error_file_id", errors)):
            if content:
                files[key] = f"file-{name}-{key}"
                self.files[files[key]] = content
        return files

    def _look(self, name: str) -> Body:
        if self._looks[name] > 0:
            self._looks[name] -= 1
            self.batches[name]["status"] = "in_progress"
        else:
            self.batches[name] |= self._ends[name]
        return self.batches[name]

    def _page(self, after: str | None, limit: int) -> Body:
        """Part of the list of all batches, the last first."""
        names = list(self.batches)[::-1]
        start = names.index(after) + 1 if after else 0
        page = [self.batches[name] for name in names[start : start + limit]]
        return {"object": "list", "data": page, "has_more": start + limit < len(names)}
