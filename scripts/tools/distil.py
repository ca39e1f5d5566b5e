"""Fine-tune a chat model on exported chats: an explainer or a simulator of your own.

Only what the assistant says is learned. The loss on heads and documents that no other part has is
printed before and after.
"""

import argparse
from pathlib import Path
from typing import Any

import datasets
import torch
from transformers import (
    AutoModelForCausalLM,
    AutoTokenizer,
    DataCollatorForSeq2Seq,
    PreTrainedTokenizerBase,
    Trainer,
    TrainingArguments,
)

from headatlas.errors import InputError, reported

IGNORED = -100  # labels that no loss is of


@reported
def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument(
        "--data", type=Path, required=True, help="such as export/finetuning/simulator"
    )
    parser.add_argument(
        "--model", required=True, help="chat model: its name on the hub, or a folder"
    )
    parser.add_argument("--out", type=Path, required=True, help="folder of the tuned model")
    parser.add_argument("--epochs", type=float, default=2.0)
    parser.add_argument("--steps", type=int, default=-1, help="at most; -1: as many as epochs take")
    parser.add_argument("--rate", type=float, default=1e-5, help="learning rate")
    parser.add_argument("--batch", type=int, default=1, help="chats of a step on a device")
    parser.add_argument("--accumulate", type=int, default=16, help="steps of an update")
    parser.add_argument("--tokens", type=int, default=4096, help="longer chats are left out")
    args = parser.parse_args()

    tokenizer = loaded(AutoTokenizer, args.model)
    if tokenizer.chat_template is None:
        raise InputError(f"{args.model}: no chat template; allowed: a chat model")
    tokenizer.pad_token = tokenizer.pad_token or tokenizer.eos_token
    parts = {name: read_part(args.data, name, tokenizer, args.tokens) for name in ("train", "test")}
    trainer = Trainer(
        # Updates as small as this rate are lost in half precision: weights are in single, passes
        # in half where the GPU has it.
        model=loaded(AutoModelForCausalLM, args.model, dtype=torch.float32),
        args=TrainingArguments(
            output_dir=str(args.out / "checkpoints"),
            num_train_epochs=args.epochs,
            max_steps=args.steps,
            learning_rate=args.rate,
            per_device_train_batch_size=args.batch,
            per_device_eval_batch_size=args.batch,
            gradient_accumulation_steps=args.accumulate,
            gradient_checkpointing=True,
            bf16=torch.cuda.is_available() and torch.cuda.is_bf16_supported(),
            lr_scheduler_type="cosine",
            logging_steps=10,
            save_strategy="no",
            report_to="none",
        ),
        train_dataset=parts["train"],
        eval_dataset=parts["test"],
        data_collator=DataCollatorForSeq2Seq(tokenizer, label_pad_token_id=IGNORED),
    )
    before = trainer.evaluate()["eval_loss"]
    trainer.train()
    after = trainer.evaluate()["eval_loss"]
    trainer.save_model(str(args.out))
    tokenizer.save_pretrained(str(args.out))
    print(f"loss on unseen heads and documents: {before:.3f} before, {after:.3f} after")


def loaded(kind: Any, name: str, **options: Any) -> Any:
    """What transformers reads under a name. Raises InputError if it can read nothing there."""
    try:
        return kind.from_pretrained(name, **options)
    except (OSError, ValueError) as error:
        reason = str(error).strip().split("\n")[0]
        raise InputError(
            f"--model {name}: {reason}; allowed: a chat model's name on the hub, or its folder"
        ) from None


def read_part(
    folder: Path, part: str, tokenizer: PreTrainedTokenizerBase, longest: int
) -> datasets.Dataset:
    """The chats of a part as tokens and labels, mapped into memory; too long ones are left out.

    Raises InputError if there is none.
    """
    path = folder / f"{part}.jsonl"
    if not path.is_file() or not path.stat().st_size:
        raise InputError(f"{path}: no chats; allowed: a folder of `make export`")
    read = datasets.load_dataset("json", data_files=str(path), split="train")
    made = read.map(
        lambda row: tokens_of(row["messages"], tokenizer), remove_columns=read.column_names
    )
    kept = made.filter(lambda row: len(row["input_ids"]) <= longest)
    if not len(kept):
        raise InputError(
            f"{path}: all chats have more than {longest} tokens; allowed: a larger --tokens"
        )
    return kept


def tokens_of(messages: list[dict[str, str]], tokenizer: PreTrainedTokenizerBase) -> dict[str, Any]:
    """A chat as the model's template writes it; labels are those of the last message alone.

    Raises InputError if the template does not write what comes before it in the same way.
    """
    asked, whole = (
        str(tokenizer.apply_chat_template(chat, tokenize=False, add_generation_prompt=begin))
        for chat, begin in ((messages[:-1], True), (messages, False))
    )
    if not whole.startswith(asked):
        raise InputError("the chat template does not begin a chat as it begins its question")
    before, after = (
        tokenizer(text, add_special_tokens=False).input_ids for text in (asked, whole[len(asked) :])
    )
    return {
        "input_ids": before + after,
        "attention_mask": [1] * len(before + after),
        "labels": [IGNORED] * len(before) + after,
    }


if __name__ == "__main__":
    main()
