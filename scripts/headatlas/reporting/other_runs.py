"""The same head in the other atlases of a sweep: where it is, and what these say of it.

A page names them, and shows those of which the titles can be loaded: that an atlas is made waits
for no other, and where one was moved away alone, no link leads nowhere.
"""

import json
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from headatlas.visible import visible

from .heads import Head, Run


class OtherRun(NamedTuple):
    """Another run on the same model. `folder` is its atlas, from the page of a head."""

    name: str
    words: str
    folder: str


def other_runs(run: Run, others: Iterable[str]) -> list[OtherRun]:
    """The runs on other corpora or by other explainers: `others` name the two, with a slash."""
    found = []
    for corpus, explainer in (other.split("/") for other in others):
        words = [f"by {explainer}"] if explainer != run.explainer else []
        words += [f"on {corpus}"] if corpus != run.corpus else []
        name = _name(corpus, explainer, run.clustering)
        folder = f"../../../../../{corpus}/{explainer}/atlas/{run.clustering}"
        found.append(OtherRun(name, " ".join(words), folder))
    return found


def titles_script(run: Run, heads: Sequence[Head]) -> str:
    """`titles.js`: the title of every head, by its name, for the pages of other atlases."""
    titles = {head.name: _title(head) for head in heads}
    name = json.dumps(f"headAtlasTitles {_name(run.corpus, run.explainer, run.clustering)}")
    return f"globalThis[{name}] = {json.dumps(titles, separators=(',', ':'))};\n"


def _title(head: Head) -> str:
    """The title, and whether it counts, where it does not say so itself."""
    said = head.status in ("explained", head.explanation.status)
    return visible(head.explanation.title) + ("" if said else f" ({head.status})")


def _name(corpus: str, explainer: str, clustering: str) -> str:
    return f"{corpus}/{explainer}/{clustering}"
