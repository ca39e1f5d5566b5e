"""Two small tokenizers, of the two kinds that models have."""

from tokenizers import Tokenizer, decoders, models, normalizers, pre_tokenizers, trainers
from transformers import PreTrainedTokenizerBase, PreTrainedTokenizerFast

BOS = "<|bos|>"


def byte_level() -> PreTrainedTokenizerBase:
    """As GPT-2 and Llama 3 have it; the text it learns from makes tokens of several bytes."""
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=400,
        special_tokens=[BOS],
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    tokenizer.train_from_iterator(
        ["the cat the mat été café über \U0001f600 \U0001f601"] * 9, trainer
    )
    return PreTrainedTokenizerFast(tokenizer_object=tokenizer, bos_token=BOS)


def sentencepiece() -> PreTrainedTokenizerBase:
    """As Llama 2 and Gemma have it: characters, and bytes for what is not in the vocabulary."""
    entries = ["<s>", *(f"<0x{byte:02X}>" for byte in range(256)), "▁", *"abcdeé", "▁a", "bc"]
    vocabulary = {entry: number for number, entry in enumerate(entries)}
    merges = [("▁", "a"), ("b", "c")]
    tokenizer = Tokenizer(models.BPE(vocabulary, merges, byte_fallback=True))
    tokenizer.normalizer = normalizers.Replace(" ", "▁")
    tokenizer.decoder = decoders.Sequence(
        [decoders.Replace("▁", " "), decoders.ByteFallback(), decoders.Fuse()]
    )
    return PreTrainedTokenizerFast(tokenizer_object=tokenizer, bos_token="<s>")


BYTE_LEVEL, SENTENCEPIECE = byte_level(), sentencepiece()


def encode(text: str, tokenizer: PreTrainedTokenizerBase = BYTE_LEVEL) -> list[int]:
    ids: list[int] = tokenizer(text, add_special_tokens=False, split_special_tokens=True).input_ids
    return ids
