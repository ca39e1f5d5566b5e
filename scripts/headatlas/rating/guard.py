"""What is let through: requests of this site's own pages, by a name of this machine."""

import hashlib
import hmac
from urllib.parse import urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

HOSTS = ("127.0.0.1", "localhost", "::1")
_READING = ("GET", "HEAD")
_HEADERS = {
    "Content-Security-Policy": "default-src 'none'; style-src 'self'; script-src 'self'; "
    "img-src data:; form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    # With no-referrer a browser would not say from where a form is sent.
    "Referrer-Policy": "same-origin",
    "Cache-Control": "no-store",
}


class Guard:
    """Refuses what other sites ask for, and adds the headers that keep pages to themselves.

    The port is not looked at: a tunnel may lead here from another one. A page of another site
    that makes its own name point here (DNS rebinding) is known by that name.
    """

    def __init__(self, app: ASGIApp):
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return await self.app(scope, receive, send)

        async def guarded(message: Message) -> None:
            if message["type"] == "http.response.start":
                MutableHeaders(scope=message).update(_HEADERS)
            await send(message)

        refused = _refusal(scope["method"], Headers(scope=scope))
        await (refused or self.app)(scope, receive, guarded)


def _refusal(method: str, headers: Headers) -> PlainTextResponse | None:
    host = headers.get("host", "")
    if _hostname(f"http://{host}") not in HOSTS:
        return PlainTextResponse("This server answers to localhost alone.\n", 421)
    if method in _READING:
        return None
    if headers.get("origin") != f"http://{host}":
        return PlainTextResponse("Only this site's own pages can send answers.\n", 403)
    return None


def _hostname(address: str) -> str | None:
    try:
        return urlsplit(address).hostname
    except ValueError:
        return None


def token_of(secret: str, session: str) -> str:
    """What a form of a session carries, and no other site knows."""
    return hmac.new(bytes.fromhex(secret), session.encode(), hashlib.sha256).hexdigest()
