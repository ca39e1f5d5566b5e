"""The configuration of explainers that ask language models: names, keys, budgets."""

import re
import urllib.parse
import urllib.request
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from .problem import near_match, sentence, shown

# What variables are called, and keys are not: words in capitals, a short one or many.
_NAME = re.compile(r"[A-Z][A-Z0-9]{0,15}(_[A-Z0-9]{1,15}){0,9}")
# Of a reply with the levels of a passage: so many lines of so many tokens each, at most.
LEVELS_TOKENS = 32 * 8


def problems(
    key: str,
    explainer: Mapping[str, Any],
    config: Mapping[str, Any],
) -> Iterator[str]:
    """What cannot work in an entry of kind llm, and in the endpoints that it names."""
    yield from undefined(key, explainer, config["endpoints"], ("endpoint", "judge"))
    yield from cut_off(key, explainer, config["endpoints"])
    yield from _hypothesis(key, explainer, config["explainers"])
    yield from _exemplars(key, explainer, config["events"])


def hybrid_problems(
    key: str, explainer: Mapping[str, Any], config: Mapping[str, Any]
) -> Iterator[str]:
    """What cannot work in an entry of kind hybrid, and in the endpoint that it names."""
    yield from undefined(key, explainer, config["endpoints"], ("endpoint",))
    yield from not_batched(key, explainer, config["endpoints"], "endpoint")
    yield from _exemplars(key, explainer, config["events"])


def not_batched(
    key: str, explainer: Mapping[str, Any], endpoints: Mapping[str, Any], role: str
) -> Iterator[str]:
    """The endpoint of a role is not asked in batches, which the entry's kind cannot be."""
    name = explainer[role]
    if name in endpoints and endpoints[name]["batch"]:
        problem = f"{shown(name)} is asked in batches, which this kind is not"
        yield sentence(f"{key}.{role}", problem, "an endpoint without batch: true")


def cut_off(key: str, explainer: Mapping[str, Any], endpoints: Mapping[str, Any]) -> Iterator[str]:
    """Replies of the judge have room for the levels of a passage, where it is asked for them."""
    judge = explainer["judge"]
    if explainer["simulation"] and judge in endpoints:
        room = endpoints[judge]["max_tokens"]
        if room < LEVELS_TOKENS:
            problem = f"true, but a reply of the judge {shown(judge)} ends after {room} tokens"
            allowed = f"false, or endpoints.{judge}.max_tokens of {LEVELS_TOKENS} or more"
            yield sentence(f"{key}.simulation", problem, allowed)


def undefined(
    key: str, explainer: Mapping[str, Any], endpoints: Mapping[str, Any], roles: Iterable[str]
) -> Iterator[str]:
    """What cannot work in the endpoints that an entry names for some roles."""
    for role in roles:
        name = explainer[role]
        if name in endpoints:
            yield from _endpoint(f"endpoints.{name}", endpoints[name])
        else:
            problem = f"{shown(name)} is not defined{near_match(name, endpoints)}"
            names = (
                f"the names under endpoints, {', '.join(endpoints) or 'of which there are none'}"
            )
            yield sentence(f"{key}.{role}", problem, names)


def missing(
    explainer: Mapping[str, Any], config: Mapping[str, Any], environment: Mapping[str, str]
) -> Iterator[str]:
    """What the environment lacks for the endpoints of an entry to be asked."""
    names = (explainer[role] for role in ("endpoint", "judge") if role in explainer)
    for name in dict.fromkeys(names):
        yield from _environment(f"endpoints.{name}", config["endpoints"][name], environment)


def _endpoint(key: str, endpoint: Mapping[str, Any]) -> Iterator[str]:
    """Its address is one, and prices are whole."""
    if flaw := _flaw_of(endpoint["base_url"]):
        allowed = "an address such as http://localhost:8000/v1"
        yield sentence(f"{key}.base_url", flaw, allowed)
    for price, other in (("input_price", "output_price"), ("output_price", "input_price")):
        if endpoint[price] is None:
            reasons = [name for name in (other, "max_dollars") if endpoint[name] is not None]
            if reasons:
                problem = f"null, but {reasons[0]} is set"
                yield sentence(f"{key}.{price}", problem, "dollars per million tokens")


def _flaw_of(url: str) -> str | None:
    """What is wrong with the host or the port of an address."""
    try:
        parts = urllib.parse.urlsplit(url)
        if not parts.hostname or parts.port == 0:
            return "the host or the port is missing"
        parts.hostname.encode("idna")
    except (ValueError, UnicodeError) as error:
        return f"no address ({error})"
    return None


def _environment(
    key: str, endpoint: Mapping[str, Any], environment: Mapping[str, str]
) -> Iterator[str]:
    """The variable with the key is set, and that with the proxy, if there is one, names one."""
    variable = endpoint["api_key_env"]
    if variable and not environment.get(variable, "").strip():
        # Who puts the key itself here shall not read it in a log.
        name = shown(variable) if _NAME.fullmatch(variable) else "of this name, not repeated,"
        problem = f"the environment variable {name} is not set"
        yield sentence(f"{key}.api_key_env", problem, "the name of a variable that holds the key")
    for name in _proxies(urllib.parse.urlsplit(endpoint["base_url"]), environment):
        proxy = environment[name] if "://" in environment[name] else f"http://{environment[name]}"
        known = proxy.partition("://")[0].lower() in ("http", "https")
        if not known or _flaw_of(proxy):
            problem = f"it would be reached through the environment variable {name}, no proxy"
            allowed = f"{name} such as http://proxy:3128, or the host of base_url in NO_PROXY"
            yield sentence(f"{key}.base_url", problem, allowed)


def _proxies(url: urllib.parse.SplitResult, environment: Mapping[str, str]) -> Iterator[str]:
    """The variables that hold a proxy for an address, unless NO_PROXY says that there is none."""
    exempt = environment.get("no_proxy", environment.get("NO_PROXY", ""))
    bypass = urllib.request.proxy_bypass_environment  # type: ignore[attr-defined] # not in stubs
    if bypass(url.netloc, {"no": exempt}):
        return
    for name in (f"{url.scheme}_proxy", "all_proxy"):
        found = [n for n in (name, name.upper()) if environment.get(n)]
        if found:
            yield found[0]
            return


def _exemplars(key: str, explainer: Mapping[str, Any], events: Mapping[str, Any]) -> Iterator[str]:
    most = events["top"] + events["quantiles"] * events["per_quantile"]
    if explainer["exemplars"] > most:
        allowed = f"at most {most}, events.top + events.quantiles * events.per_quantile"
        yield sentence(f"{key}.exemplars", f"{explainer['exemplars']} is too large", allowed)


def _hypothesis(
    key: str, explainer: Mapping[str, Any], explainers: Mapping[str, Any]
) -> Iterator[str]:
    name = explainer["hypothesis"]
    symbolic = [other for other, entry in explainers.items() if entry["kind"] == "symbolic"]
    if name is not None and name not in symbolic:
        problem = f"{shown(name)} is no symbolic explainer{near_match(name, symbolic)}"
        yield sentence(f"{key}.hypothesis", problem, ", ".join(["null", *symbolic]))
