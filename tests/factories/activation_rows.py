"""Rows of the tables of windows and activations, made by hand."""

from headatlas.records.activations import HEAD_METRICS

TOP = 2  # the window in which every head is most active


def window_row(number: int, *, sampled: bool, split: str = "train") -> dict[str, object]:
    """A window of three tokens, unlike every other."""
    return {
        "window": number,
        "split": split,
        "document": f"d{number}",
        "start": 0,
        "sampled": sampled,
        "tokens": [0, number, number],
        "pieces": ["<s>", "a", "b"],
    }


def activation_row(window: int, head: int, *, sampled: bool, kept: bool) -> dict:
    """What a head does in such a window; of each query key 0 is kept, half the attention or less.

    The last query attends to its other keys as the numbers of window and head say.
    """
    other = (window + 8 * head) / 64
    row = {
        "window": window,
        "head": head,
        "activation": [9.0, float(window == TOP), window / 8],
        "keys": [0, 0, 0] if kept else None,
        "weights": [1.0, 0.5, 0.25] if kept else None,
        "value_norm": [1.0, 2.0, 3.0] if kept else None,
        "attention": [1.0, 0.5, 0.5, 0.25, other, 0.75 - other] if sampled else None,
    }
    return row | dict.fromkeys(HEAD_METRICS)
