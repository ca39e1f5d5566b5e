"""A planted subject: weights from code, a tokenizer and the answer key, in a folder."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch
from jaxtyping import Float, Int
from transformers import GPT2Config, GPT2LMHeadModel, PreTrainedTokenizerBase
from transformers.models.gpt2.modeling_gpt2 import GPT2Attention
from transformers.utils.logging import disable_progress_bar

from ...storage import write_record
from ...tokens.pieces import pieces_of
from ...tokens.tokenizer import encode
from .answer_key import ANSWER_KEY, AnswerKey, PlantedHead, TrueRule
from .circuits import D_HEAD, Circuit
from .noise import HEAD_OF_NOISE, STRENGTHS, factor_for, softmax, spread
from .plan import HEADS, LAYERS, place_roles
from .residual import CONSTANT, FEATURES, doubled, feature, position_embedding, token_embedding
from .roles import CARRIER, Role
from .vocabulary import CONTEXT, VOCABULARY, token_codes, train_tokenizer

EVERY = 8  # text is read; the tokenizer learns no more from all
# LayerNorm divides by the root mean square of the stream, which is the constant's.
GAIN = CONSTANT * FEATURES**-0.5
_WINDOWS, _WINDOW_TOKENS = 16, 128  # the sample on which noise and coverage are measured
Stream = Float[np.ndarray, "window token feature"]


def plant(seed: int, noise: str, texts: Sequence[str], folder: Path) -> None:
    """Write the subject of a seed and a noise strength, and its answer key, to `folder`.

    From some of the `texts` the tokenizer learns its words, and on their beginnings noise and
    coverage are measured. The same arguments give the same bytes.
    """
    texts = texts[::EVERY]
    tokenizer = train_tokenizer(texts)
    pieces = pieces_of(tokenizer, range(VOCABULARY))
    tokens = token_embedding(pieces, token_codes(np.random.default_rng([seed, 0])))
    stream = tokens[sample_of(tokenizer, texts)] + position_embedding()[:_WINDOW_TOKENS]
    circuits: dict[tuple[int, int], Circuit] = {}
    answers = []
    for (layer, head), role in place_roles(np.random.default_rng([seed, 1])).items():
        rng = np.random.default_rng([seed, 2, layer, head])
        circuit, rules, nats = _head(role, STRENGTHS[noise], stream, rng)
        if role is CARRIER:  # later heads of this layer read none of it
            stream = stream + softmax(circuit.logits(stream)) @ (
                stream @ circuit.value @ circuit.output
            )
        circuits[layer, head] = circuit
        answers.append(_answer(layer, head, role, rules, nats))
    save_model(circuits, tokens, LAYERS, folder)
    tokenizer.save_pretrained(folder)
    write_record(
        folder / ANSWER_KEY,
        AnswerKey(
            seed=seed,
            noise=noise,
            moved=STRENGTHS[noise],
            fallback="the first token",
            heads=answers,
        ),
    )


def sample_of(
    tokenizer: PreTrainedTokenizerBase, texts: Sequence[str]
) -> Int[np.ndarray, "window token"]:
    """Windows of text, BOS first, each from the beginning of another document."""
    own = _WINDOW_TOKENS - 1
    beginnings = (encode(tokenizer, text[: 10 * own]) for text in texts)
    rows = [[0, *tokens[:own]] for tokens in beginnings if len(tokens) >= own]
    return np.array([rows[i * len(rows) // _WINDOWS] for i in range(_WINDOWS)])


def _head(
    role: Role | None, share: float, stream: Stream, rng: np.random.Generator
) -> tuple[Circuit, list[TrueRule], float]:
    """Weights of a head, its rules, and the s.d. of the noise on its logits in nats."""
    circuit = Circuit()
    if role is CARRIER:
        circuit.carry()
    else:
        circuit.write_token(rng)
    if role:
        role.build(circuit)
    logits = circuit.logits(stream)
    rules = _true_rules(role, softmax(logits), stream) if role else []
    if role is CARRIER or (role and not share):
        return circuit, rules, 0.0
    circuit.add_noise(rng)
    noise = circuit.noise(stream)
    factor = factor_for(share, logits, noise) if role else HEAD_OF_NOISE / spread(noise)
    circuit.scale_noise(factor)
    return circuit, rules, factor * spread(noise)


def _true_rules(
    role: Role, ideal: Float[np.ndarray, "window query key"], stream: Stream
) -> list[TrueRule]:
    """The rules of a role with their share of the attention of the head without noise."""
    free = np.ones(ideal.shape[:2], bool)
    free[:, 0] = False
    rules = []
    for rule in role.rules:
        decided = free & (stream[..., feature(rule.when)] > 0 if rule.when else True)
        on_first = ideal[..., 0] if rule.source == "first_token" else 1 - ideal[..., 0]
        coverage = float((on_first * decided)[:, 1:].mean())
        rules.append(
            TrueRule(source=rule.source, trigger=rule.trigger, coverage=round(coverage, 6))
        )
        free &= ~decided
    return rules


def _answer(
    layer: int, head: int, role: Role | None, rules: list[TrueRule], nats: float
) -> PlantedHead:
    return PlantedHead(
        layer=layer,
        head=head,
        role=role.name if role else "noise",
        words=role.words if role else "nothing that has a name: its weights are random",
        rules=rules,
        exact=role.exact if role else True,
        noise_nats=round(nats, 6),
    )


def save_model(
    circuits: dict[tuple[int, int], Circuit],
    tokens: Float[np.ndarray, "token feature"],
    layers: int,
    folder: Path,
    unembedding: Float[np.ndarray, "token feature"] | None = None,
) -> None:
    """Write a GPT-2 of these heads; its MLPs add nothing.

    Without an `unembedding`, which makes logits of features, what it says means nothing.
    """
    config = GPT2Config(
        vocab_size=VOCABULARY,
        n_positions=CONTEXT,
        n_embd=2 * FEATURES,
        n_layer=layers,
        n_head=HEADS,
        n_inner=1,
        bos_token_id=0,
        eos_token_id=0,
        tie_word_embeddings=unembedding is None,
    )
    assert 2 * FEATURES == HEADS * D_HEAD
    model = GPT2LMHeadModel(config).eval()
    with torch.no_grad():
        for name, parameter in model.named_parameters():
            if ".ln_" not in name:
                parameter.zero_()
        body = model.transformer
        body.wte.weight.copy_(torch.from_numpy(doubled(tokens)))
        body.wpe.weight.copy_(torch.from_numpy(doubled(position_embedding())))
        if unembedding is not None:
            body.ln_f.weight.fill_(GAIN)
            model.lm_head.weight[:, :FEATURES] = torch.from_numpy(unembedding).float()
        for (layer, head), circuit in circuits.items():
            block = body.h[layer]
            block.ln_1.weight.fill_(GAIN)
            _fill(block.attn, head, circuit)
    disable_progress_bar()
    model.half().save_pretrained(folder)


def _fill(attention: GPT2Attention, head: int, circuit: Circuit) -> None:
    """Write one head into the joint matrices of its layer; features are read at their +x."""
    width = HEADS * D_HEAD
    for part, weights in enumerate((circuit.query, circuit.key, circuit.value)):
        at = part * width + head * D_HEAD
        attention.c_attn.weight[:FEATURES, at : at + D_HEAD] = torch.from_numpy(weights).float()
    at = head * D_HEAD
    attention.c_attn.bias[at : at + D_HEAD] = torch.from_numpy(circuit.query_bias).float()
    attention.c_proj.weight[at : at + D_HEAD] = torch.from_numpy(doubled(circuit.output)).float()
