"""An endpoint is what decides its replies, and how it is reached; rules tell scripts both."""

import yaml
from places import ROOT

from headatlas.configuration import connection_of, sampling_of, well_formed
from headatlas.settings.endpoint import Connection, Endpoint, Sampling

ENTRY = {"model": "talker-1", "base_url": "http://localhost:8000/v1"}


def test_rules_pass_on_every_key_of_an_endpoint() -> None:
    config = yaml.safe_load((ROOT / "config.yaml").read_text()) | {"endpoints": {"here": ENTRY}}
    known = well_formed(config, ROOT / "workflow/schemas/config.schema.yaml")
    sampling, connection = sampling_of(known, "here"), connection_of(known, "here")
    assert sampling.keys() == Sampling.model_fields.keys()
    assert connection.keys() == Connection.model_fields.keys()
    assert Endpoint(**sampling, **connection) == Endpoint(**ENTRY)
