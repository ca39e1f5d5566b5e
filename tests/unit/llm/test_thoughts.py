"""What a model that reasons says, and what it only thought."""

import pytest

from headatlas.llm.thoughts import without_thoughts


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (" yes \n", "yes"),
        ("<think>no</think>\n yes", "yes"),
        ("<think>no", ""),  # cut off, or never closed: a draft is no answer
        ("<think>no</think>", ""),
        ("no\n</think>yes", "yes"),  # the opening tag is in the prompt
        ("<think>no <think> no</think>yes", "yes"),
        ("<think>no</think><think>no</think>yes", "yes"),
        ("<THINK>no</Think>yes", "yes"),
        ("[THINK]no[/THINK]yes", "yes"),
        ("<reasoning>no</reasoning>yes", "yes"),
        ("yes <think>no</think>", "yes <think>no</think>"),  # it has begun to answer
        ("yes, about <think> tags", "yes, about <think> tags"),
        ('{"a": "</think>"}', '{"a": "</think>"}'),
        ('<think>{}</think>{"a": "</think>"}', '{"a": "</think>"}'),
        ("```\n</think>\n```", "```\n</think>\n```"),
        ("", ""),
    ],
)
def test_what_is_said_after_the_thoughts(text: str, said: str) -> None:
    assert without_thoughts(text) == said
