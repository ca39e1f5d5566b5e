"""Weights that vary, in words."""

from headatlas.explainers.logit.features import KINDS
from headatlas.explainers.logit.grid import N_BINS
from headatlas.explainers.logit.model import Behaviour
from headatlas.explainers.logit.wording import varies
from headatlas.explainers.symbolic.language import EVERYTHING, parse_source, parse_trigger

ANY = parse_trigger("any")


def test_listed_tokens_come_strongest_first() -> None:
    source = parse_source("tokens(3, 9, 4, 5)")
    listed = Behaviour(source, ANY, 1.0, "token", (1.0, 2.0, -1.0, 0.1))
    pieces = {3: " the", 9: " a", 4: " of"}
    assert varies(listed, pieces) == "more to “ a”, “ the”; less to “ of”"
    assert varies(listed, {}) == "more to token 9, token 3; less to token 4"


def test_kinds_and_distances_are_held_against_the_mean() -> None:
    liked = tuple({"digit": 4.0, "newline": 1.0}.get(kind, 2.0) for kind in KINDS)
    keys = Behaviour(EVERYTHING, ANY, 2.0, "key_kind", liked)
    assert varies(keys, {}) == "more to numbers; less to line breaks"
    at = Behaviour(parse_source("previous_token"), ANY, 2.0, "query_kind", liked)
    assert varies(at, {}) == "more at numbers; less at line breaks"
    near = Behaviour(EVERYTHING, ANY, 0.0, "distance", (0.0, 1.0, *(0.0,) * (N_BINS - 3), -1.0))
    assert varies(near, {}) == "more at distance 1; less at distance 513-"


def test_a_weight_that_hardly_varies() -> None:
    source = parse_source("tokens(3)")
    assert varies(Behaviour(source, ANY, 0.1, "token", (0.1,)), {}) == "much the same for each"
    assert varies(Behaviour(source, ANY, 3.0), {}) == ""
