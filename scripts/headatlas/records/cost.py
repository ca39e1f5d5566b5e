"""What each run of a sweep cost."""

import pyarrow as pa

from .columns import field

COST = pa.schema(
    [
        field("model", pa.string(), "name of the model; empty for what is about all models"),
        field("corpus", pa.string(), "name of the corpus; empty for what is about all"),
        field("explainer", pa.string(), "name of the explainer; empty for what is about all"),
        field("rule", pa.string(), "rule of the workflow"),
        field("jobs", pa.int32(), "jobs measured"),
        field("seconds", pa.float64(), "wall time of all jobs together"),
        field("longest", pa.float64(), "wall time of the longest job, in seconds"),
        field("cpu_seconds", pa.float64(), "processor time, where it was seen", nullable=True),
        field("memory", pa.float64(), "peak resident memory of a job in MiB", nullable=True),
        field("seconds_per_head", pa.float64(), "wall time by head of the model", nullable=True),
        field("calls", pa.int32(), "replies of language models"),
        field("input_tokens", pa.int64(), "tokens of their prompts"),
        field("output_tokens", pa.int64(), "tokens of the replies"),
        field("dollars", pa.float64(), "their price; null where it is not known", nullable=True),
        field("dollars_per_head", pa.float64(), "by head of the model", nullable=True),
    ]
)
