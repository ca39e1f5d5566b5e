"""The tokens of a vocabulary that text is made of, and their texts."""

import re

from transformers import PreTrainedTokenizerBase

from .pieces import pieces_of

_BYTE = re.compile(r"<0x[0-9A-F]{2}>")


def ordinary_tokens(tokenizer: PreTrainedTokenizerBase) -> dict[int, str]:
    """Text of every token by its id, in the order of ids; special tokens are left out."""
    added = tokenizer.added_tokens_decoder.items()
    special = {*tokenizer.all_special_ids, *(number for number, token in added if token.special)}
    ids = sorted({*tokenizer.get_vocab().values(), *tokenizer.added_tokens_decoder} - special)
    return dict(zip(ids, pieces_of(tokenizer, ids), strict=True))


def token_by_text(tokenizer: PreTrainedTokenizerBase) -> dict[str, int]:
    """The token of every text that is one. Bytes give way to the character that they are."""
    texts = ordinary_tokens(tokenizer)
    names = tokenizer.convert_ids_to_tokens(list(texts))
    last = [bool(_BYTE.fullmatch(name)) for name in names]
    ordered = sorted(zip(last, texts.items(), strict=True), key=lambda entry: not entry[0])
    return {text: number for _, (number, text) in ordered}
