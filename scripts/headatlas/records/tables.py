"""The tables of one run, as Arrow schemas.

Symbols: T tokens of a window, K keys kept of each query row, position 0 the first token
of a window (the BOS token where there is one).
"""

import pyarrow as pa

from .base import HEAD_METRICS
from .columns import HEAD, field

WINDOWS = pa.schema(
    [
        field("window", pa.int32(), "number of the window, from 0 in file order"),
        field("split", pa.string(), "train, validation or test; a document is in one of them"),
        field("document", pa.string(), "name of the document it was cut from"),
        field("start", pa.int32(), "character of the document at which its text begins"),
        field("sampled", pa.bool_(), "in the seeded sample for which attention is kept"),
        field("tokens", pa.list_(pa.int32()), "[T] token ids, BOS included"),
        field("pieces", pa.list_(pa.string()), "[T] text of each token; broken UTF-8 as \\xNN"),
    ]
)

ACTIVATIONS = pa.schema(
    [
        field("window", pa.int32(), "window of the row"),
        field("head", pa.int16(), "head of the row; the layer is in the file name"),
        field("salience", pa.list_(pa.float16()), "[T] salience of the head at each token"),
        field(
            "keys",
            pa.list_(pa.int16()),
            "[T*K] key 0 and the key positions of largest attention, row after row, -1 where there "
            "is none; null where attention was not kept",
            nullable=True,
        ),
        field("weights", pa.list_(pa.float16()), "[T*K] their attention weights", nullable=True),
        field(
            "value_norm",
            pa.list_(pa.float16()),
            "[T] norm of what the head would write if it attended to this token alone, |v W_O|",
            nullable=True,
        ),
        *(
            field(metric, pa.float32(), "head metric of this window", nullable=True)
            for metric in HEAD_METRICS
        ),
    ]
)

EVENTS = pa.schema(
    [
        *HEAD,
        field("split", pa.string(), "split of the window"),
        field(
            "kind", pa.string(), "top, quantile (by peak salience) or random (same for all heads)"
        ),
        field("rank", pa.int16(), "order within split and kind, from 0"),
        field("window", pa.int32(), "window of the exemplar"),
        field("document", pa.string(), "document of the window"),
        field("context_kind", pa.string(), "kind of text: code, prose, table or other"),
        field("query", pa.int16(), "position of largest salience, position 0 left out"),
        field("peak", pa.float32(), "salience there"),
        field("tokens", pa.list_(pa.int32()), "[T] token ids"),
        field("pieces", pa.list_(pa.string()), "[T] text of each token"),
        field("salience", pa.list_(pa.float32()), "[T] salience of each token"),
        field("keys", pa.list_(pa.int16()), "[T*K] key 0 and the largest others, -1 for none"),
        field("weights", pa.list_(pa.float32()), "[T*K] their attention weights"),
        field("value_norm", pa.list_(pa.float32()), "[T] |v W_O| of each token"),
    ]
)

STATS = pa.schema(
    [
        *HEAD,
        field("metric", pa.string(), "head metric"),
        field("value", pa.float32(), "mean over the sampled windows"),
        field("low", pa.float32(), "2.5 % quantile of the bootstrap over windows"),
        field("high", pa.float32(), "97.5 % quantile"),
        field("n", pa.int32(), "windows"),
    ]
)

REPEATS = pa.schema(
    [
        *HEAD,
        field("metric", pa.string(), "prefix_matching, duplicate_token, previous_token or sink"),
        field("value", pa.float32(), "mean attention, over the queries of the second saying"),
    ]
)

PROBES = pa.schema(
    [
        *HEAD,
        field("case", pa.int16(), "number of the test text, from 0"),
        field("positive", pa.bool_(), "whether the explanation says the head is active in it"),
        field("text", pa.string(), "the test text"),
        field("pieces", pa.list_(pa.string()), "[T] text of each token as the model saw it"),
        field("salience", pa.list_(pa.float32()), "[T] measured salience of each token"),
        field("peak", pa.float32(), "largest salience, position 0 left out"),
        field("mean", pa.float32(), "mean salience, position 0 left out"),
    ]
)

USAGE = pa.schema(
    [
        field("model", pa.string(), "name of the model, or of its twin with random weights"),
        field("corpus", pa.string(), "name of the corpus"),
        field("explainer", pa.string(), "name of the explainer"),
        field("round", pa.int16(), "round of refinement, from 0"),
        *HEAD,
        field("step", pa.string(), "explain: proposing and choosing; judge: on test text"),
        field("calls", pa.int32(), "replies, those that could not be used among them"),
        field("retries", pa.int32(), "attempts that failed and were repeated"),
        field("input_tokens", pa.int64(), "tokens of the prompts"),
        field("output_tokens", pa.int64(), "tokens of the replies"),
        field("dollars", pa.float64(), "null where the replies have no price", nullable=True),
        field("seconds", pa.float64(), "sum of the latencies of all replies"),
    ]
)

SCORES = pa.schema(
    [
        field("model", pa.string(), "name of the model in the configuration"),
        field("corpus", pa.string(), "name of the corpus"),
        field("explainer", pa.string(), "name of the explainer"),
        field("round", pa.int16(), "round of refinement, from 0"),
        *HEAD,
        field("split", pa.string(), "text it was measured on: validation, test or probes"),
        field("metric", pa.string(), "name of the score"),
        field("value", pa.float64(), "null where it cannot be computed", nullable=True),
        field("low", pa.float64(), "lower end of the 95 % interval", nullable=True),
        field("high", pa.float64(), "upper end", nullable=True),
        field("n", pa.int32(), "observations"),
        field("reason", pa.string(), "why there is no value", nullable=True),
    ]
)

ESTIMATE = pa.schema(
    [
        field("model", pa.string(), "name of the model in the configuration"),
        field("corpus", pa.string(), "name of the corpus"),
        field("explainer", pa.string(), "name of the explainer"),
        field("task", pa.string(), "explain or judge"),
        field("endpoint", pa.string(), "name of the language model that is asked"),
        field("heads", pa.int32(), "heads asked about, those with random weights among them"),
        field("calls", pa.int64(), "replies, if none has to be asked for again"),
        field("input_tokens", pa.int64(), "of all prompts, about"),
        field("output_tokens", pa.int64(), "of all replies, about"),
        field("dollars", pa.float64(), "null where the endpoint has no prices", nullable=True),
    ]
)
