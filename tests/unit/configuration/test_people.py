"""The configuration of an explainer that reads what people wrote."""

from pathlib import Path
from typing import Any

import pytest
import yaml
from places import ROOT

from headatlas.configuration import ConfigurationError, check_environment, resolve

SCHEMA = ROOT / "workflow/schemas/config.schema.yaml"
ENDPOINT = {"model": "talker-1", "base_url": "http://localhost:8000/v1"}


def configured(root: Path, text: str, **entry: Any) -> dict[str, Any]:
    config = yaml.safe_load((ROOT / "config.yaml").read_text())
    config["models"]["demo"]["source"] = str(ROOT / "workflow/resources/demo-model")
    config["endpoints"] = {"here": ENDPOINT, "there": ENDPOINT | {"batch": True}}
    config["endpoints"]["curt"] = ENDPOINT | {"max_tokens": 255}
    people = {"kind": "people", "file": "w.csv", "judge": "here", **entry}
    config["explainers"] = {"people": {k: v for k, v in people.items() if v is not None}}
    config["sweep"]["explainers"] = ["people"]
    (root / "w.csv").write_text(text)
    return resolve(config, schema_path=SCHEMA, root=root)


HEADER = "model,layer,head,rater,text\n"


def test_what_people_wrote_is_an_explainer(tmp_path: Path) -> None:
    config = configured(tmp_path, f"{HEADER}demo,0,1,a,Attends to x.\nother,99,0,a,y\n")
    assert config["explainers"]["people"]["controls"] == 1
    check_environment(config, ["people"], {})
    configured(tmp_path, f"{HEADER}demo,0,1,a,x\n", judge="curt")
    configured(tmp_path, f"{HEADER}demo,0,1,a,x\n", simulation=True)


@pytest.mark.parametrize(
    ("text", "entry", "problem"),
    [
        ("demo,0,0,a,x", {"judge": None}, "judge: missing; allowed: a name under endpoints"),
        ("demo,0,0,a,x", {"judge": "her"}, "judge: 'her' is not defined (did you mean here?)"),
        ("demo,0,0,a,x", {"judge": "there"}, "judge: 'there' is asked in batches, which this"),
        ("demo,0,0,a,x", {"file": "none.csv"}, "file: 'none.csv': No such file or directory"),
        ("demo,0,8,a,x", {}, "file: 'w.csv': no head L00H08 in demo; allowed: L00H00 to L02H07"),
        ("other,0,0,a,x", {}, "file: 'w.csv' says nothing of demo; allowed: a file with"),
        (
            "demo,0,0,a,x",
            {"judge": "curt", "simulation": True},
            "simulation: true, but a reply of the judge 'curt' ends after 255 tokens; "
            "allowed: false, or endpoints.curt.max_tokens of 256 or more",
        ),
        ("demo,0,0,,x", {}, "file: 'w.csv': line 2: rater is missing; allowed: a CSV or JSONL"),
    ],
)
def test_what_cannot_work_is_refused_in_a_sentence(
    tmp_path: Path, text: str, entry: dict[str, Any], problem: str
) -> None:
    with pytest.raises(ConfigurationError) as caught:
        configured(tmp_path, f"{HEADER}{text}\n", **entry)
    assert f"config.yaml: explainers.people.{problem}" in str(caught.value)
