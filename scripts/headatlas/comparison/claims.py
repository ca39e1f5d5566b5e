"""What heads write, by model: how many hold each claim, and whether matched heads hold the same."""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import numpy as np

from ..intervals import resampled
from ..names import parse_head
from ..records.base import RANDOM, head_name
from ..records.direct import OBJECTS
from ..records.write_claims import EFFECTS, RunClaims
from ..statistics.proportion import wilson
from ..storage import read_record
from .counterparts import Matches
from .quality import as_row
from .statistics import CHANGE, FIRST, SECOND, average
from .sweep import Row, Sweep

ANY = "any"
Held = dict[str, set[tuple[str, str]]]  # by head, effect and object of the claims that hold
Claims = Mapping[tuple[str, str], Held]  # by model and corpus


def read_claims(paths: Sequence[Path]) -> Claims:
    """The claims that hold of the heads of each model, twins among them, on each corpus."""
    records = (read_record(path, RunClaims) for path in paths)
    return {
        (record.model, record.corpus): {
            head_name(head.layer, head.head): head.held for head in record.heads
        }
        for record in records
    }


def share_rows(sweep: Sweep, claims: Claims) -> Iterator[Row]:
    """Rows of `claims.csv`: of each model and corpus every claim, and whether any holds."""
    parameters = {study.model: study.info.parameters for study in sweep.studies}
    kinds = [(ANY, ANY), *((effect, name) for name in OBJECTS for effect in EFFECTS)]
    for model in sweep.models:
        for corpus in sweep.corpora:
            held, twin = (claims.get((name, corpus), {}) for name in (model, f"{model}{RANDOM}"))
            for kind in kinds if held else []:
                found = _having(held, kind)
                low, high = wilson(found, len(held))
                yield {
                    "model": model,
                    "corpus": corpus,
                    "parameters": parameters[model],
                    "effect": kind[0],
                    "object": kind[1],
                    "heads": len(held),
                    "held": found,
                    "share": round(found / len(held), 6),
                    "low": round(low, 6),
                    "high": round(high, 6),
                    "random_heads": len(twin),
                    "random_held": _having(twin, kind),
                }


def _having(held: Held, kind: tuple[str, str]) -> int:
    return sum(bool(own) if kind == (ANY, ANY) else kind in own for own in held.values())


def agreement_rows(claims: Claims, matches: Matches, resamples: int, seed: int) -> Iterator[Row]:
    """Rows of `claim_agreement.csv`: each two models, from either side.

    Matches are by behaviour, from passages' words alone, and know nothing of claims.
    """
    for (corpus, model, other), best in matches.items():
        mine, theirs = claims.get((model, corpus)), claims.get((other, corpus))
        if not (mine and theirs):
            continue
        pairs = []
        for name, own in mine.items():
            match = best.get(parse_head(name))
            if not own or not match or not match["mutual"]:
                continue
            partner = theirs.get(head_name(match["other_layer"], match["other_head"]))
            if partner is not None and match["similarity"] > match["null95"]:
                chance = np.mean([bool(own & held) for held in theirs.values()])
                pairs.append((float(chance), float(bool(own & partner))))
        values = np.array(pairs, dtype=float).reshape(-1, 2)
        for measure, weights in (("matched", SECOND), ("chance", FIRST), ("difference", CHANGE)):
            estimate = resampled(values, average(np.mean, weights), resamples, seed)
            names = {"model": model, "corpus": corpus, "other": other, "measure": measure}
            yield {**names, **as_row(estimate)}
