"""What changes when the local text behind a corpus does."""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ..patterns import matches_of
from ..provenance import MEMORY, contents_digest


def files_state(entry: Mapping[str, Any], memory: Path = MEMORY) -> str | None:
    """Digest of the local files of a corpus, by its entry of the configuration; None if none.

    `memory` is as for `contents_digest`. Raises InputError if one of them cannot be read.
    """
    if "files" in entry:
        patterns = [entry["files"]] if isinstance(entry["files"], str) else entry["files"]
        files = sorted({file for pattern in patterns for file in matches_of(pattern).files})
        folder = Path(os.path.commonpath([file.parent for file in files])) if files else Path()
    elif place := entry.get("folder") or entry.get("source"):
        folder = Path(place).absolute()
        files = matches_of("**/*", folder).files if folder.is_dir() else []
    else:
        files = []
    return contents_digest(files, folder, memory) if files else None
