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
VOCABULARY = 2048
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
    """Rows of `CONTEXT` tokens: repeated segments first, then mostly natural text.

    The first repeats are of few lengths and few tokens. So previous-token heads form
    within 400 steps, and induction heads upon them; with many lengths, or with one
    segment said over and over, the model is content to guess tokens it has seen, and
    with a single length it attends at that distance. Later repeats are of any length
    and any tokens.
    """

    def __init__(self, tokens: np.ndarray, rows: int, repeat_rows: int, share: float, seed: int):
        self.tokens, self.rows, self.repeat_rows = tokens, rows, repeat_rows
        self.share, self.seed = share, seed
        self.few = np.random.default_rng(seed).permutation(VOCABULARY - 1)[:256] + 1  # not BOS

    def __len__(self) -> int:
        return self.rows

    def __getitem__(self, index: int) -> dict[str, torch.Tensor]:
        rng = np.random.default_rng([self.seed, index])
        if index < self.repeat_rows / 2:
            row, labels = self._repeats(rng, lengths=np.array([24, 32, 40]), narrow=True)
        elif index < self.repeat_rows or rng.random() < self.share:
            row, labels = self._repeats(rng, lengths=np.arange(8, 120), narrow=False)
        else:
            row = labels = self._natural(rng)
        return {"input_ids": torch.from_numpy(row), "labels": torch.from_numpy(labels)}

    def _natural(self, rng: np.random.Generator) -> np.ndarray:
        start = rng.integers(len(self.tokens) - CONTEXT)
        row = self.tokens[start : start + CONTEXT].copy()
        row[0] = 0  # BOS
        return row

    def _repeats(
        self, rng: np.random.Generator, lengths: np.ndarray, narrow: bool
    ) -> tuple[np.ndarray, np.ndarray]:
        """BOS and random segments, each said twice; only the second time carries a loss."""
        row, labels = [np.zeros(1, np.int64)], [np.full(1, IGNORED)]
        while sum(map(len, row)) < CONTEXT:
            segment = self._segment(rng, rng.choice(lengths), narrow)
            row += [segment, segment]
            labels += [np.full(len(segment) + 1, IGNORED), segment[1:]]
        return np.concatenate(row)[:CONTEXT], np.concatenate(labels)[:CONTEXT]

    def _segment(self, rng: np.random.Generator, length: int, narrow: bool) -> np.ndarray:
        """Few tokens; or tokens from all over the text, or the whole vocabulary, by turns."""
        if narrow:
            return rng.choice(self.few, size=length)
        if rng.random() < 0.5:
            return self.tokens[rng.integers(len(self.tokens), size=length)]
        return rng.integers(1, VOCABULARY, size=length)


class HeldOut(Dataset):
    """`rows` equally spaced stretches of the documents the model never trains on."""

    def __init__(self, tokens: np.ndarray, rows: int):
        starts = np.linspace(0, len(tokens) - CONTEXT, rows).astype(int)
        self.rows = [tokens[s : s + CONTEXT].copy() for s in starts]

    def __len__(self) -> int:
        return len(self.rows)

    def __getitem__(self, index: int) -> dict[str, torch.Tensor]:
        row = torch.from_numpy(self.rows[index])
        return {"input_ids": row, "labels": row}


def build_model() -> LlamaForCausalLM:
    return LlamaForCausalLM(
        LlamaConfig(
            vocab_size=VOCABULARY,
            hidden_size=256,
            intermediate_size=704,
            num_hidden_layers=4,
            num_attention_heads=8,
            num_key_value_heads=8,
            max_position_embeddings=CONTEXT,
            tie_word_embeddings=True,
            initializer_range=0.06,  # with the usual 0.02 attention stays flat for too long
            bos_token_id=0,
            eos_token_id=0,
        )
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--out", type=Path, required=True, help="folder of the finished model")
    parser.add_argument("--work", type=Path, required=True, help="folder of the checkpoints")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--steps", type=int, default=3200)
    parser.add_argument("--repeat-steps", type=int, default=1000, help="steps of repeats only")
    parser.add_argument("--repeat-share", type=float, default=0.15, help="share kept afterwards")
    parser.add_argument("--batch", type=int, default=16, help="rows of a step")
    parser.add_argument("--learning-rate", type=float, default=2e-3)
    args = parser.parse_args()

    set_seed(args.seed)
    tokenizer = train_tokenizer()
    train = Curriculum(
        encode(tokenizer, held_out=False),
        rows=args.steps * args.batch,
        repeat_rows=args.repeat_steps * args.batch,
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
            weight_decay=0.05,
            max_grad_norm=1.0,
            bf16=True,
            use_cpu=not torch.cuda.is_available(),
            eval_strategy="steps",
            eval_steps=500,
            save_steps=250,
            save_total_limit=2,
            logging_steps=50,
            report_to="none",
            seed=args.seed,
        ),
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
