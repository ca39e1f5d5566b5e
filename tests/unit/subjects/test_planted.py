"""Planted subjects do what their answer key says, as the workflow sees it: through the bridge."""

import functools
import itertools
import keyword
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import pytest
import torch
from jaxtyping import Bool

from headatlas.corpora.python_docs import python_documents
from headatlas.explainers.symbolic.context import Context
from headatlas.explainers.symbolic.evaluate import holds, keys_of
from headatlas.explainers.symbolic.language import parse_source, parse_trigger
from headatlas.storage import read_record
from headatlas.subjects.loading import load_subject
from headatlas.subjects.planted.answer_key import ANSWER_KEY, AnswerKey, PlantedHead
from headatlas.subjects.planted.build import plant
from headatlas.subjects.planted.noise import factor_for, moved, softmax, spread
from headatlas.subjects.planted.plan import place_roles
from headatlas.subjects.planted.roles import CARRIER, ROLES
from headatlas.subjects.planted.vocabulary import token_codes
from headatlas.tokens.pieces import pieces_of
from headatlas.tokens.tokenizer import encode, open_tokenizer

pytestmark = pytest.mark.slow

TOKENS = 128
Keys = Bool[np.ndarray, "query key"]


# What every role says, from the text alone and by the plainest means: for a query, its keys.
# ----------------------------------------------------------------------------------------------
Definition = Callable[[Sequence[str], int], list[int]]


def back(distance: int) -> Definition:
    return lambda text, q: [q - distance] if q - distance >= 1 else []


def members(belongs: Callable[[str], bool], *, last: bool, shift: int = 0) -> Definition:
    def keys(text: Sequence[str], q: int) -> list[int]:
        found = [k for k in range(1 + shift, q + 1) if belongs(text[k - shift])]
        return found[-1:] if last else found

    return keys


def same(*, last: bool, shift: int = 0) -> Definition:
    def keys(text: Sequence[str], q: int) -> list[int]:
        found = [k + shift for k in range(1, q) if text[k] == text[q]]
        return found[-1:] if last else found

    return keys


def only(belongs: Callable[[str], bool], definition: Definition) -> Definition:
    return lambda text, q: definition(text, q) if belongs(text[q]) else []


def either(belongs: Callable[[str], bool], yes: Definition, no: Definition) -> Definition:
    return lambda text, q: (yes if belongs(text[q]) else no)(text, q)


def first_of(*definitions: Definition) -> Definition:
    return lambda text, q: next((keys for d in definitions if (keys := d(text, q))), [])


def newline(piece: str) -> bool:
    return piece == "\n"


def capitalised(piece: str) -> bool:
    word = piece.strip()
    return word[:1].isupper() and (word[1:] == "" or any(c.islower() for c in word))


def punctuation(piece: str) -> bool:
    return piece.strip() in tuple(".,;:!?")


def opening(piece: str) -> bool:
    return piece.strip() in ("(", "[", "{")


def delimiter(piece: str) -> bool:
    return piece.strip() in tuple(".,;:!?()[]{}\"'`") or newline(piece)


def spaced_keyword(piece: str) -> bool:
    return piece.startswith(" ") and keyword.iskeyword(piece[1:])


DEFINITIONS: dict[str, Definition] = {
    "carrier": back(1),
    "previous_token": back(1),
    "two_back": back(2),
    "three_back": back(3),
    "current_token": back(0),
    "first_token": lambda text, q: [0],
    "everything": lambda text, q: list(range(q + 1)),
    "last_same_token": same(last=True),
    "all_same_token": same(last=False),
    "induction": same(last=False, shift=1),
    "last_induction": same(last=True, shift=1),
    "after_delimiter": members(delimiter, last=True, shift=1),
    "last_newline": members(newline, last=True),
    "last_opening": members(opening, last=True),
    "last_digit": members(lambda piece: piece.strip().isdigit(), last=True),
    "last_capitalised": members(capitalised, last=True),
    "all_punctuation": members(punctuation, last=False),
    "last_keyword": members(spaced_keyword, last=True),
    "previous_or_newline": either(delimiter, back(1), members(newline, last=True)),
    "newline_or_previous": first_of(only(delimiter, members(newline, last=True)), back(1)),
    "newline_at_punctuation": only(punctuation, members(newline, last=True)),
    "previous_at_capitalised": only(capitalised, back(1)),
    "induction_at_delimiter": only(delimiter, same(last=False, shift=1)),
}
# ----------------------------------------------------------------------------------------------


def build(noise: str, folder: Path) -> None:
    plant(3, noise, [document.text for document in python_documents(held_out=False)], folder)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("planted")
    build("none", path)
    return path


@pytest.fixture(scope="module")
def answers(folder: Path) -> AnswerKey:
    return read_record(folder / ANSWER_KEY, AnswerKey)


class Run:
    """Windows of a kind, and every head's attention and writing in them."""

    def __init__(self, folder: Path, tokens: list[list[int]]):
        self.tokens = tokens
        tokenizer = open_tokenizer(str(folder))
        self.pieces = [tuple(pieces_of(tokenizer, row)) for row in tokens]
        bridge = load_subject(str(folder), None, dtype="float32", device="cpu")
        names = [f"blocks.{n}.attn.hook_{what}" for n in range(4) for what in ("pattern", "z")]
        with torch.inference_mode():
            _, cache = bridge.run_with_cache(torch.tensor(tokens), names_filter=names)
        self.attention = np.stack([cache[name].numpy() for name in names[::2]], axis=1)
        written = []
        for n, name in enumerate(names[1::2]):
            z = cache[name].reshape(len(tokens), TOKENS, 8, 64)
            written.append(torch.einsum("wqhd,hdm->whqm", z, bridge.blocks[n].attn.W_O.detach()))
        self.activation = torch.stack(written, dim=1).norm(dim=-1).numpy()


@pytest.fixture(scope="module")
def real(folder: Path) -> Run:
    tokenizer = open_tokenizer(str(folder))
    rows = []
    for document in itertools.islice(python_documents(held_out=True), 0, None, 8):
        tokens = encode(tokenizer, document.text[:4000])
        if len(tokens) >= TOKENS - 1:
            rows.append([0, *tokens[: TOKENS - 1]])
    return Run(folder, rows)


@pytest.fixture(scope="module")
def shuffled(folder: Path, real: Run) -> Run:
    """The same tokens in random order, mixed across windows: no regularity of text is left."""
    flat = np.random.default_rng(0).permutation(np.array(real.tokens)[:, 1:].ravel())
    rows = flat.reshape(len(real.tokens), TOKENS - 1)
    return Run(folder, [[0, *row] for row in rows.tolist()])


@functools.cache
def ideal(role: str, text: tuple[str, ...]) -> Keys:
    keys = np.zeros((TOKENS, TOKENS), bool)
    for query in range(1, TOKENS):
        keys[query, DEFINITIONS[role](text, query)] = True
    return keys


def mass(run: Run, head: PlantedHead) -> float:
    """Mean attention on the keys that the role names, over the queries at which it names any."""
    found = []
    for row, text in enumerate(run.pieces):
        keys = ideal(head.role, text)
        attention = run.attention[row, head.layer, head.head]
        found += (attention * keys).sum(axis=1)[keys.any(axis=1)].tolist()
    return float(np.mean(found))


@pytest.mark.parametrize("kind", ["real", "shuffled"])
def test_every_planted_head_attends_where_its_role_says(
    kind: str, answers: AnswerKey, request: pytest.FixtureRequest
) -> None:
    run = request.getfixturevalue(kind)
    masses = {h.role: mass(run, h) for h in answers.heads if h.role != "noise"}
    assert set(masses) == set(DEFINITIONS)
    assert not {role: m for role, m in masses.items() if m < 0.95}


def test_where_a_role_names_no_key_its_head_rests_and_writes_nothing(
    real: Run, answers: AnswerKey
) -> None:
    for head in (h for h in answers.heads if h.role != "noise"):
        idle = np.array([~ideal(head.role, text).any(axis=1) for text in real.pieces])
        idle[:, 0] = False
        if idle.any():
            at = np.s_[:, head.layer, head.head]
            assert real.attention[at][idle, 0].mean() > 0.95, head.role
            assert real.activation[at][idle].mean() < 0.05, head.role


def test_a_head_that_acts_writes_a_vector_of_norm_1(real: Run, answers: AnswerKey) -> None:
    head = next(h for h in answers.heads if h.role == "previous_at_capitalised")
    acts = np.array([ideal(head.role, text).any(axis=1) for text in real.pieces])
    np.testing.assert_allclose(real.activation[:, head.layer, head.head][acts], 1, atol=0.01)


def test_rules_of_the_answer_key_name_the_keys_of_the_role(real: Run, answers: AnswerKey) -> None:
    """The symbolic language, the program that executes it and the role mean the same."""
    for head in answers.heads:
        if head.role in ("noise", "everything") or not head.exact:
            continue
        for tokens, text in zip(real.tokens, real.pieces, strict=True):
            context = Context(tokens, text)
            keys = np.zeros((TOKENS, TOKENS), bool)
            for rule in head.rules:
                found = keys_of(parse_source(rule.source), context)
                free = holds(parse_trigger(rule.trigger), context) & ~keys.any(axis=1)
                keys |= found & free[:, None]
            np.testing.assert_array_equal(keys[2:], ideal(head.role, text)[2:], err_msg=head.role)


def test_coverage_is_the_attention_of_the_rules_on_any_text_of_the_kind(
    real: Run, answers: AnswerKey
) -> None:
    for head in answers.heads:
        if head.role not in ("noise", "first_token", "last_digit"):
            acts = 1 - real.attention[:, head.layer, head.head, 1:, 0].mean()
            assert sum(r.coverage for r in head.rules) == pytest.approx(acts, abs=0.15), head.role


def test_noise_heads_follow_no_role(real: Run, answers: AnswerKey) -> None:
    """No role's keys get three times their chance from a head of random weights."""
    chance_of = {
        role: np.mean([c for text in real.pieces for c in _chances(role, text)])
        for role in DEFINITIONS
    }
    noise = [h for h in answers.heads if h.role == "noise"]
    assert len(noise) == 9
    for head in noise:
        for role, chance in chance_of.items():
            if role != "everything":
                assert mass(real, head.model_copy(update={"role": role})) < 3 * chance, role


def _chances(role: str, text: tuple[str, ...]) -> list[float]:
    keys = ideal(role, text)
    return [keys[q].sum() / (q + 1) for q in range(1, TOKENS) if keys[q].any()]


@pytest.mark.parametrize(("strength", "share"), [("medium", 0.25), ("high", 0.5)])
def test_noise_moves_the_share_of_the_attention_that_it_is_defined_by(
    strength: str, share: float, tmp_path: Path, real: Run, answers: AnswerKey
) -> None:
    build(strength, tmp_path)
    noisy = Run(tmp_path, real.tokens)
    found = read_record(tmp_path / ANSWER_KEY, AnswerKey)
    assert (found.noise, found.moved) == (strength, share)
    lost = []
    for head, clean in zip(found.heads, answers.heads, strict=True):
        assert (head.layer, head.head, head.role) == (clean.layer, clean.head, clean.role)
        at = np.s_[:, head.layer, head.head]
        if head.role not in ("noise", "carrier"):
            lost.append(moved(real.attention[at], noisy.attention[at]))
            assert lost[-1] == pytest.approx(share, abs=0.25), head.role
    assert np.mean(lost) == pytest.approx(share, abs=0.05)


def test_the_same_seed_gives_the_same_bytes_and_another_seed_other_places(
    folder: Path, answers: AnswerKey, tmp_path: Path
) -> None:
    build("none", tmp_path / "again")
    names = sorted(path.name for path in folder.iterdir())
    assert names == sorted(path.name for path in (tmp_path / "again").iterdir())
    for name in names:
        assert (folder / name).read_bytes() == (tmp_path / "again" / name).read_bytes(), name


def test_roles_are_placed_by_the_seed_and_readers_after_the_carrier() -> None:
    plans = [place_roles(np.random.default_rng([seed, 1])) for seed in range(50)]
    for plan in plans:
        roles = [role for role in plan.values() if role]
        assert sorted(r.name for r in roles) == sorted(r.name for r in (CARRIER, *ROLES))
        layer = {role.name: place[0] for place, role in plan.items() if role}
        readers = [r.name for r in ROLES if r.needs_carrier]
        assert all(layer[name] > layer["carrier"] for name in readers)
    places = {name: set() for name in DEFINITIONS}
    for plan in plans:
        for place, role in plan.items():
            if role:
                places[role.name].add(place)
    assert min(map(len, places.values())) >= 10


def test_codes_of_two_tokens_differ_in_at_least_8_of_24_places() -> None:
    codes = token_codes(np.random.default_rng(0))
    products = codes @ codes.T
    assert not codes[0].any()
    assert (np.diag(products)[1:] == 24).all()
    np.fill_diagonal(products, 0)
    assert products.max() == 8


def test_noise_is_scaled_to_the_share_it_moves() -> None:
    rng = np.random.default_rng(0)
    logits, noise = 3 * rng.normal(size=(2, 4, 16, 16))
    factor = factor_for(0.25, logits, noise)
    assert moved(softmax(logits), softmax(logits + factor * noise)) == pytest.approx(0.25, abs=0.01)
    assert spread(factor * noise) == pytest.approx(factor * spread(noise))
