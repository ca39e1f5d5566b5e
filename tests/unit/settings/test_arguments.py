"""Settings as flags: what they mean, allow and default to is what the configuration says."""

import argparse
import shlex
from typing import Annotated, Any, Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import Field, TypeAdapter

from headatlas.configuration import flags
from headatlas.errors import InputError
from headatlas.settings.arguments import add_kinds, add_settings, entry_of, json_reader, settings_of
from headatlas.settings.base import Settings, Text
from headatlas.settings.schema import schema_of


class Drink(Settings):
    """A field of each sort."""

    name: Text = Field(description="100 % what is ordered")
    cups: int = Field(default=2, ge=1, le=9, description="how many")
    share: float = Field(default=0.5, gt=0, description="of milk")
    size: Literal["small", "large"] = Field(default="small", description="of a cup")
    sugar: bool = Field(default=True, description="whether it is sweet")
    note: Text | None = Field(default=None, description="null for none")
    place: str = Field(
        default="here", pattern="^(here|there)$", title="here, there", description=""
    )


class Hot(Settings):
    """A kind."""

    kind: Literal["hot"] = Field(description="from the stove")
    cups: int = Field(default=2, ge=1, description="how many")
    degrees: int = Field(description="of the water")


class Cold(Settings):
    """Another kind."""

    kind: Literal["cold"] = Field(description="from the cellar")
    cups: int = Field(default=2, ge=1, description="how many")
    ice: list[str] | str = Field(default=[], description="cubes by name")
    drink: Drink = Field(default=Drink(name="water"), description="a section")


def parser(*names: str) -> argparse.ArgumentParser:
    made = argparse.ArgumentParser(prog="order")
    add_settings(made, Drink, *names)
    return made


def test_flags_have_the_defaults_of_the_fields() -> None:
    assert settings_of(parser().parse_args(["--name", "tea"]), Drink) == Drink(name="tea")
    assert vars(parser("cups", "note").parse_args([])) == {"cups": 2, "note": None}


def test_help_tells_meaning_choices_and_default() -> None:
    said = " ".join(parser().format_help().split())
    assert "--cups CUPS how many (default: 2)" in said
    assert "--size {small,large} of a cup (default: small)" in said
    assert "--name NAME 100 % what is ordered" in said
    assert "--sugar, --no-sugar whether it is sweet (default: True)" in said


@pytest.mark.parametrize(
    ("words", "problem"),
    [
        ("", "the following arguments are required: --name"),
        (
            "--cups 0",
            "--cups: '0' is not allowed; allowed: a whole number, at least 1 and at most 9",
        ),
        ("--cups 2.5", "--cups: '2.5' is not allowed; allowed: a whole number, at least 1"),
        ("--share nan", "--share: 'nan' is not allowed; allowed: a number, above 0"),
        ("--name=", "--name: '' is not allowed; allowed: text, not empty"),
        ("--place away", "--place: 'away' is not allowed; allowed: here, there"),
        ("--size huge", "--size: invalid choice: 'huge' (choose from 'small', 'large')"),
    ],
)
def test_what_a_field_refuses_its_flag_refuses_in_the_same_words(
    words: str, problem: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit):
        parser().parse_args(words.split())
    assert problem in capsys.readouterr().err


def test_kinds_share_a_parser_and_sections_are_left_out() -> None:
    made = argparse.ArgumentParser()
    add_kinds(made, [Hot, Cold])
    args = made.parse_args(["--kind", "cold", "--ice=-a", "--ice", "b c"])
    assert vars(args) == {"kind": "cold", "cups": 2, "degrees": None, "ice": ["-a", "b c"]}
    given = Cold(kind="cold", ice=["-a", "b c"])
    assert entry_of(args, [Hot, Cold]) == given
    with pytest.raises(InputError, match=r"^--kind hot needs --degrees$"):
        entry_of(made.parse_args(["--kind", "hot"]), [Hot, Cold])
    said = " ".join(made.format_help().split())
    assert "hot: from the stove; cold: from the cellar" in said
    assert "--degrees DEGREES hot: of the water" in said
    assert "--cups CUPS how many (default: 2)" in said


ORDERS = st.fixed_dictionaries(
    {
        "name": st.text(
            st.characters(exclude_categories=["Cs"], exclude_characters="\0"), min_size=1
        ),
        "cups": st.integers(1, 9),
        "share": st.floats(0, exclude_min=True, allow_nan=False, allow_infinity=False),
        "size": st.sampled_from(["small", "large"]),
        "sugar": st.booleans(),
        "note": st.none() | st.sampled_from(["--cups=3", "-n", "$(touch x)", "a 'b' \"c\""]),
        "place": st.sampled_from(["here", "there"]),
    }
)


@given(ORDERS)
def test_what_rules_write_scripts_read(order: dict[str, Any]) -> None:
    args = parser().parse_args(shlex.split(flags(order)))
    assert settings_of(args, Drink) == Drink(**order)


def test_json_that_is_not_allowed_is_named() -> None:
    read = json_reader("--drinks", TypeAdapter(dict[str, Drink]).validate_json)
    assert read('{"one": {"name": "tea"}}') == {"one": Drink(name="tea")}
    with pytest.raises(InputError, match=r"^--drinks.one.name: Field required, found \{\}$"):
        read('{"one": {}}')


def test_schema_stands_in_one_piece_and_tells_kinds() -> None:
    class Order(Settings):
        """Sections, entries and kinds."""

        drink: Drink = Field(default=Drink(name="tea"), description="a section")
        others: dict[str, Annotated[Hot | Cold, Field(discriminator="kind")]] = Field(
            description="entries of several kinds"
        )

    made = schema_of(Order)
    assert "$defs" not in made and made["additionalProperties"] is False
    drink, others = (made["properties"][name] for name in ("drink", "others"))
    assert drink["description"] == "a section" and drink["required"] == ["name"]
    assert drink["properties"]["cups"] == {
        "type": "integer",
        "minimum": 1,
        "maximum": 9,
        "default": 2,
        "description": "how many",
    }
    assert drink["properties"]["note"]["type"] == ["string", "null"]
    assert drink["properties"]["place"]["title"] == "here, there"
    entry = others["additionalProperties"]
    assert entry["properties"] == {"kind": {"enum": ["hot", "cold"]}}
    assert [branch["properties"]["kind"]["const"] for branch in entry["oneOf"]] == ["hot", "cold"]
