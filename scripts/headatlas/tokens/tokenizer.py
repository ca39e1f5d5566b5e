"""The tokenizer of a subject."""

from transformers import PreTrainedTokenizerBase

from ..errors import InputError
from ..model_files import hub_format


def open_tokenizer(source: str, commit: str | None = None) -> PreTrainedTokenizerBase:
    """Tokenizer of a model on the hub, in a folder or in a file. Raises InputError if none."""
    from transformers import AutoTokenizer  # imports torch where it is installed: slow

    place = hub_format(source)
    try:
        return AutoTokenizer.from_pretrained(place, revision=commit, trust_remote_code=False)
    except Exception as error:  # the libraries below raise whatever a damaged file provokes
        reason = " ".join(str(error).split())[:300] or type(error).__name__
        raise InputError(f"{source}: no tokenizer can be read from it: {reason}") from None


def encode(tokenizer: PreTrainedTokenizerBase, text: str) -> list[int]:
    """Tokens of a text and no others: none are added, and what spells a special one is text.

    Lone surrogates, which no tokenizer takes, are read as question marks.
    """
    sendable = text.encode("utf-8", "replace").decode()
    encoded = tokenizer(
        sendable, add_special_tokens=False, split_special_tokens=True, verbose=False
    )
    return list(encoded["input_ids"])
