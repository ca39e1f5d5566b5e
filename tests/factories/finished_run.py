"""A finished atlas of an invented run, in the place where the workflow puts it."""

from pathlib import Path

import pytest
from places import TEMPLATES
from reporting_factory import NAMES, RECIPE, RUN, write_run

from headatlas.records.direct import OBJECTS
from headatlas.records.write_claims import HeadClaims, Lift, RunClaims, WriteClaim
from headatlas.reporting.atlas import build
from headatlas.storage import write_record


def finished_run(folder: Path) -> Path:
    """The folder of an atlas in `folder`, which is results/. The first head raises a token."""
    claims = _write_claims(folder.parent / "claims.json")
    inputs = write_run(folder.parent / "inputs")._replace(claims=claims)
    out = folder / RUN.model / RUN.corpus / RUN.explainer / "atlas" / RUN.clustering
    build(RUN, inputs, RECIPE, out, templates=TEMPLATES, exemplars=2)
    return out


def two_explainers(folder: Path) -> list[Path]:
    """Atlases by two explainers: they name each other, and runs on a corpus without atlases."""
    explainers, made = (RUN.explainer, "terse"), []
    for own in explainers:
        with pytest.MonkeyPatch.context() as patch:
            patch.setitem(NAMES, "explainer", own)
            inputs = write_run(folder.parent / f"inputs of {own}")
        studies = [f"{c}/{e}" for c in (RUN.corpus, "absent") for e in explainers]
        inputs = inputs._replace(beside=[s for s in studies if s != f"{RUN.corpus}/{own}"])
        out = folder / RUN.model / RUN.corpus / own / "atlas" / RUN.clustering
        run = RUN._replace(explainer=own)
        build(run, inputs, RECIPE, out, templates=TEMPLATES, exemplars=2)
        made.append(out)
    return made


def _write_claims(path: Path) -> Path:
    lift = Lift(value=2.0, low=1.5, high=2.5, n=8)
    claims = [
        WriteClaim(effect=effect, object=name, chosen=1.0, test=lift, extreme=0.75, random=lift,
                   holds=holds)
        for effect, name, holds in (("raises", "attended", True), ("lowers", "current", False))
    ]  # fmt: skip
    lifts = dict.fromkeys(OBJECTS, lift)
    head = HeadClaims(layer=0, head=0, claims=claims, lifts=lifts, raised=[], lowered=[])
    write_record(path, RunClaims(model=RUN.model, corpus=RUN.corpus, reasons={}, heads=[head]))
    return path
