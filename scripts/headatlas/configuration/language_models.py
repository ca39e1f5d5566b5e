"""The configuration of explainers that ask language models: names, keys, budgets."""

from collections.abc import Iterator, Mapping
from typing import Any

from .problem import near_match, sentence, shown


def problems(
    key: str,
    explainer: Mapping[str, Any],
    config: Mapping[str, Any],
    environment: Mapping[str, str],
) -> Iterator[str]:
    """What cannot work in an entry of kind llm, and in the endpoints that it names."""
    endpoints = config["endpoints"]
    for role in ("endpoint", "judge"):
        name = explainer[role]
        if name in endpoints:
            yield from _endpoint(f"endpoints.{name}", endpoints[name], environment)
        else:
            problem = f"{shown(name)} is not defined{near_match(name, endpoints)}"
            names = (
                f"the names under endpoints, {', '.join(endpoints) or 'of which there are none'}"
            )
            yield sentence(f"{key}.{role}", problem, names)
    yield from _hypothesis(key, explainer, config["explainers"])
    events = config["events"]
    most = events["top"] + events["quantiles"] * events["per_quantile"]
    if explainer["exemplars"] > most:
        allowed = f"at most {most}, events.top + events.quantiles * events.per_quantile"
        yield sentence(f"{key}.exemplars", f"{explainer['exemplars']} is too large", allowed)


def _endpoint(
    key: str, endpoint: Mapping[str, Any], environment: Mapping[str, str]
) -> Iterator[str]:
    """The key is in the environment, and a budget in dollars can be kept."""
    variable = endpoint["api_key_env"]
    if variable and not environment.get(variable):
        problem = f"the environment variable {shown(variable)} is not set"
        yield sentence(f"{key}.api_key_env", problem, "the name of a variable that holds the key")
    if endpoint["max_dollars"] is not None:
        for price in ("input_price", "output_price"):
            if endpoint[price] is None:
                problem = "null, but max_dollars is set"
                yield sentence(f"{key}.{price}", problem, "dollars per million tokens")


def _hypothesis(
    key: str, explainer: Mapping[str, Any], explainers: Mapping[str, Any]
) -> Iterator[str]:
    name = explainer["hypothesis"]
    symbolic = [other for other, entry in explainers.items() if entry["kind"] == "symbolic"]
    if name is not None and name not in symbolic:
        problem = f"{shown(name)} is no symbolic explainer{near_match(name, symbolic)}"
        yield sentence(f"{key}.hypothesis", problem, ", ".join(["null", *symbolic]))
