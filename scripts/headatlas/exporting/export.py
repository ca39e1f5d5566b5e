"""Everything that is exported, in one folder that is whole or as it was."""

from collections.abc import Sequence
from pathlib import Path
from typing import Literal, get_args

from ..errors import InputError
from ..folders import atomic_folder
from ..reading.atlas import Atlas
from ..reporting.environment import environment
from .dataset import write_dataset
from .finetuning import write_finetuning
from .headvis import write_headvis
from .site import COMPARISON, write_site

Kind = Literal["dataset", "headvis", "site", "finetuning"]
KINDS: tuple[Kind, ...] = get_args(Kind)


def export(
    atlases: Sequence[Atlas],
    out: Path,
    *,
    templates: Path,
    kinds: Sequence[Kind] = KINDS,
    licence: str = "unknown",
    exemplars: bool = False,
    comparison: Path | None = None,
) -> list[Path]:
    """Write the atlases into `out`, in a folder for each kind. Returns what was written.

    - dataset: tables for `datasets.load_dataset`;
    - headvis: for each run, model/corpus/explainer/clustering, the data of HeadVis's frontend;
    - site: the pages, with those of the `comparison` and a front page;
    - finetuning: chats from which a language model learns to explain and to simulate.

    Where it fails, `out` stays as it was. Raises InputError if two atlases are of the same run,
    or `out` is no place for it.
    """
    _check(atlases, out)
    env = environment(templates)
    with atomic_folder(out) as folder:
        if "dataset" in kinds:
            write_dataset(atlases, folder / "dataset", env, licence=licence, exemplars=exemplars)
        if "headvis" in kinds:
            for atlas in atlases:
                write_headvis(atlas, folder / "headvis" / atlas.run)
        if "site" in kinds:
            write_site(atlases, comparison, folder / "site", env)
        if "finetuning" in kinds:
            write_finetuning(atlases, folder / "finetuning", env)
    return [out / kind for kind in kinds]


def comparison_in(results: Path) -> Path | None:
    """The comparison of all runs of a folder of results, if it has been made."""
    folder = results / COMPARISON
    return folder if (folder / "index.html").is_file() else None


def _check(atlases: Sequence[Atlas], out: Path) -> None:
    runs = [atlas.run for atlas in atlases]
    for run in runs:
        if runs.count(run) > 1:
            raise InputError(f"{run}: there are several atlases of this run; export one of them")
    if out.exists() and not out.is_dir():
        raise InputError(f"{out}: a file; allowed: a folder, or a new name")
    for atlas in atlases:
        if atlas.folder.resolve().is_relative_to(out.resolve()):
            raise InputError(f"{out}: has {atlas.folder} in it; allowed: a folder of its own")
