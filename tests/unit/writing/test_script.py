"""The script that reads weights, on models whose heads are known to copy or are not readable."""

import sys
from pathlib import Path
from typing import Any

import pytest
import torch
from architecture_list import ARCHITECTURES
from architectures import HEADS, VOCABULARY, quiet, write_model
from transformers import AutoModelForCausalLM

import read_weights
from headatlas.records.writing import LayerWriting
from headatlas.storage import read_record, write_record
from headatlas.subjects.inspection import inspect

OWN = "relation,source,target\n" + "".join(f"itself,w{n},w{n}\n" for n in range(10, 40))


def write(kind: str, folder: Path) -> None:
    """A tiny model with its model.json; of a Llama, head 0 copies and head 1 does the contrary."""
    write_model(next(a for a in ARCHITECTURES if a.kind == kind), folder)
    if kind == "llama":
        model: Any = AutoModelForCausalLM.from_pretrained(folder)
        with torch.no_grad():
            model.lm_head.weight.copy_(model.model.embed_tokens.weight)
            model.model.norm.weight.fill_(1)
            for layer in model.model.layers:
                layer.input_layernorm.weight.fill_(1)
                value = layer.self_attn.v_proj.weight[:8]  # heads 0 and 1 share it
                layer.self_attn.o_proj.weight[:, :8] = value.T
                layer.self_attn.o_proj.weight[:, 8:16] = -value.T
        model.save_pretrained(folder)
    info = inspect(kind, str(folder), None, "float32", context=64)
    write_record(folder / "model.json", info)


def read(
    folder: Path, monkeypatch: pytest.MonkeyPatch, *more: str, kind: str = "llama"
) -> list[LayerWriting]:
    out = folder / "weights"
    words = ["--model-info", str(folder / "model.json"), "--layers", "0", "1", *more]
    monkeypatch.setattr(sys, "argv", ["read_weights.py", *words, "--out-dir", str(out)])
    with quiet():
        write(kind, folder)
        read_weights.main()
    return [read_record(out / f"layer0{n}.json", LayerWriting) for n in range(2)]


def test_heads_that_copy_and_a_relation_of_the_users(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "mine.csv").write_text(OWN)
    own = f"--relations={tmp_path / 'mine.csv'}"
    layers = read(tmp_path, monkeypatch, own, "--top", "5", "--no-first-mlp")
    for layer in layers:
        asked = [relation for relation in layer.relations if relation.left_out is None]
        assert [(r.name, r.pairs, r.listed, r.own) for r in asked] == [("itself", 30, 30, True)]
        assert (layer.reason, layer.first_mlp, layer.top) == (None, False, 5)
        assert layer.tokens == VOCABULARY - 1  # but for the special one
        assert [head.head for head in layer.heads] == list(range(HEADS))
        copies, contrary, *others = layer.heads
        assert copies.copying == pytest.approx(1, abs=1e-3)
        assert contrary.copying == pytest.approx(-1, abs=1e-3)
        assert all(abs(head.copying or 0) < 0.95 for head in others)
        for head, up, down in ((copies, "raises", "lowers"), (contrary, "lowers", "raises")):
            found = {share.effect: share for share in head.relations}
            assert found[up].share > 0.6 and found[up].low > (found[up].shuffled or 0)
            assert found[down].share == 0
        # It looks for no word but those of the relation.
        assert all(10 <= int(s.piece[1:]) < 40 for head in layer.heads for s in head.sources)


def test_a_model_that_cannot_be_read_has_the_reason_in_its_records(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    layers = read(tmp_path, monkeypatch, kind="deepseek_v3")
    reason = "its values are made by another map than one matrix a head"
    assert [(layer.reason, layer.heads) for layer in layers] == [(reason, [])] * 2


def test_more_tokens_than_there_are_is_a_sentence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit):
        read(tmp_path, monkeypatch, "--top", "63")
    said = "error: --top: 63 is too many for llama; allowed: fewer than its 63 tokens\n"
    assert capsys.readouterr().err.endswith(said)
