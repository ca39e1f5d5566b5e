"""The conda environments pin what constraints.txt pins, and hold what the scripts import."""

import re
from pathlib import Path

import pytest
import yaml
from places import ROOT

PINS = dict(line.lower().split("==") for line in (ROOT / "constraints.txt").read_text().split())


def normal(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def pins_of(environment: Path) -> dict[str, str]:
    dependencies = yaml.safe_load(environment.read_text())["dependencies"]
    (listed,) = (d["pip"] for d in dependencies if isinstance(d, dict))
    return dict(line.split("==") for line in listed)


@pytest.mark.parametrize("name", ["gpu", "llm", "analysis"])
def test_versions_are_those_of_the_constraints(name: str) -> None:
    pinned = {normal(package): version for package, version in PINS.items()}
    found = pins_of(ROOT / f"envs/{name}.yaml")
    assert found
    for package, version in found.items():
        assert pinned[normal(package)] == version.lower(), package


def test_every_rule_that_runs_names_an_environment_that_exists() -> None:
    for rules in (ROOT / "workflow/rules").glob("*.smk"):
        text = rules.read_text()
        named = re.findall(r'conda:\s+"([^"]+)"', text)
        assert len(named) == len(re.findall(r"^    shell:", text, re.M)), rules
        for path in named:
            assert (rules.parent / path).is_file(), path
