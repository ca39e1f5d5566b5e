"""The Hugging Face hub: which commit a name means."""

from pathlib import Path
from typing import Literal

from .errors import InputError


def commit_of(
    source: str, revision: str | None, kind: Literal["model", "dataset"] = "model"
) -> str | None:
    """The commit that a revision (null: the newest) of a hub repository is now.

    None for a local folder or file. Where the hub cannot be reached, it is the commit that the
    hub's cache knows for the revision. Raises InputError if there is none.
    """
    if Path(source).exists():
        return None
    from huggingface_hub import resolve_revision
    from huggingface_hub.errors import HFValidationError, RevisionResolutionError

    try:
        return resolve_revision(source, repo_type=kind, revision=revision).resolved
    except HFValidationError:
        raise InputError(f"{source}: neither a folder nor the name of a hub {kind}") from None
    except (RevisionResolutionError, OSError) as error:  # all answers of the hub are OSErrors
        reason = str(error).splitlines()[0]
        raise InputError(f"{source}: cannot be fetched from the hub ({reason})") from None
