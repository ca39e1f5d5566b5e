"""A small finished atlas to rate, with hostile words, and raters that are scripts."""

import re
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from http.client import HTTPResponse
from http.cookiejar import CookieJar
from pathlib import Path
from urllib.error import HTTPError
from urllib.parse import urlencode
from urllib.request import HTTPCookieProcessor, OpenerDirector, Request, build_opener

from places import ROOT

from headatlas.rating.store import Trial
from headatlas.rating.units import Unit
from headatlas.records.atlas import VERDICTS, Circumstances, PublishedExplanation, Recipe, RunRecord
from headatlas.records.controls import CONTROLS
from headatlas.records.events import EVENTS
from headatlas.records.explanation import Explanation
from headatlas.storage import write_record, write_rows, write_text

HEADS = [(layer, head) for layer in range(2) for head in range(4)]
PIECES = [
    "<|bos|>",
    "</div><script>alert(1)</script>",
    "\n",
    " \u202e",
    "\x00",
    " word",
    " 🙂",
    "x",
]
TOKENS = 24


def explanation(layer: int, head: int) -> Explanation:
    return Explanation(
        model="toy",
        corpus="texts",
        explainer="symbolic",
        round=0,
        layer=layer,
        head=head,
        status="explained",
        reason=None,
        title=f"Title {layer}.{head} <b>\u202e",
        summary=f"Attends to <script>{layer}</script> & {head}.",
        behaviours=[],
        program=None,
        confidence=None,
        positive_texts=[],
        negative_texts=[],
    )


def published(layer: int, head: int) -> PublishedExplanation:
    """As an atlas has it: with what else is found of the head."""
    found = explanation(layer, head).model_dump()
    return PublishedExplanation(**found, writes="Nothing.", depends="Little.")


def event(layer: int, head: int, split: str, kind: str, rank: int) -> dict[str, object]:
    """A window in which every sixth token, from one that is the head's own, is active."""
    own = 1 + (4 * layer + head) % 6
    activation = [1.0 if at % 6 == own % 6 else 0.01 * (at % 5) for at in range(TOKENS)]
    return {
        "layer": layer,
        "head": head,
        "split": split,
        "kind": kind,
        "rank": rank,
        "window": rank + (100 if split == "test" else 0),
        "document": "doc",
        "context_kind": "prose",
        "query": 6 + own,
        "peak": 1.0,
        "tokens": list(range(TOKENS)),
        "pieces": [PIECES[at % len(PIECES)] for at in range(TOKENS)],
        "activation": activation,
        "keys": [key for q in range(TOKENS) for key in (max(q - 1, 0), -1 if q < 2 else q - 2)],
        "weights": [w for q in range(TOKENS) for w in (0.7, 0.2 if q > 1 else 0.0)],
        "value_norm": [1.0] * TOKENS,
    }


def write_atlas(run: Path) -> Path:
    """The parts of a finished atlas that are rated, in a run's folder; its path."""
    folder = run / "atlas/minilm"
    record = RunRecord(
        headatlas="0",
        model="toy",
        corpus="texts",
        explainer="symbolic",
        clustering="minilm",
        round=0,
        weights_sha256="",
        tokenizer_sha256="",
        windows={},
        recipe=Recipe(configuration={}, code={}, templates="", corpus=None),
        circumstances=Circumstances(python="", platform="", packages={}, git_commit=None),
    )
    write_record(folder / "run.json", record)
    records = [published(*at).model_dump_json() for at in HEADS]
    write_text(folder / "explanations.jsonl", "\n".join(records))
    named = {"model": "toy", "corpus": "texts", "explainer": "symbolic", "round": 0}
    verdicts = [
        {**named, "layer": layer, "head": head, "status": "explained", "decided_by": []}
        for layer, head in HEADS
    ]
    write_rows(folder / "verdicts.parquet", verdicts, VERDICTS)
    kinds = [("train", "top", 6), ("train", "quantile", 4), ("test", "random", 4)]
    events = [
        event(*at, split, kind, rank)
        for at in HEADS
        for split, kind, count in kinds
        for rank in range(count)
    ]
    write_rows(folder / "raw_events.parquet", events, EVENTS)
    write_rows(run / "round0/controls.parquet", list(_controls()), CONTROLS)
    return folder


def _controls() -> Iterator[dict[str, object]]:
    """Each head's control is the next; the one after it, of the other layer, is least alike."""
    for n, (layer, head) in enumerate(HEADS):
        for rank, step in enumerate((1, 3)):
            other = HEADS[(n + step) % len(HEADS)]
            yield {
                "layer": layer,
                "head": head,
                "relation": "model",
                "rank": rank,
                "other_layer": other[0],
                "other_head": other[1],
                "similarity": (0.5, 0.01 * n)[rank],
            }


@contextmanager
def server(atlas: Path, ratings: Path, *flags: str) -> Iterator[tuple[str, subprocess.Popen]]:
    """The real server on a free port: its address, and its process."""
    command = [sys.executable, ROOT / "scripts/rate.py", "--atlas", atlas, "--ratings", ratings]
    process = subprocess.Popen(
        [*map(str, command), "--port", "0", *flags], stdout=subprocess.PIPE, text=True
    )
    try:
        assert process.stdout is not None
        line = process.stdout.readline()
        found = re.search(r"http://\S+", line)
        assert found, line
        yield found[0], process
    finally:
        process.kill()
        process.communicate()


class Browser:
    """Sends what a browser would: cookies, the origin, forms with their token."""

    def __init__(self, address: str):
        self.address = address.rstrip("/")
        self._open: OpenerDirector = build_opener(HTTPCookieProcessor(CookieJar()))
        self.page, self.url = "", ""

    def get(self, path: str) -> str:
        return self._read(Request(self.address + path))

    def send(self, path: str, fields: Sequence[tuple[str, object]], **headers: str) -> str:
        """A form with the token of the page that was read last."""
        token = re.search(r'name="token" value="(\w+)"', self.page)
        given = [("token", token[1] if token else ""), *fields]
        content = urlencode(given).encode()
        return self._read(Request(self.address + path, content, {"Origin": self.address} | headers))

    def _read(self, request: Request) -> str:
        with self._open.open(request) as response:
            assert isinstance(response, HTTPResponse)
            self.page, self.url = response.read().decode(), response.url
        return self.page


def status(call: Callable[[], object]) -> tuple[int, str]:
    """Status and text of a refusal."""
    try:
        call()
    except HTTPError as error:
        return error.code, error.read().decode()
    return 200, ""


Judge = Callable[[Unit, Trial], tuple[int, list[tuple[int, int]], str]]


def rate_all(
    address: str, name: str, units: Sequence[Unit], trials: Sequence[Trial], judge: Judge
) -> Browser:
    """A rater who answers the trials as `judge` says: rating, marks and own words."""
    browser = Browser(address)
    browser.get("/")
    if "again" in browser.send("/enter", [("name", name)]):
        browser.send("/enter", [("name", name), ("again", "yes")])
    for trial in trials:
        rating, marks, own = judge(units[trial.number], trial)
        browser.get(f"/trial/{trial.place}")
        assert browser.url.endswith(f"/trial/{trial.place}")
        browser.send(
            f"/trial/{trial.place}/marks", [("mark", f"{window}.{at}") for window, at in marks]
        )
        browser.send(f"/trial/{trial.place}/rating", [("rating", rating), ("own", own)])
    return browser
