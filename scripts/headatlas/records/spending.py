"""What language models cost, and what they are expected to."""

import pyarrow as pa

from .columns import HEAD, field

USAGE = pa.schema(
    [
        field("model", pa.string(), "name of the model, or of its twin with random weights"),
        field("corpus", pa.string(), "name of the corpus"),
        field("explainer", pa.string(), "name of the explainer"),
        field("round", pa.int16(), "round of refinement, from 0"),
        *HEAD,
        field(
            "step",
            pa.string(),
            "explain: explanations and the choice of one; propose: features to a search; judge: "
            "on test text",
        ),
        field("calls", pa.int32(), "replies, those that could not be used among them"),
        field("retries", pa.int32(), "attempts that failed and were repeated"),
        field("input_tokens", pa.int64(), "tokens of the prompts"),
        field("output_tokens", pa.int64(), "tokens of the replies"),
        field("dollars", pa.float64(), "null where the replies have no price", nullable=True),
        field("seconds", pa.float64(), "sum of the latencies of all replies"),
    ]
)

ESTIMATE = pa.schema(
    [
        field("model", pa.string(), "name of the model in the configuration"),
        field("corpus", pa.string(), "name of the corpus"),
        field("explainer", pa.string(), "name of the explainer"),
        field("task", pa.string(), "explain, propose, judge, fuzzing or simulation"),
        field("endpoint", pa.string(), "name of the language model that is asked"),
        field("heads", pa.int32(), "heads asked about, those with random weights among them"),
        field("calls", pa.int64(), "replies, if none has to be asked for again"),
        field("input_tokens", pa.int64(), "of all prompts, about"),
        field("output_tokens", pa.int64(), "of all replies, about"),
        field("dollars", pa.float64(), "null where the endpoint has no prices", nullable=True),
    ]
)
