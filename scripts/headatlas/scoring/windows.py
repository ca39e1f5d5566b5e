"""What an explanation predicts for one window, its attention as a matrix."""

import numpy as np
from jaxtyping import Float, Int

from ..errors import InputError
from ..measure import Trace
from ..records.judgement import Prediction


def predicted_trace(prediction: Prediction, tokens: Int[np.ndarray, " T"]) -> Trace:
    """The prediction for a window of these tokens. Raises InputError as `predicted_attention`."""
    attention = predicted_attention(prediction, len(tokens))
    return Trace(tokens, np.array(prediction.activation, dtype=float), attention)


def predicted_attention(prediction: Prediction, length: int) -> Float[np.ndarray, "query key"]:
    """Predicted attention of a window of `length` tokens; keys that are not named count as 0.

    Raises InputError if the prediction is for another length, or names a key that the
    query cannot see.
    """
    name = f"prediction for window {prediction.window}"
    counts = [len(keys) for keys in prediction.keys]
    if not len(prediction.activation) == len(counts) == len(prediction.weights) == length:
        raise InputError(
            f"{name}: {len(prediction.activation)} activations, {len(counts)} rows of keys and "
            f"{len(prediction.weights)} of weights, but the window has {length} tokens"
        )
    if counts != [len(weights) for weights in prediction.weights]:
        raise InputError(f"{name}: a row has not as many weights as keys")
    queries = np.repeat(np.arange(length), counts)
    keys = np.array([key for row in prediction.keys for key in row], dtype=int)
    unseen = (keys < 0) | (keys > queries)
    if unseen.any():
        query, key = queries[unseen][0], keys[unseen][0]
        raise InputError(f"{name}: key {key} of query {query}; a query sees keys 0 to itself")
    dense = np.zeros((length, length))
    dense[queries, keys] = [weight for row in prediction.weights for weight in row]
    return dense
