"""Claims on what the heads of the invented model write, and on those of its twin."""

from pathlib import Path

from reporting_factory import EVERY_HEAD

from headatlas.names import parse_head
from headatlas.records.direct import OBJECTS
from headatlas.records.write_claims import HeadClaims, Lift, RunClaims, WriteClaim
from headatlas.storage import write_record

EVIL = "<i>|`x`"


def lift(value: float, half: float = 0.25) -> Lift:
    return Lift(value=value, low=value - half, high=value + half, n=8)


def claim(effect: str, name: str, value: float) -> WriteClaim:
    test = lift(value)
    return WriteClaim(effect=effect, object=name, chosen=1.0, test=test, extreme=0.75,
                      random=lift(0.0), holds=value > 0.25)  # fmt: skip


def head(name: str, *claims: WriteClaim, attended: float = 0.0) -> HeadClaims:
    layer, number = parse_head(name)
    lifts = dict.fromkeys(OBJECTS, lift(0.0)) | {"attended": lift(attended)}
    return HeadClaims(layer=layer, head=number, claims=list(claims), lifts=lifts, raised=[EVIL],
                      lowered=[])  # fmt: skip


def write_claims(folder: Path, *, model: str = "toy") -> tuple[Path, Path]:
    first, second, *rest = EVERY_HEAD
    claims = [claim("raises", "attended", 2.0), claim("lowers", "current", 0.125)]
    heads = [head(first, *claims, attended=2.0), head(second, claim("raises", "attended", 3.0),
             attended=3.0), *map(head, rest)]  # fmt: skip
    twin = [head(first, attended=-0.5), head(second, claim("raises", "current", 1.0))]
    for name, own in (("own", heads), ("twin", twin)):
        record = RunClaims(model=model, corpus="hostile", reasons={7: "no map"}, heads=own)
        write_record(folder / f"{name}.json", record)
    return folder / "own.json", folder / "twin.json"
