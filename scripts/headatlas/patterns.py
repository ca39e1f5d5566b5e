"""Which files a pattern of the configuration means; wherever one is read, it is read here."""

from pathlib import Path


def files_matching(pattern: str, root: Path | None = None) -> list[Path]:
    """The files that a path or a pattern such as `texts/**/*.txt` names, in order of name.

    A path that exists is itself, whatever signs it holds. Relative patterns start in
    `root`, the current folder by default. Raises ValueError if it is no pattern.
    """
    path = ((root or Path()) / pattern).absolute()
    top = Path(path.anchor)
    found = [path] if path.is_file() else top.glob(str(path.relative_to(top)))
    return sorted(file for file in found if file.is_file())
