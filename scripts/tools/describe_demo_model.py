"""Measure the demo model and write its model card."""

import argparse
import json
import platform
from pathlib import Path
from typing import Any

import torch
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from train_demo_model import CONTEXT, HeldOut, encode
from transformers import AutoTokenizer, LlamaForCausalLM

from headatlas.activations.repeats import measure_repeats
from headatlas.errors import InputError, reported
from headatlas.records.base import head_name
from headatlas.storage import write_text
from headatlas.subjects.loading import load_subject
from headatlas.subjects.source import weights_sha256

PROMPTS = ["def ", "The ", "class ", "    if "]


def training_facts(work: Path) -> dict[str, Any]:
    """Steps and tokens of the training run, from its last checkpoint."""
    states = sorted(work.glob("checkpoint-*/trainer_state.json"), key=lambda p: p.stat().st_mtime)
    if not states:
        raise InputError(f"{work}: no checkpoint of the training here")
    state = json.loads(states[-1].read_text())
    steps = state["max_steps"]
    return {"steps": steps, "tokens": steps * state["train_batch_size"] * CONTEXT}


@torch.inference_mode()
def held_out_loss(model: LlamaForCausalLM, rows: HeldOut, batch: int = 16) -> float:
    """Mean loss in nats per token over the rows."""
    losses = [
        model(input_ids=tokens, labels=tokens).loss.item()
        for tokens in torch.cat([rows[n]["input_ids"] for n in range(len(rows))]).split(batch)
    ]
    return sum(losses) / len(losses)


@torch.inference_mode()
def sample(model: Any, tokenizer: Any, prompt: str, seed: int) -> str:
    """100 tokens after a prompt, at temperature 0.8."""
    torch.manual_seed(seed)
    ids = tokenizer(tokenizer.bos_token + prompt, return_tensors="pt").input_ids
    out = model.generate(
        ids, max_new_tokens=100, do_sample=True, temperature=0.8, top_k=50, pad_token_id=0
    )
    return tokenizer.decode(out[0, 1:], skip_special_tokens=True)


@reported
def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--folder", type=Path, required=True, help="the finished model")
    parser.add_argument("--work", type=Path, required=True, help="folder of its checkpoints")
    parser.add_argument("--templates", type=Path, required=True, help="folder of model_card.md")
    args = parser.parse_args()

    tokenizer = AutoTokenizer.from_pretrained(args.folder)
    model = LlamaForCausalLM.from_pretrained(args.folder, dtype=torch.float32)
    bridge = load_subject(str(args.folder), None, dtype="float32", device="cpu")
    repeats = measure_repeats(bridge, range(bridge.cfg.n_layers), rows=32, lengths=[64])
    scores = [
        {"name": head_name(layer, head)}
        | {name: values[:, head].mean().item() for name, values in measured[64].items()}
        for layer, measured in repeats.items()
        for head in range(bridge.cfg.n_heads)
    ]
    templates = Environment(
        loader=FileSystemLoader(args.templates), undefined=StrictUndefined, autoescape=False
    )
    held_out = encode(tokenizer, held_out=True)
    card = templates.get_template("model_card.md").render(
        config=model.config,
        parameters=model.num_parameters(),
        training=training_facts(args.work),
        training_tokens=len(encode(tokenizer, held_out=False)),
        held_out_tokens=len(held_out),
        loss=held_out_loss(model, HeldOut(held_out, rows=256)),
        scores=scores,
        samples=[sample(model, tokenizer, prompt, seed) for seed, prompt in enumerate(PROMPTS)],
        python=platform.python_version(),
        sha256=weights_sha256(args.folder),
    )
    write_text(args.folder / "README.md", card)


if __name__ == "__main__":
    main()
