"""The real server: what it refuses, what it escapes, and that a kill loses nothing."""

import html
import re
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from urllib.request import Request, urlopen

import pytest
from markupsafe import escape
from places import ROOT
from rating_factory import Browser, server, status, write_atlas

from headatlas.rating.store import open_store

HOSTILE = "\"><script>alert(1)</script> {{ 7 * 7 }} '; drop table--"


@pytest.fixture(scope="module")
def atlas(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_atlas(tmp_path_factory.mktemp("run"))


@pytest.fixture(scope="module")
def ratings(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("ratings") / "deep/r.sqlite"


@pytest.fixture(scope="module")
def address(atlas: Path, ratings: Path) -> Iterator[str]:
    with server(atlas, ratings, "--heads", "4") as (found, _):
        yield found


def entered(address: str, name: str) -> Browser:
    browser = Browser(address)
    browser.get("/")
    if "has been here" in browser.send("/enter", [("name", name)]):
        browser.send("/enter", [("name", name), ("again", "yes")])
    return browser


def test_hostile_names_tokens_and_explanations_are_text(address: str, ratings: Path) -> None:
    browser = entered(address, HOSTILE)
    browser.get("/")
    assert f"You are <b><bdi>{escape(HOSTILE)}</bdi></b>" in browser.page
    assert "<script>alert" not in browser.page
    browser.get("/trial/0")
    assert "<script>alert" not in browser.page and "<b>U+202E" not in browser.page
    assert "\u202e" not in browser.page and "\x00" not in browser.page
    assert "&lt;script&gt;alert(1)" in browser.page and "U+202E" in browser.page
    assert HOSTILE in open_store(ratings).names().values()


def test_a_page_says_neither_head_nor_source(address: str) -> None:
    browser = entered(address, "Source")
    for path in ("/trial/0", "/trial/0?marks"):
        browser.send("/trial/0/marks", [("unsure", "1")])
        words = re.sub(r'name="token" value="\w+"', "", browser.get(path))
        assert not re.search(r"L\d\dH\d\d|symbolic|control|catch|repeat", words)


def test_a_name_that_is_known_is_asked_about(address: str) -> None:
    first = entered(address, "  Zoë   K ")
    assert first.url.endswith("/trial/0")
    second = Browser(address)
    second.get("/")
    assert "has been here: 0 of" in second.send("/enter", [("name", "Zoe\u0308 K")])
    second.send("/enter", [("name", "Zoë K"), ("again", "yes")])
    assert second.url.endswith("/trial/0")


@pytest.mark.parametrize(
    ("headers", "code"),
    [
        ({"Origin": "http://evil.example"}, 403),
        ({"Origin": "null"}, 403),
        ({"Host": "evil.example"}, 421),
        ({"Host": "127.0.0.1.evil.example"}, 421),
        ({"Content-Type": "application/json"}, 415),
        ({"Cookie": "headatlas-rater=other"}, 403),
    ],
)
def test_requests_of_other_sites_are_refused(
    address: str, ratings: Path, headers: dict[str, str], code: int
) -> None:
    browser = entered(address, "Guarded")
    found, _ = status(lambda: browser.send("/trial/0/marks", [], **headers))
    assert found == code
    store = open_store(ratings)
    rater = store.rater_named("Guarded")
    assert rater is not None and not store.trials(rater)[0].sent


def test_a_form_without_an_origin_or_token_is_refused(address: str) -> None:
    browser = entered(address, "No token")
    browser.page = ""
    code, page = status(lambda: browser.send("/trial/0/marks", []))
    assert code == 403 and "another session" in page
    bare = Request(f"{address}enter", b"name=x", method="POST")
    assert status(lambda: urlopen(bare))[0] == 403


def test_a_form_of_another_session_is_refused(address: str) -> None:
    one, other = entered(address, "One"), entered(address, "Other")
    other.page = one.page
    assert status(lambda: other.send("/trial/0/marks", []))[0] == 403


@pytest.mark.parametrize(
    ("path", "fields", "code", "sentence"),
    [
        ("/enter", [("name", " ")], 422, "A name has 1 to 60 visible characters."),
        ("/enter", [("name", "x" * 61)], 422, "A name has 1 to 60"),
        ("/enter", [("name", "a\u202eb")], 422, "A name has 1 to 60"),
        ("/enter", [("name", "a"), ("name", "b")], 422, "the field name once"),
        ("/trial/0/rating", [("rating", "6")], 422, "a number from 1 to 5"),
        ("/trial/0/rating", [], 422, "a number from 1 to 5"),
        ("/trial/0/rating", [("rating", "٣")], 422, "a number from 1 to 5"),
        ("/trial/0/rating", [("rating", "3"), ("own", "x" * 2001)], 422, "at most 2000"),
        ("/trial/0/marks", [("mark", "1.1")], 422, "not shown"),
        ("/trial/0/marks", [("mark", "100.0")], 422, "not shown"),
        ("/trial/5/rating", [("rating", "3")], 409, "before this one"),
        ("/trial/999/rating", [("rating", "3")], 404, "no such page"),
        ("/trial/0/marks", [("mark", "x" * 70_000)], 413, ""),
        ("/trial/0/marks", [("mark", "1")] * 2001, 400, "cannot be read"),
        ("/nothing", [], 404, "no such page"),
    ],
)
def test_what_no_page_sends_is_refused_in_a_sentence(
    address: str, path: str, fields: list[tuple[str, str]], code: int, sentence: str
) -> None:
    browser = entered(address, f"Odd {path}")
    found, page = status(lambda: browser.send(path, fields))
    assert found == code and sentence in html.unescape(page)


def test_malformed_bodies_are_refused(address: str) -> None:
    browser = entered(address, "Malformed")
    for body in (b"\xff\xfe", b"%ff=%fe", b"a;b", b"token"):
        request = Request(f"{address}trial/0/marks", body, {"Origin": browser.address})
        assert status(lambda r=request: urlopen(r))[0] == 400
    host, port = browser.address.removeprefix("http://").split(":")
    with socket.create_connection((host, int(port))) as line:
        line.sendall(b"\x00nonsense\r\n\r\n")
        assert b" 400 " in line.recv(1000)


def test_pages_keep_to_themselves(address: str) -> None:
    with urlopen(address) as response:
        headers = response.headers
    assert headers["Content-Security-Policy"].startswith("default-src 'none'; style-src 'self'")
    assert "frame-ancestors 'none'" in headers["Content-Security-Policy"]
    assert "HttpOnly" in headers["Set-Cookie"] and "SameSite=strict" in headers["Set-Cookie"]
    assert headers["Cache-Control"] == "no-store"


@pytest.mark.slow
def test_a_kill_in_the_middle_loses_nothing(atlas: Path, tmp_path: Path) -> None:
    ratings = tmp_path / "r.sqlite"
    with server(atlas, ratings, "--heads", "4") as (address, process):
        ann, bob = entered(address, "Ann"), entered(address, "Bob")
        for browser, rating in ((ann, 5), (bob, 2)):
            browser.send("/trial/0/marks", [("unsure", "1")])
            browser.send("/trial/0/rating", [("rating", rating), ("own", "mine")])
        ann.send("/trial/1/marks", [])
        port = address.rstrip("/").rpartition(":")[2]
        process.kill()
        process.wait()
    # The same port, so that the pages of before can be sent: the key is in the file.
    with server(atlas, ratings, "--heads", "4", "--port", port):
        ann.send("/trial/1/rating", [("rating", 4), ("own", "")])
        assert ann.url.endswith("/trial/2")
        bob.get("/next")
        assert bob.url.endswith("/trial/1")
    store = open_store(ratings)
    assert [t.rating for t in store.trials(1)][:3] == [5, 4, None]
    assert [t.rating for t in store.trials(2)][:2] == [2, None]
    assert store.trials(2)[0].own == "mine"


def test_to_send_twice_keeps_one_answer_and_to_go_back_changes_it(
    address: str, ratings: Path
) -> None:
    browser = entered(address, "Twice")
    browser.send("/trial/0/marks", [])
    page = browser.page
    for rating in (1, 1, 3):
        browser.page = page
        browser.send("/trial/0/rating", [("rating", rating), ("own", "")])
    assert 'value="3" required checked' in browser.get("/trial/0")
    store = open_store(ratings)
    rater = store.rater_named("Twice")
    assert rater is not None and [t.rating for t in store.trials(rater)][:2] == [3, None]


def test_what_is_ahead_waits(address: str) -> None:
    browser = entered(address, "Ahead")
    browser.get("/trial/4")
    assert browser.url.endswith("/trial/0")
    assert "0 of" in browser.get("/done")
    stranger = Browser(address)
    stranger.get("/trial/0")
    assert stranger.url.rstrip("/") == stranger.address


@pytest.mark.parametrize(
    ("flags", "sentence"),
    [
        (["--heads", "1"], "'1' is not allowed; allowed: a whole number, at least 2"),
        (["--port", "99999"], "'99999' is not allowed; allowed: 0 to 65535"),
        (["--atlas", "nowhere"], "nowhere: no finished atlas"),
    ],
)
def test_bad_flags_are_refused_in_a_sentence(
    atlas: Path, tmp_path: Path, flags: list[str], sentence: str
) -> None:
    command = [sys.executable, ROOT / "scripts/rate.py", "--atlas", atlas, *flags]
    found = subprocess.run(
        [*map(str, command)], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert found.returncode and sentence in found.stderr and "Traceback" not in found.stderr


def test_an_interrupt_ends_it_without_a_word(atlas: Path, tmp_path: Path) -> None:
    with server(atlas, tmp_path / "r.sqlite") as (address, process):
        entered(address, "Ann")
        process.send_signal(signal.SIGINT)
        assert process.wait(timeout=60) == 0
    assert [path.name for path in tmp_path.iterdir()] == ["r.sqlite"]  # all of it in one file


def test_a_taken_port_is_named(atlas: Path, address: str, tmp_path: Path) -> None:
    port = address.rstrip("/").rpartition(":")[2]
    command = [sys.executable, ROOT / "scripts/rate.py", "--atlas", atlas, "--port", port]
    found = subprocess.run(
        [*map(str, command)], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert found.returncode == 1 and f"--port {port}: cannot be used" in found.stderr
