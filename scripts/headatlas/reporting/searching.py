"""The index of the search on the page of an atlas, as the script that the page loads."""

import json
from collections.abc import Iterable, Sequence

from headatlas.head_text import head_terms
from headatlas.ranking import Index, index_of
from headatlas.records.base import head_name
from headatlas.records.explanation import Explanation

from .tables import Row


def search_script(summary: Sequence[Row], explanations: Iterable[Explanation]) -> str:
    """`search.js` of an atlas: its heads are the texts, in the order of `summary`."""
    explained = {head_name(e.layer, e.head): e for e in explanations}
    return index_script(index_of([head_terms(row, explained[str(row["name"])]) for row in summary]))


def index_script(index: Index) -> str:
    """An index as a script that leaves it in `headAtlasIndex`, in ASCII."""
    # Pairs, not an object: a term may be `__proto__`.
    pairs = json.dumps(list(index.terms.items()), separators=(",", ":"))
    return f"globalThis.headAtlasIndex = {pairs};\n"
