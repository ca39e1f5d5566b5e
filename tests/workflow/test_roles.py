"""A stand-in of GPT-2's shape, with random weights, held against the published roles of GPT-2."""

import json
import shutil
from collections import Counter
from pathlib import Path

import pytest
from workplace import ROOT, Workplace

from headatlas.records.atlas import RunRecord
from headatlas.records.known_roles import KnownRoles
from headatlas.records.repeats import REPEATS as REPEATS_TABLE
from headatlas.records.write_claims import RunClaims
from headatlas.roles.functions import FUNCTIONS
from headatlas.roles.grading import REPEATS, TEXT, WEIGHTS
from headatlas.storage import read_record, read_table

TABLE = ROOT / "workflow/resources/roles/gpt2.csv"
HEADS = ["L05H00", "L05H01", "L05H05", "L05H08", "L10H07"]  # the first has no published role


def make_gpt2(folder: Path, tokenizer: Path) -> None:
    """12 layers of 12 heads, one dimension wide each."""
    import torch
    from transformers import GPT2Config, GPT2LMHeadModel

    torch.manual_seed(0)
    config = GPT2Config(
        vocab_size=300,
        n_positions=64,
        n_embd=12,
        n_layer=12,
        n_head=12,
        n_inner=8,
        bos_token_id=0,
        eos_token_id=0,
        initializer_range=0.5,
    )
    GPT2LMHeadModel(config).save_pretrained(folder)
    for file in tokenizer.glob("tokenizer*"):
        shutil.copy(file, folder)


@pytest.fixture(scope="module")
def gpt2(fresh: Workplace, tmp_path_factory: pytest.TempPathFactory) -> Workplace:
    """A workplace in which the stand-in's published heads of two layers have been run."""
    folder = tmp_path_factory.mktemp("gpt2")
    make_gpt2(folder / "gpt2", fresh.folder / "tiny")
    shutil.copytree(fresh.folder / "words", folder / "words")
    shutil.copy(TABLE, folder / "roles.csv")
    workplace = Workplace(folder)
    entry = {"source": "gpt2", "n_layers": 12, "n_heads": 12, "context": 64}
    workplace.configuration["models"]["gpt2"] = entry | {"heads": HEADS, "roles": "roles.csv"}
    workplace.configuration["sweep"]["models"] = ["gpt2"]
    workplace.configuration["scoring"]["random_heads"] = 0
    workplace.run()
    return workplace


RUN = "results/gpt2/words/symbolic"


def test_every_list_is_held_against_the_run(gpt2: Workplace) -> None:
    rows = read_table(gpt2.folder / "results/gpt2/repeats.parquet", REPEATS_TABLE).to_pylist()
    assert len(rows) == 144 * 5 * 2  # tests, of one length and of all
    assert {row["length"] for row in rows} == {31, None}
    prefix_matching = {
        f"L{row['layer']:02d}H{row['head']:02d}": row["value"]
        for row in rows
        if row["metric"] == "prefix_matching" and row["length"] is None
    }
    record = read_record(gpt2.folder / RUN / "round0/known_roles.json", KnownRoles)
    assert sum(len(found.heads) for found in record.lists) == len(TABLE.read_text().split("\n")) - 2
    by_names, by_repeats = record.lists[:2]
    assert (by_names.measured_on, by_repeats.measured_on) == (TEXT, REPEATS)
    # On the text, in the run's own heads; on random tokens, in all heads of the model.
    assert by_names.measured is not None and by_repeats.measured is not None
    assert (by_names.measured.sought, by_names.measured.compared) == (2, len(HEADS))
    assert (by_repeats.measured.sought, by_repeats.measured.compared) == (5, 144)
    best = sorted(prefix_matching, key=prefix_matching.__getitem__)[-5:]
    published = {head.head for head in by_repeats.heads}
    assert by_repeats.measured.found == len(published & set(best))
    for head in by_repeats.heads:
        assert head.value == pytest.approx(prefix_matching[head.head])
        assert (head.families is not None) == (head.head in HEADS)
    lines = (gpt2.folder / RUN / "atlas/minilm/explanations.jsonl").read_text().splitlines()
    families = {
        f"L{e['layer']:02d}H{e['head']:02d}": [b["family"] for b in e["behaviours"]]
        for e in map(json.loads, lines)
    }
    assert families.keys() == set(HEADS)
    for found in record.lists:
        for head in found.heads:
            assert head.families == families.get(head.head)


def test_roles_of_writing_are_held_against_claims_and_weights(gpt2: Workplace) -> None:
    record = read_record(gpt2.folder / RUN / "round0/known_roles.json", KnownRoles)
    graded = {found.role: found for found in record.lists if found.says}
    assert graded.keys() == FUNCTIONS.keys()
    negative = graded["negative name mover"]
    assert negative.measured_on == WEIGHTS and negative.not_graded is None
    # Of its heads L10H07 is in the run; all that are, are measured.
    assert negative.explained is not None
    assert (negative.explained.sought, negative.explained.compared) == (1, len(HEADS))
    claims = read_record(gpt2.folder / "results/gpt2/words/write_claims.json", RunClaims)
    (own,) = [head for head in claims.heads if (head.layer, head.head) == (10, 7)]
    if ("lowers", "attended") in own.held:
        assert negative.explained.found == 1


def test_the_atlas_tells_it_and_names_the_code_behind_it(gpt2: Workplace) -> None:
    atlas = gpt2.folder / RUN / "atlas/minilm"
    for name in ("index.html", "report.md"):
        assert "Heads with published roles" in (atlas / name).read_text()
    run = read_record(atlas / "run.json", RunRecord)
    assert {"measure_repeats", "grade_roles"} < run.recipe.code.keys()
    assert run.recipe.configuration["models"]["gpt2"]["roles"] == "roles.csv"


def test_without_a_table_there_are_the_standard_tests(finished: Workplace) -> None:
    folder = finished.folder / "results/tiny/words/symbolic/round0"
    record = read_record(folder / "known_roles.json", KnownRoles)
    assert (len(record.tests), record.lists) == (5, [])
    for name, told in (("index.html", ">Standard tests<"), ("report.md", "## Standard tests")):
        page = (finished.atlas / name).read_text()
        assert told in page and "published roles" not in page
    page = (finished.atlas / "heads/L01H02.html").read_text()
    assert "Prefix matching" in page and "Duplicate token, random tokens" in page


def test_another_table_is_held_against_the_same_explanations(gpt2: Workplace) -> None:
    assert gpt2.jobs() == Counter()
    shorter = "".join(TABLE.read_text().splitlines(keepends=True)[:9])
    (gpt2.folder / "shorter.csv").write_text(shorter)
    changed = gpt2.changed("models", "gpt2", "roles", to="shorter.csv")
    assert gpt2.jobs(configuration=changed) == Counter(grade_roles=1, build_atlas=1)
    without = gpt2.changed("models", "gpt2", "roles", to=None)
    assert gpt2.jobs(configuration=without) == Counter(grade_roles=1, build_atlas=1)


def test_a_table_added_to_a_finished_run_is_held_against_it(finished: Workplace) -> None:
    table = finished.folder.parent / "roles.csv"
    table.write_text("head,role,test,source,arxiv,checked\nL00H01,induction,names,Me,,memory\n")
    changed = finished.changed("models", "tiny", "roles", to=str(table))
    assert finished.jobs(configuration=changed) == Counter(grade_roles=1, build_atlas=1)
