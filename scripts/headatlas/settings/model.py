"""An entry of `models`: a transformer, and which of its heads are studied."""

from typing import Annotated, Any, Literal

from pydantic import Field, WithJsonSchema

from .base import Settings, Text


def _all_or_list_of(items: dict[str, Any]) -> WithJsonSchema:
    return WithJsonSchema(
        {
            "type": ["string", "array"],
            "pattern": "^all$",
            "minItems": 1,
            "uniqueItems": True,
            "items": items,
        }
    )


_LAYER = {"type": "integer", "minimum": 0, "maximum": 2**15 - 1}
_HEAD = {
    "title": "a head such as L00H03",
    "type": "string",
    "pattern": "^L([0-9]{2}|[1-9][0-9]{2,})H([0-9]{2}|[1-9][0-9]{2,})$",
}


class Model(Settings):
    """A transformer, whose shape is stated so that the jobs of a run are known before it begins."""

    source: Text = Field(
        description="name of the model on the Hugging Face hub, a folder in hub format, or a GGUF "
        "file"
    )
    revision: Text | None = Field(
        default=None, description="branch, tag or commit on the hub; null for the newest"
    )
    n_layers: int = Field(ge=1, le=2**15, description="number of its layers")
    n_heads: int = Field(ge=1, le=2**15, description="number of attention heads in a layer")
    context: int = Field(
        ge=6,
        le=2**31 - 1,
        description="longest input in tokens",
        title="a whole number from 6, below which a head has too few keys to choose from",
    )
    dtype: Literal["float32", "float16", "bfloat16"] = Field(
        default="float32", description="number format of the weights while the model runs"
    )
    bos: Literal["prepend", "none"] = Field(
        default="prepend",
        description="whether every window begins with the beginning-of-text token",
    )
    layers: Annotated[str | list[int], _all_or_list_of(_LAYER)] = Field(
        default="all",
        description="layers to explain",
        title="all, or a list of layers such as [0, 1], each once",
    )
    heads: Annotated[str | list[str], _all_or_list_of(_HEAD)] = Field(
        default="all",
        description="heads to explain, within the layers",
        title="all, or a list of heads such as [L00H03, L01H11], each once",
    )
    roles: Text | None = Field(
        default=None,
        description="table of heads with published roles, which the atlas is held against",
        title="a CSV file such as workflow/resources/roles/gpt2.csv, or null",
    )
