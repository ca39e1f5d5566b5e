"""An entry of `studies`: which settings are varied, over which run, on which heads."""

from typing import Annotated, Any, Literal

from pydantic import Field, JsonValue, WithJsonSchema

from .base import Settings, Text

Part = Literal["model", "corpus", "explainer", "clustering"]
_PARTS = "model, corpus, explainer, clustering"


def _named(pattern: str, title: str, **more: Any) -> dict[str, Any]:
    return {"type": "object", "propertyNames": {"pattern": pattern, "title": title}, **more}


Base = Annotated[
    dict[Part, Text],
    WithJsonSchema(
        _named(
            "^(model|corpus|explainer|clustering)$",
            _PARTS,
            additionalProperties={"type": "string", "minLength": 1},
        )
    ),
]
Varied = Annotated[
    dict[str, list[JsonValue]],
    WithJsonSchema(
        _named(
            r"^((model|corpus|explainer|clustering)(\.[a-z_0-9]+)?|(endpoint|judge)\.[a-z_0-9]+)$",
            f"{_PARTS}, whose values are names; or a key of one of them or of the explainer's "
            "endpoint or judge, such as explainer.candidates or endpoint.temperature. A key of the "
            "model makes another model, whose heads are drawn anew and compared unpaired. What all "
            "runs share, such as events and scoring, cannot be varied",
            additionalProperties={
                "type": "array",
                "minItems": 1,
                "maxItems": 20,
                "uniqueItems": True,
                "title": "a list of 1 to 20 values, each once",
            },
            minProperties=1,
            maxProperties=3,
        )
    ),
]


class Study(Settings):
    """Variants of one run, each compared with it."""

    of: Base = Field(
        default={},
        description="the run that is varied, by the names of its parts; those that are left out "
        "are the first of the sweep",
    )
    heads: Annotated[
        str | int,
        WithJsonSchema(
            {"type": ["string", "integer"], "pattern": "^all$"}
            | {"minimum": 2, "maximum": 1_000_000}
        ),
    ] = Field(
        default="all",
        description="heads of each model that are studied, the same in every variant; all of a "
        "model that has no more",
        title="all, or a number of heads from 2, which are drawn by family and layer",
    )
    vary: Varied = Field(
        description="one to three settings with their values, every combination of which is a "
        "variant; the value of the run itself need not be among them",
        title="one to three settings, each with a list of values",
    )
