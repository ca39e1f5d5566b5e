"""The variants of a study, as entries of the configuration with names of their own.

A variant is the configuration with other values in a few places. Every entry that differs is added
under a derived name, such as `symbolic~max_behaviours=2`, which becomes a folder as any name does:
so all rules run unchanged, what a setting does not touch is shared by its path, and a variant that
is the run itself is the run's files. No name that a user may give has a ~ in it.
"""

import hashlib
import itertools
import json
import math
import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from ..errors import InputError
from . import meaning, structure
from .problem import ConfigurationError, near_match, sentence, shown
from .queries import SECTIONS
from .samples import Head, drawn_from, mark_of, read_sample

PARTS = dict(zip(("model", "corpus", "explainer", "clustering"), SECTIONS, strict=True))
_ROLES = ("endpoint", "judge")
_LONGEST = 40  # characters of a value in a name
_MOST = 100  # variants of a study, which one command compares
_UNFIT = re.compile(r"[^A-Za-z0-9._-]+")

Entries = dict[str, dict[str, Any]]  # of a section, by name


class Variant(NamedTuple):
    """Settings that differ from the run that is studied, none of it; and the names of its run."""

    changed: dict[str, Any]
    run: tuple[str, str, str, str]


class Plan(NamedTuple):
    """The variants of a study, the run itself first, and the entries that they need.

    `drawn_from` says of how many heads of a model some are drawn, and `sample` which, once they
    are; a model of which all heads are studied is in neither.
    """

    variants: list[Variant]
    entries: dict[str, Entries]
    drawn_from: dict[str, int]
    sample: dict[str, list[Head]]


def plans(
    config: Mapping[str, Any], folder: Path, schema_path: Path, root: Path
) -> dict[str, Plan | InputError]:
    """The plan of every study of a resolved configuration, or what is wrong with it.

    In `folder` are the studies' results, the heads that were drawn for them among these. Models
    are checked here already: all commands ask which layers and heads they have.
    """
    found: dict[str, Plan | InputError] = {}
    for name in config["studies"]:
        try:
            if any(setting.startswith("model.") for setting in config["studies"][name]["vary"]):
                check(config, name, schema_path, root)
            found[name] = planned(config, name, _table(config, name, folder))
        except InputError as error:
            found[name] = error
    return found


def _table(config: Mapping[str, Any], name: str, folder: Path) -> dict[str, list[Head]]:
    """The heads of a study's table; none where all are studied, or the table is not there yet."""
    path = folder / name / "heads.csv"
    return read_sample(path) if config["studies"][name]["heads"] != "all" and path.is_file() else {}


def planned(config: Mapping[str, Any], name: str, table: Mapping[str, list[Head]]) -> Plan:
    """The plan of a study. Raises ConfigurationError where it names what is not, or varies nothing.

    `table` has the heads of each model that were drawn. A variant is run on those of its model
    alone, the run itself too, unless the study is about all heads of it.
    """
    base = base_of(config, name)
    variants: dict[tuple[str, ...], Variant] = {}
    entries: dict[str, Entries] = {}
    for changed in _combinations(config, name, base):
        variant = _variant(config, base, changed, entries)
        variants.setdefault(variant.run, variant)
    if len(variants) < 2:
        problem = f"{shown(config['studies'][name]['vary'])} is what the run has already"
        raise ConfigurationError([sentence(f"studies.{name}.vary", problem, "a value it has not")])
    models = {"models": config["models"] | entries.get("models", {})}
    of = drawn_from(models, [run[0] for run in variants], config["studies"][name]["heads"])
    sample = {model: heads for model, heads in table.items() if model in of}
    own = [_of_sample(config, variant, sample, entries) for variant in variants.values()]
    return Plan(own, entries, of, sample)


def _of_sample(
    config: Mapping[str, Any],
    variant: Variant,
    sample: Mapping[str, list[Head]],
    entries: dict[str, Entries],
) -> Variant:
    """A variant whose explainer, if there is a sample of its model, explains that and says so."""
    model, corpus, explainer, clustering = variant.run
    if model not in sample:
        return variant
    explainers = entries.setdefault("explainers", {})
    name = f"{explainer}~{mark_of(sample)}"
    explainers[name] = (config["explainers"] | explainers)[explainer]
    return variant._replace(run=(model, corpus, name, clustering))


def base_of(config: Mapping[str, Any], name: str) -> dict[str, str]:
    """Names of the parts of the run that a study varies. Raises ConfigurationError."""
    if unknown := [*_undefined(config, "studies", "studies", name)]:
        raise ConfigurationError(unknown)
    named = config["studies"][name]["of"]
    base = {part: named.get(part, config["sweep"][PARTS[part]][0]) for part in PARTS}
    problems = [
        problem
        for part, entry in base.items()
        for problem in _undefined(config, f"studies.{name}.of.{part}", PARTS[part], entry)
    ]
    if problems:
        raise ConfigurationError(problems)
    return base


def own_values(config: Mapping[str, Any], name: str) -> dict[str, Any]:
    """What the settings that a study varies are in the run itself, of those that it has."""
    base = base_of(config, name)
    own = {s: _value_of(config, base, s) for s in config["studies"][name]["vary"]}
    return {setting: value for setting, value in own.items() if value is not _NOTHING}


def check(config: Mapping[str, Any], name: str, schema_path: Path, root: Path) -> None:
    """Raise ConfigurationError if a variant of a study cannot work, a sentence for each problem."""
    base, schema = base_of(config, name), structure.read_schema(schema_path)
    found: set[str] = set()
    for changed in _combinations(config, name, base):
        parts = _with_parts(base, changed)
        for role in [r for r in _ROLES if any(s.startswith(f"{r}.") for s in changed)] or [""]:
            own = _without_other_roles(changed, role)
            as_if = _as_if(config, base, own)
            keys = [setting for setting in own if "." in setting]
            places = {".".join(_place(as_if, parts, setting)): setting for setting in keys}
            wrong = [*structure.problems(as_if, schema)] or meaning.problems(as_if, root)
            found |= {_renamed(problem, name, places) for problem in wrong}
    if found:
        raise ConfigurationError(found)


def _combinations(
    config: Mapping[str, Any], name: str, base: Mapping[str, str]
) -> Iterator[dict[str, Any]]:
    """What each variant changes of the run: nothing first, then every combination."""
    vary = config["studies"][name]["vary"]
    problems = [
        problem
        for setting, values in vary.items()
        for problem in _impossible(config, name, base, setting, values)
    ]
    count = math.prod(map(len, vary.values()))
    if count > _MOST:
        problem = f"{count} combinations of values are too many"
        problems.append(sentence(f"studies.{name}.vary", problem, f"at most {_MOST} combinations"))
    if problems:
        raise ConfigurationError(problems)
    yield {}
    for values in itertools.product(*vary.values()):
        changed: dict[str, Any] = {}
        for setting, value in sorted(zip(vary, values, strict=True), key=_after_what_it_is_of):
            parts = _with_parts(base, changed)
            own = _without_other_roles(changed, setting.partition(".")[0])
            if _value_of(_as_if(config, base, own), parts, setting) != value:
                changed[setting] = value
        yield changed


def _after_what_it_is_of(given: tuple[str, Any]) -> tuple[int, str]:
    """Entries come before their keys, and an explainer's endpoint before the endpoint's keys."""
    head, _, key = given[0].partition(".")
    return (0 if not key else 2 if head in _ROLES else 1), given[0]


def _impossible(
    config: Mapping[str, Any],
    name: str,
    base: Mapping[str, str],
    setting: str,
    values: Sequence[Any],
) -> Iterator[str]:
    """Why a setting cannot be varied over a run."""
    key_of = f"studies.{name}.vary"
    head, _, key = setting.partition(".")
    explainer = config["explainers"][base["explainer"]]
    if not key:
        for value in values:
            yield from _undefined(config, f"{key_of}.{head}", PARTS[head], value)
    elif key == "kind":
        problem = f"{shown(setting)} cannot be varied"
        yield sentence(key_of, problem, f"{head}, with names as values")
    elif head in _ROLES and head not in explainer:
        problem = f"{shown(setting)}: {base['explainer']} has no {head}"
        others = [*PARTS, *(role for role in _ROLES if role in explainer)]
        yield sentence(key_of, problem, f"settings of {', '.join(others)}")
    elif head in _ROLES and explainer[head] not in config["endpoints"]:
        problem = f"{shown(explainer[head])} is not defined"
        yield sentence(
            f"explainers.{base['explainer']}.{head}", problem, "the names under endpoints"
        )


def _undefined(config: Mapping[str, Any], key: str, section: str, entry: Any) -> Iterator[str]:
    defined = config[section]
    if not isinstance(entry, str) or entry not in defined:
        problem = f"{shown(entry)} is not defined{near_match(entry, defined)}"
        names = ", ".join(n for n in defined if "~" not in n and "+random" not in n)
        allowed = f"the names under {section}, {names or 'of which there are none'}"
        yield sentence(key, problem, allowed)


def _place(config: Mapping[str, Any], base: Mapping[str, str], setting: str) -> tuple[str, ...]:
    """Section, entry and key of a setting. Raises ConfigurationError if there is no such entry."""
    head, _, key = setting.partition(".")
    if head not in _ROLES:
        return PARTS[head], base[head], key
    entry = config["explainers"][base["explainer"]].get(head)
    if not isinstance(entry, str) or entry not in config["endpoints"]:
        problem = f"{shown(setting)}: {base['explainer']} has no such {head}"
        allowed = "explainers whose endpoint and judge are under endpoints"
        raise ConfigurationError([sentence("studies", problem, allowed)])
    return "endpoints", entry, key


def _value_of(config: Mapping[str, Any], base: Mapping[str, str], setting: str) -> Any:
    section, entry, key = _place(config, base, setting)
    return config[section][entry].get(key, _NOTHING) if key else entry


_NOTHING = object()  # unlike any value: the key is not there


def _with_parts(base: Mapping[str, str], changed: Mapping[str, Any]) -> dict[str, str]:
    """The run's parts, those exchanged that are varied as a whole."""
    return {part: changed.get(part, name) for part, name in base.items()}


def _as_if(
    config: Mapping[str, Any], base: Mapping[str, str], changed: Mapping[str, Any]
) -> dict[str, Any]:
    """The configuration with the changes in their places, and a sweep of that run alone."""
    parts = _with_parts(base, changed)
    made = dict(config)
    for setting, value in changed.items():
        section, entry, key = _place(made, parts, setting)
        if key:
            made[section] = {**made[section], entry: {**made[section][entry], key: value}}
    made["sweep"] = {PARTS[part]: [name] for part, name in parts.items()}
    derived = {section: _own(made[section]) for section in (*SECTIONS, "endpoints")}
    return made | derived


def _without_other_roles(changed: Mapping[str, Any], head: str) -> dict[str, Any]:
    """The changes that one of `head` sees: explainer and judge may be the same endpoint, of which
    a setting of the one is none of the other."""
    return {s: v for s, v in changed.items() if s.partition(".")[0] in (head, *PARTS)}


def _own(entries: Entries) -> Entries:
    """The user's entries of a section, without those that are derived."""
    return {n: e for n, e in entries.items() if "~" not in n and not n.endswith("+random")}


def _variant(
    config: Mapping[str, Any],
    base: Mapping[str, str],
    changed: dict[str, Any],
    entries: dict[str, Entries],
) -> Variant:
    """A variant; what it needs is added to `entries`."""
    parts = _with_parts(base, changed)
    as_if = _as_if(config, base, changed)
    names = dict(parts)
    marks: dict[str, list[str]] = {part: [] for part in (*PARTS, *_ROLES)}
    for setting, value in sorted(changed.items()):
        head, _, key = setting.partition(".")
        if key:
            marks[head].append(f"{key}={in_a_name(value)}")
    explainer = dict(as_if["explainers"][parts["explainer"]])
    for role in _ROLES:
        if marks[role]:
            name = "~".join([explainer[role], *marks[role]])
            own = _as_if(config, base, _without_other_roles(changed, role))
            entry = own["endpoints"][explainer[role]]
            entries.setdefault("endpoints", {})[name] = entry
            explainer[role] = name
            marks["explainer"] += [f"{role}.{mark}" for mark in marks[role]]
    for part, section in PARTS.items():
        if marks[part]:
            names[part] = "~".join([parts[part], *marks[part]])
            entry = explainer if part == "explainer" else as_if[section][parts[part]]
            entries.setdefault(section, {})[names[part]] = entry
    return Variant(changed, tuple(names[part] for part in PARTS))  # type: ignore[arg-type]


def in_a_name(value: Any) -> str:
    """A value as part of a name: what does not fit is left out, and a digest tells it apart."""
    text = value if isinstance(value, str) else json.dumps(value, sort_keys=True)
    fit = _UNFIT.sub("_", text)[:_LONGEST]
    return fit if fit == text else f"{fit}-{hashlib.sha256(text.encode()).hexdigest()[:6]}"


def _renamed(problem: str, name: str, places: Mapping[str, str]) -> str:
    """A problem with a key of a variant, as one with the setting of the study that makes it.

    What is wrong with an entry that the study names as a whole is told where that is written.
    """
    for place, setting in places.items():
        if problem.startswith(f"config.yaml: {place}"):
            rest = problem.removeprefix(f"config.yaml: {place}")
            return f"config.yaml: studies.{name}.vary: {setting}{rest}"
    return problem
