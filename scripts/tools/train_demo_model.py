"""Train the embedded demo model on the text of the Python installation.

A small Llama (rotary positions) and its own byte-level BPE, exported in Hugging
Face format as float16. Training is a curriculum: first only repeated segments of
shuffled tokens, which is what makes previous-token and induction heads form
quickly, then natural text with a share of repeats kept in. Row `i` of the
curriculum depends on the seed and `i` alone, so a run that was stopped goes on
from its last checkpoint with the rows it would have seen.
"""

import argparse
import itertools
from pathlib import Path

import numpy as np
import torch
from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers
from torch.utils.data import Dataset
from transformers import (
    LlamaConfig,
    LlamaForCausalLM,
    PreTrainedTokenizerBase,
    PreTrainedTokenizerFast,
    Trainer,
    TrainingArguments,
    set_seed,
)
from transformers.trainer_utils import get_last_checkpoint

from headatlas.corpora.python_docs import python_documents

BOS = "<|bos|>"
CONTEXT = 256
VOCABULARY = 512
IGNORED = -100  # the label PyTorch's cross entropy leaves out


def train_tokenizer() -> PreTrainedTokenizerFast:
    """Byte-level BPE over the training documents; every byte string can be encoded."""
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=VOCABULARY,
        special_tokens=[BOS],
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    tokenizer.train_from_iterator((d.text for d in python_documents(held_out=False)), trainer)
    return PreTrainedTokenizerFast(
        tokenizer_object=tokenizer,
        bos_token=BOS,
        eos_token=BOS,
        model_max_length=CONTEXT,
        clean_up_tokenization_spaces=False,
    )


def encode(tokenizer: PreTrainedTokenizerBase, *, held_out: bool) -> np.ndarray:
    """All documents of a part as one run of tokens, each document preceded by BOS."""
    texts = [BOS + d.text for d in python_documents(held_out=held_out)]
    encoded = tokenizer(texts, verbose=False)["input_ids"]
    return np.fromiter(itertools.chain.from_iterable(encoded), dtype=np.int64)


class Curriculum(Dataset):
    """Items of `CONTEXT` tokens: repeated segments first, then mostly natural text.

    At first an item is four rows of 64 tokens, in each a segment of 8 to 32 tokens said
    over and over: in short rows with many different distances previous-token heads
    and induction heads form within 1,000 steps. Afterwards an item is one row.
    """

    def __init__(self, tokens: np.ndarray, items: int, repeats: int, share: float, seed: int):
        self.tokens, self.items, self.repeats = tokens, items, repeats
        self.share, self.seed = share, seed
        frequency = 1 / np.arange(1, VOCABULARY)  # Zipf's law
        self.frequency = frequency / frequency.sum()
        self.order = np.random.default_rng(seed).permutation(VOCABULARY - 1) + 1  # not BOS

    def __len__(self) -> int:
        return self.items

    def __getitem__(self, index: int) -> dict[str, torch.Tensor]:
        rng = np.random.default_rng([self.seed, index])
        if index < self.repeats:
            rows = [self._repeated(rng, size=64, longest=32) for _ in range(CONTEXT // 64)]
        elif rng.random() < self.share:
            rows = [self._repeated(rng, size=CONTEXT, longest=120)]
        else:
            rows = [self._natural(rng)]
        tokens, labels = (torch.from_numpy(np.stack(part)) for part in zip(*rows, strict=True))
        return {"input_ids": tokens, "labels": labels}

    def _natural(self, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
        start = rng.integers(len(self.tokens) - CONTEXT)
        row = self.tokens[start : start + CONTEXT].copy()
        row[0] = 0  # BOS
        return row, row

    def _repeated(
        self, rng: np.random.Generator, size: int, longest: int
    ) -> tuple[np.ndarray, np.ndarray]:
        """BOS and a random segment again and again; only its repetitions carry a loss."""
        length = rng.integers(8, longest + 1)
        segment = rng.choice(self.order, size=length, p=self.frequency)
        row = np.concatenate([[0], np.resize(segment, size - 1)])
        labels = row.copy()
        labels[: length + 2] = IGNORED
        return row, labels


def joined(items: list[dict[str, torch.Tensor]]) -> dict[str, torch.Tensor]:
    """A batch: the rows of all its items."""
    return {name: torch.cat([item[name] for item in items]) for name in items[0]}


class HeldOut(Dataset):
    """`rows` equally spaced stretches of the documents the model never trains on."""

    def __init__(self, tokens: np.ndarray, rows: int):
        starts = np.linspace(0, len(tokens) - CONTEXT, rows).astype(int)
        self.rows = [tokens[s : s + CONTEXT].copy() for s in starts]

    def __len__(self) -> int:
        return len(self.rows)

    def __getitem__(self, index: int) -> dict[str, torch.Tensor]:
        row = torch.from_numpy(self.rows[index])[None]
        return {"input_ids": row, "labels": row}


def build_model() -> LlamaForCausalLM:
    return LlamaForCausalLM(
        LlamaConfig(
            vocab_size=VOCABULARY,
            hidden_size=128,
            intermediate_size=352,
            num_hidden_layers=3,
            num_attention_heads=8,
            num_key_value_heads=8,
            max_position_embeddings=CONTEXT,
            tie_word_embeddings=True,
            bos_token_id=0,
            eos_token_id=0,
        )
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--out", type=Path, required=True, help="folder of the finished model")
    parser.add_argument("--work", type=Path, required=True, help="folder of the checkpoints")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--steps", type=int, default=6000)
    parser.add_argument("--repeat-steps", type=int, default=1000, help="steps of repeats only")
    parser.add_argument("--repeat-share", type=float, default=0.15, help="share kept afterwards")
    parser.add_argument("--batch", type=int, default=16, help="items of a step")
    parser.add_argument("--learning-rate", type=float, default=2e-3)
    args = parser.parse_args()

    set_seed(args.seed)
    tokenizer = train_tokenizer()
    train = Curriculum(
        encode(tokenizer, held_out=False),
        items=args.steps * args.batch,
        repeats=args.repeat_steps * args.batch,
        share=args.repeat_share,
        seed=args.seed,
    )
    model = build_model()
    trainer = Trainer(
        model=model,
        args=TrainingArguments(
            output_dir=str(args.work),
            max_steps=args.steps,
            per_device_train_batch_size=args.batch,
            train_sampling_strategy="sequential",
            learning_rate=args.learning_rate,
            lr_scheduler_type="cosine_with_min_lr",
            lr_scheduler_kwargs={"min_lr_rate": 0.05},
            warmup_steps=100,
            adam_beta2=0.95,
            weight_decay=0.01,
            max_grad_norm=1.0,
            use_cpu=not torch.cuda.is_available(),
            eval_strategy="steps",
            eval_steps=1000,
            save_steps=500,
            save_total_limit=2,
            logging_steps=50,
            report_to="none",
            seed=args.seed,
        ),
        data_collator=joined,
        train_dataset=train,
        eval_dataset=HeldOut(encode(tokenizer, held_out=True), rows=256),
    )
    args.work.mkdir(parents=True, exist_ok=True)
    trainer.train(resume_from_checkpoint=get_last_checkpoint(str(args.work)))
    model.half().save_pretrained(args.out)
    tokenizer.save_pretrained(args.out)
    print(f"the model is in {args.out}")


if __name__ == "__main__":
    main()
