"""Every table and every JSON record by name, for the schemas that are generated from them.

No stage imports this module: a change of any record would rerun it.
"""

import pyarrow as pa

from .ablations import ABLATIONS
from .activations import ACTIVATIONS
from .atlas import SCORES, VERDICTS, PublishedExplanation, RunRecord
from .attribution import ATTRIBUTION
from .base import Record
from .clusters import Clusters
from .comparison import (
    AGREEMENT,
    CLAIM_AGREEMENT,
    CLAIM_SHARES,
    COUNTERPARTS,
    DIFFERENCES,
    GENERALISATION,
    HOLDING,
    QUALITY,
    RUNS,
    UNIVERSALITY,
    SharedFamilies,
)
from .controls import CONTROLS
from .cost import COST
from .direct import DIRECT
from .effects import EFFECTS
from .events import EVENTS
from .explanation import Explanation
from .family_effects import FAMILY_EFFECTS
from .items import ITEMS
from .judgement import Judgement
from .known_roles import KnownRoles
from .matches import MATCHES
from .model import ModelInfo
from .predictions import PREDICTIONS
from .probes import PROBES
from .proposals import Proposals
from .ratings import RATING_SCORES, RATINGS, Words
from .repeats import REPEATS
from .scores import HeadScores
from .spending import ESTIMATE, USAGE
from .stats import STATS
from .studies import BEST_OF_K, STUDY_COSTS, STUDY_DIFFERENCES, STUDY_HEADS, STUDY_VALUES
from .substitution import SUBSTITUTION
from .transfers import TRANSFERS
from .windows import WINDOWS
from .write_claims import RunClaims
from .write_evidence import WRITE_EVIDENCE
from .writing import LayerWriting

TABLES: dict[str, pa.Schema] = {
    "windows": WINDOWS,
    "activations": ACTIVATIONS,
    "events": EVENTS,
    "items": ITEMS,
    "direct": DIRECT,
    "write_evidence": WRITE_EVIDENCE,
    "controls": CONTROLS,
    "stats": STATS,
    "repeats": REPEATS,
    "predictions": PREDICTIONS,
    "probes": PROBES,
    "substitution": SUBSTITUTION,
    "ablations": ABLATIONS,
    "attribution": ATTRIBUTION,
    "effects": EFFECTS,
    "family_effects": FAMILY_EFFECTS,
    "ratings": RATINGS,
    "rating_scores": RATING_SCORES,
    "scores": SCORES,
    "verdicts": VERDICTS,
    "estimate": ESTIMATE,
    "usage": USAGE,
    "matches": MATCHES,
    "transfers": TRANSFERS,
    "runs": RUNS,
    "quality": QUALITY,
    "differences": DIFFERENCES,
    "counterparts": COUNTERPARTS,
    "universality": UNIVERSALITY,
    "agreement": AGREEMENT,
    "generalisation": GENERALISATION,
    "holding": HOLDING,
    "claims": CLAIM_SHARES,
    "claim_agreement": CLAIM_AGREEMENT,
    "cost": COST,
    "study_heads": STUDY_HEADS,
    "study_values": STUDY_VALUES,
    "study_differences": STUDY_DIFFERENCES,
    "study_costs": STUDY_COSTS,
    "best_of_k": BEST_OF_K,
}

JSON_RECORDS: dict[str, type[Record]] = {
    "model": ModelInfo,
    "proposals": Proposals,
    "explanation": Explanation,
    "published_explanation": PublishedExplanation,
    "judgement": Judgement,
    "head_scores": HeadScores,
    "clusters": Clusters,
    "known_roles": KnownRoles,
    "layer_writing": LayerWriting,
    "run_claims": RunClaims,
    "run": RunRecord,
    "words": Words,
    "shared_families": SharedFamilies,
}
