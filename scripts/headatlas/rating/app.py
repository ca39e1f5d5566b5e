"""The pages of raters: a name, then head after head to mark and to rate."""

import hmac
import secrets
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path

import jinja2
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import HTMLResponse, PlainTextResponse, RedirectResponse, Response
from starlette.routing import Route

from headatlas.visible import parts, visible

from . import forms
from .guard import Guard, token_of
from .store import Store, Trial

COOKIE = "headatlas-rater"
SCALE = (
    "fits none of it",
    "fits hardly any of it",
    "fits some of it",
    "fits most of it",
    "fits all of it",
)
View = Callable[[Request], Awaitable[Response]]


def application(store: Store, templates: Path) -> Starlette:
    """The server's pages. Every answer is in the store before its reply is sent."""
    pages = Pages(store, environment(templates))
    return Starlette(
        routes=[
            Route("/", pages.welcome),
            Route("/enter", pages.enter, methods=["POST"]),
            Route("/next", pages.next),
            Route("/trial/{place:int}", pages.trial),
            Route("/trial/{place:int}/marks", pages.marks, methods=["POST"]),
            Route("/trial/{place:int}/rating", pages.rating, methods=["POST"]),
            Route("/done", pages.done),
            Route("/rate.css", pages.asset("rate.css", "text/css")),
            Route("/rate.js", pages.asset("rate.js", "text/javascript")),
        ],
        middleware=[Middleware(Guard)],
        exception_handlers={HTTPException: pages.refused},
        max_body_size=forms.LARGEST_BODY,
    )


def environment(templates: Path) -> jinja2.Environment:
    """The templates of raters' pages: all escaped, an error for a missing name."""
    made = jinja2.Environment(
        loader=jinja2.FileSystemLoader([templates / "rating", templates]),
        autoescape=jinja2.select_autoescape(("html",)),
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.filters |= {"visible": visible, "parts": parts}
    return made


class Pages:
    """What is answered to each request, from the store."""

    def __init__(self, store: Store, env: jinja2.Environment):
        self.store, self.env = store, env
        self.secret = store.secret()

    async def welcome(self, request: Request) -> Response:
        """Who is there? Who has a session may go on, or be somebody else."""
        return self._welcome(request)

    async def enter(self, request: Request) -> Response:
        """A name: of a new rater, or of one who comes back, which is asked."""
        form = await self._form(request)
        name = forms.name_in(form)
        known = self.store.rater_named(name)
        if known is not None and forms.one(form, "again", "") != "yes":
            return self._welcome(request, known=name, progress=_progress(self.store.trials(known)))
        rater = self.store.join(name)
        # A session of its own for every entry: nobody else can have prepared it.
        session = secrets.token_urlsafe(32)
        self.store.open_session(session, rater)
        response = _see("/next")
        _keep(response, session)
        return response

    async def next(self, request: Request) -> Response:
        """The first trial that is not rated."""
        trials = self._trials(request)
        return _see(_path_of_next(trials))

    async def trial(self, request: Request) -> Response:
        """A trial: first the unseen windows, by the explanation alone; then the exemplars."""
        trials = self._trials(request)
        trial = _at(request, trials)
        if trial.place > _reached(trials):
            return _see(_path_of_next(trials))
        unit = self.store.unit(trial.number)
        marking = bool(unit.unseen) and (not trial.sent or "marks" in request.query_params)
        return self._page(
            _session_of(request),
            "mark.html" if marking else "rate.html",
            trial=trial,
            unit=unit,
            scale=SCALE,
            longest=forms.LONGEST_TEXT,
            **_progress(trials),
        )

    async def marks(self, request: Request) -> Response:
        form = await self._form(request)
        trial = self._answered(request)
        marked = forms.marks_in(form, self.store.unit(trial.number))
        self.store.mark(trial.rater, trial.place, marked)
        return _see(f"/trial/{trial.place}")

    async def rating(self, request: Request) -> Response:
        form = await self._form(request)
        trial = self._answered(request)
        rating, own = forms.rating_in(form), forms.own_in(form)
        self.store.rate(trial.rater, trial.place, rating, own)
        return _see("/next")

    async def done(self, request: Request) -> Response:
        trials = self._trials(request)
        return self._page(_session_of(request), "done.html", **_progress(trials))

    async def refused(self, request: Request, error: Exception) -> Response:
        """What is wrong with a request, in a sentence."""
        assert isinstance(error, HTTPException)
        sentence = "There is no such page." if error.status_code == 404 else error.detail
        page = self.env.get_template("refused.html").render(sentence=sentence)
        return HTMLResponse(page, error.status_code, error.headers)

    def asset(self, name: str, kind: str) -> View:
        text = self.env.get_template(name).render()

        async def view(request: Request) -> Response:
            return PlainTextResponse(text, media_type=kind)

        return view

    def _welcome(self, request: Request, **known: object) -> Response:
        session = _session_of(request) or secrets.token_urlsafe(32)
        rater = self.store.rater_of(session)
        response = self._page(
            session,
            "welcome.html",
            longest=forms.LONGEST_NAME,
            trials=self.store.study().plan,
            rater=self.store.names().get(rater) if rater is not None else None,
            **{"known": None, "progress": None} | known,
        )
        _keep(response, session)
        return response

    def _page(self, session: str, template: str, **values: object) -> HTMLResponse:
        """A page whose forms carry the token of the session."""
        token = token_of(self.secret, session)
        return HTMLResponse(self.env.get_template(template).render(token=token, **values))

    async def _form(self, request: Request) -> forms.Form:
        """The fields of a form that this server gave to this session. Raises HTTPException."""
        form = await forms.form_of(request)
        wanted = token_of(self.secret, _session_of(request))
        if not hmac.compare_digest(forms.one(form, "token", "").encode(), wanted.encode()):
            forms.refuse(403, "The page is of another session: go back, reload it and send again.")
        return form

    def _trials(self, request: Request) -> list[Trial]:
        rater = self.store.rater_of(_session_of(request))
        if rater is None:
            raise HTTPException(303, headers={"Location": "/"})
        return self.store.trials(rater)

    def _answered(self, request: Request) -> Trial:
        """The trial that a form answers. Raises HTTPException if its turn has not come."""
        trials = self._trials(request)
        trial = _at(request, trials)
        if trial.place > _reached(trials):
            forms.refuse(409, "The trials before this one are not rated yet.")
        return trial


def _at(request: Request, trials: Sequence[Trial]) -> Trial:
    place = request.path_params["place"]
    if place >= len(trials):
        raise HTTPException(404)
    return trials[place]


def _reached(trials: Sequence[Trial]) -> int:
    """Place of the first trial that is not rated; the number of trials if all are."""
    return next((t.place for t in trials if t.rating is None), len(trials))


def _path_of_next(trials: Sequence[Trial]) -> str:
    place = _reached(trials)
    return f"/trial/{place}" if place < len(trials) else "/done"


def _progress(trials: Sequence[Trial]) -> dict[str, int]:
    return {"rated": sum(t.rating is not None for t in trials), "total": len(trials)}


def _session_of(request: Request) -> str:
    return request.cookies.get(COOKIE, "")


def _keep(response: Response, session: str) -> None:
    response.set_cookie(COOKIE, session, httponly=True, samesite="strict", max_age=90 * 86400)


def _see(path: str) -> RedirectResponse:
    """After a form is sent: so that to reload the page sends nothing again."""
    return RedirectResponse(path, 303)
