"""Where finished atlases are: in `results/`, or wherever they have been put."""

from pathlib import Path

from ..errors import InputError

RECORD = "run.json"
# An atlas; the atlases of a run, of a corpus, of a model, of all results.
_BELOW = ("", "*", "atlas/*", "*/atlas/*", "*/*/atlas/*", "*/*/*/atlas/*")


def finished_atlases(path: Path) -> list[Path]:
    """The folders of the finished atlases in a folder, in order of name.

    Raises InputError if there is none.
    """
    found = {file.parent for below in _BELOW for file in path.glob(str(Path(below, RECORD)))}
    # An atlas that is being made is in a hidden folder.
    seen = sorted(a for a in found if not any(p[0] == "." for p in a.relative_to(path).parts))
    if not seen:
        what = "no finished atlas in it" if path.is_dir() else "no such folder"
        raise InputError(
            f"{path}: {what}; allowed: the folder of an atlas ({RECORD} is in it), results, or a "
            "folder between the two"
        )
    return seen


def one_atlas(path: Path) -> Path:
    """The folder of the only finished atlas in a folder. Raises InputError if there are more."""
    found = finished_atlases(path)
    if len(found) > 1:
        names = ", ".join(map(str, found[:4])) + (", …" if len(found) > 4 else "")
        raise InputError(f"{path}: {len(found)} atlases are in it; open one of them: {names}")
    return found[0]
