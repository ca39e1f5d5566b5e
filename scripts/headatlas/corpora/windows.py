"""Token windows: cut from documents, split by document, sampled in one pass."""

import hashlib
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import islice

import numpy as np
from transformers import PreTrainedTokenizerBase

from ..errors import InputError
from ..progress import Progress
from ..records.base import SPLITS, Split
from ..tokens.pieces import pieces_of
from ..tokens.tokenizer import encode
from .document import Document
from .places import segments_of
from .sampling import Sample, Window, choose, draw, split_of


@dataclass(frozen=True)
class WindowSettings:
    """How many windows of which length, and how they are shared out.

    Raises InputError if a setting is out of range.
    """

    window_tokens: int
    "tokens of a window, BOS included"
    windows: int
    "windows in all splits together, at most"
    windows_per_document: int
    "windows of one document, at most"
    sampled: int
    "windows of each split for which attention will be kept"
    fractions: dict[Split, float]
    "share of each split, of documents and of windows"
    prepend_bos: bool
    "whether a window begins with the BOS token"
    seed: int
    documents: int | None = None
    "documents read, at most; None for all"

    def __post_init__(self) -> None:
        least = {"window_tokens": 2, "windows": 1, "windows_per_document": 1, "sampled": 1}
        if self.documents is not None:
            least["documents"] = 1
        for name, minimum in least.items():
            if getattr(self, name) < minimum:
                key = name.replace("_", "-")
                raise InputError(f"{key} is {getattr(self, name)}; it must be at least {minimum}")
        shares = [self.fractions[split] for split in SPLITS]
        if not min(shares) > 0 or abs(sum(shares) - 1) > 1e-6:
            shown = ", ".join(f"{share:g}" for share in shares)
            raise InputError(
                f"the shares of {', '.join(SPLITS)} are {shown}; each must be above 0 and "
                "their sum must be 1"
            )
        if self.sampled > min(self.quotas().values()):
            shown = ", ".join(f"{quota} {split}" for split, quota in self.quotas().items())
            raise InputError(
                f"sampled is {self.sampled}; it must fit in every split, and {self.windows} "
                f"windows give {shown}"
            )

    def quotas(self) -> dict[Split, int]:
        """Windows of each split, at most; they add up to `windows`."""
        ends = np.cumsum([self.fractions[split] for split in SPLITS]) * self.windows
        counts = np.diff(np.rint(ends).astype(int), prepend=0)
        return {split: int(count) for split, count in zip(SPLITS, counts, strict=True)}


def sample_windows(
    documents: Iterable[Document], tokenizer: PreTrainedTokenizerBase, settings: WindowSettings
) -> tuple[list[dict[str, object]], dict[str, object]]:
    """Rows for `records.windows.WINDOWS`, and facts about the sample.

    A document belongs to one split. Windows begin at places in its text that are the
    same for every tokenizer (see `segments_of`) and end before the next place, so they
    do not overlap; a place too short for a window gives none. Of a document at most
    `windows_per_document` are drawn; of what the documents of a split give, its share
    of `windows`. Both are drawn by place, so models with different tokenizers study the
    same passages but where a place is too short for one of them. Windows with the same
    tokens occur once, so no two splits share one. The stream is read once, and memory
    is bounded by `windows` and the longest document, whatever its length.

    Raises InputError if a split has fewer windows than `sampled`, or the windows are
    to begin with BOS and the tokenizer has none.
    """
    if settings.prepend_bos and tokenizer.bos_token_id is None:
        raise InputError("bos is prepend, but the tokenizer has no BOS token; use bos: none")
    sample = Sample(settings.quotas(), settings.seed)
    counts: Counter[str] = Counter()
    progress = Progress()
    for name, text in islice(documents, settings.documents):
        document = Document(_storable(name), text)
        split = split_of(document.name, settings.seed, settings.fractions)
        counts.update(["documents", f"{split}_documents"])
        counts["replacement_characters"] += text.count("\ufffd")
        _offer_windows(document, split, sample, counts, tokenizer, settings)
        progress(f"{counts['documents']} documents, {counts['windows_found']} windows")
    windows = {split: sample.windows(split) for split in SPLITS}
    _check_enough(windows, counts, settings)
    return _rows(windows, tokenizer, settings), _facts(windows, counts, settings)


def _storable(text: str) -> str:
    """The text without lone surrogates, which Parquet does not take."""
    return text.encode("utf-8", "replace").decode()


def _offer_windows(
    document: Document,
    split: Split,
    sample: Sample,
    counts: Counter[str],
    tokenizer: PreTrainedTokenizerBase,
    settings: WindowSettings,
) -> None:
    found = list(islice(_windows_of(document, tokenizer, settings), settings.windows_per_document))
    counts["windows_found"] += len(found)
    counts["duplicates_dropped"] += sum(not sample.offer(split, window) for window in found)
    counts["documents_too_short"] += not found


def _windows_of(
    document: Document, tokenizer: PreTrainedTokenizerBase, settings: WindowSettings
) -> Iterator[Window]:
    """The windows of a document in random order; what is not taken is not tokenised."""
    first = [tokenizer.bos_token_id] if settings.prepend_bos else []
    name, text = document
    segments = segments_of(text, settings.window_tokens)
    for start, end in sorted(segments, key=lambda s: draw(settings.seed, "document", name, s[0])):
        tokens = [*first, *encode(tokenizer, text[start:end])][: settings.window_tokens]
        if len(tokens) == settings.window_tokens:
            yield Window(name, start, np.array(tokens, np.int32).tobytes())


def _check_enough(
    windows: dict[Split, list[Window]], counts: Counter[str], settings: WindowSettings
) -> None:
    for split in SPLITS:
        if len(windows[split]) < settings.sampled:
            raise InputError(
                f"{split} has {len(windows[split])} windows of {settings.window_tokens} tokens, "
                f"fewer than sampled, {settings.sampled}; the corpus gave {counts['documents']} "
                f"documents ({counts[f'{split}_documents']} of them {split}, "
                f"{counts['documents_too_short']} of all too short for a window) and "
                f"{counts['windows_found']} windows, of which "
                f"{counts['duplicates_dropped']} duplicates"
            )


def _rows(
    windows: dict[Split, list[Window]],
    tokenizer: PreTrainedTokenizerBase,
    settings: WindowSettings,
) -> list[dict[str, object]]:
    rows: list[dict[str, object]] = []
    for split in SPLITS:
        sampled = set(choose(windows[split], settings.sampled, settings.seed, "sampled"))
        for window in windows[split]:
            tokens = np.frombuffer(window.tokens, np.int32)
            rows.append(
                {
                    "window": len(rows),
                    "split": split,
                    "document": window.document,
                    "start": window.start,
                    "sampled": window in sampled,
                    "tokens": tokens,
                    "pieces": pieces_of(tokenizer, tokens.tolist()),
                }
            )
    return rows


def _facts(
    windows: dict[Split, list[Window]], counts: Counter[str], settings: WindowSettings
) -> dict[str, object]:
    """What was read, what was left out, and a digest of the tokens of all rows."""
    digest = hashlib.sha256()
    for split in SPLITS:
        for window in windows[split]:
            digest.update(window.tokens)
    read = ["documents", "replacement_characters", "documents_too_short"]
    read += [f"{split}_documents" for split in SPLITS] + ["windows_found", "duplicates_dropped"]
    return {
        **{name: counts[name] for name in read},
        **{f"{split}_windows": len(windows[split]) for split in SPLITS},
        "window_tokens": settings.window_tokens,
        "bos": "prepend" if settings.prepend_bos else "none",
        "tokens_sha256": digest.hexdigest(),
    }
