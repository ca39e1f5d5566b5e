"""The configuration of an explainer to which a language model proposes."""

from typing import Any

import pytest
import yaml
from places import ROOT

from headatlas.configuration import ConfigurationError, check_environment, configuration_of, resolve

SCHEMA = ROOT / "workflow/schemas/config.schema.yaml"
ENDPOINT = {"model": "talker-1", "base_url": "http://localhost:8000/v1"}


def configured(**entry: Any) -> dict[str, Any]:
    config = yaml.safe_load((ROOT / "config.yaml").read_text())
    config["endpoints"] = {"here": ENDPOINT | {"api_key_env": "K"}}
    config["endpoints"]["there"] = ENDPOINT | {"batch": True}
    hybrid = {"kind": "hybrid", "endpoint": "here", **entry}
    config["explainers"] = {"mixed": {k: v for k, v in hybrid.items() if v is not None}}
    config["sweep"]["explainers"] = ["mixed"]
    return resolve(config, schema_path=SCHEMA, root=ROOT)


def test_it_is_an_explainer_with_the_settings_of_the_search() -> None:
    config = configured(min_gain=0.1)
    entry = config["explainers"]["mixed"]
    assert (entry["draws"], entry["min_gain"], entry["max_behaviours"]) == (2, 0.1, 6)
    made_from = configuration_of(config, ("demo", "python-docs", "mixed", "minilm"))
    assert made_from["endpoints"]["here"]["model"] == "talker-1"
    check_environment(config, ["mixed"], {"K": "key"})
    with pytest.raises(ConfigurationError, match=r"endpoints\.here\.api_key_env: the environment"):
        check_environment(config, ["mixed"], {})


@pytest.mark.parametrize(
    ("entry", "problem"),
    [
        ({"endpoint": None}, "endpoint: missing; allowed: a name under endpoints"),
        ({"endpoint": "her"}, "endpoint: 'her' is not defined (did you mean here?)"),
        ({"endpoint": "there"}, "endpoint: 'there' is asked in batches, which this kind is not"),
        ({"exemplars": 99}, "exemplars: 99 is too large; allowed: at most 20, events.top"),
        ({"draws": 0}, "draws: 0 is not allowed; allowed: a whole number, at least 1"),
        ({"judge": "here"}, "judge: unknown key of kind hybrid"),
    ],
)
def test_what_cannot_work_is_refused_in_a_sentence(entry: dict[str, Any], problem: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        configured(**entry)
    assert f"config.yaml: explainers.mixed.{problem}" in str(caught.value)
