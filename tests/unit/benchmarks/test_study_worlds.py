"""What a scripted model sees of the variant of a study, in the prompts as they are."""

import re

import pytest
from places import GOLDEN
from study_worlds import shown_in


def asked(name: str) -> dict[str, object]:
    """The request of a golden prompt."""
    text = (GOLDEN / f"llm_prompt_{name}.txt").read_text()
    parts = re.split(r"^=== (system|user|assistant)\n", text, flags=re.MULTILINE)[1:]
    messages = [{"role": r, "content": c} for r, c in zip(parts[::2], parts[1::2], strict=True)]
    return {"model": "m", "messages": messages}


@pytest.mark.parametrize(
    ("name", "table", "worked", "reasoned"),
    [
        ("marked", False, 0, False),
        ("marked_few_shot", False, 3, False),
        ("table_few_shot", True, 1, False),
        ("reasoned", False, 1, True),
    ],
)
def test_a_prompt_tells_what_it_shows(name: str, table: bool, worked: int, reasoned: bool) -> None:
    shown = shown_in(asked(name))
    assert (shown.table, shown.worked, shown.reasoned) == (table, worked, reasoned)
    assert shown.exemplars > 0 and shown.previous is None
