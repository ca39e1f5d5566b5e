"""The rerun contract: for each setting, the exact jobs that a change of it reruns."""

import json
import shutil
import subprocess
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from workplace import ROOT, Workplace

# Of the model and of its twin with random weights, of which one head is run.
HEADS, LAYERS = 6 + 1, 2 + 1
MODELS = 2  # the layers of each are one block
REPORT = Counter(build_atlas=1)
FAMILIES = REPORT + Counter(ablate_families=1)
CLUSTER = FAMILIES + Counter(cluster_heads=1)
SCORE = REPORT + Counter(score_head=HEADS)
EFFECTS = REPORT + Counter(summarise_effects=1)
ABLATE = EFFECTS + Counter(ablate_heads=2)  # layers of the model; the twin keeps its heads
ATTRIBUTE = EFFECTS + Counter(attribute_heads=1)
CONTROLS = SCORE + Counter(choose_controls=2, substitute_heads=1, summarise_effects=1)
EXPLAIN = (
    CONTROLS
    + CLUSTER
    - REPORT
    + Counter(explain_head=HEADS, predict_head=HEADS, run_probes=MODELS)
    + Counter(grade_roles=1)
)
DIRECT = Counter(measure_direct=MODELS, claim_writes=MODELS)
EVENTS = EXPLAIN + Counter(select_events=LAYERS, draw_items=LAYERS) + DIRECT
CACHE = EVENTS + Counter(cache_activations=2)
CORPUS = CACHE + Counter(sample_windows=1, measure_features=1)
CORPUS += Counter(ablate_heads=2, attribute_heads=1)
SEED = CORPUS + Counter(randomise_model=1, measure_repeats=1, read_weights=1)
MODEL = SEED + Counter(inspect_model=1, read_weights=1)
# It is in the other layer, and a layer that is added is cached with the one before.
SECOND_RANDOM_HEAD = Counter(
    dict.fromkeys(("select_events", "explain_head", "predict_head", "score_head"), 2)
) + Counter(cache_activations=1, run_probes=1, read_weights=1, choose_controls=1, draw_items=2)
SECOND_RANDOM_HEAD += Counter(measure_direct=1, claim_writes=1)
# A change of a file that leaves it what it is, by the ending of its name.
EDITS = {".md": "\n{# changed #}", ".csv": "same token,zebra,zebra\n"}
COMPARE = Counter(compare_runs=1, compare_costs=1)


def test_a_finished_run_has_nothing_to_do(finished: Workplace) -> None:
    assert finished.jobs() == Counter()


@pytest.mark.parametrize(
    ("path", "value", "expected"),
    [
        (("report", "title"), "Another title", REPORT),
        (("report", "exemplars"), 3, REPORT),
        (("clusterings", "minilm", "min_cluster_size"), 3, CLUSTER),
        (("scoring", "bootstrap"), 60, SCORE + Counter(summarise_effects=1)),
        (("scoring", "items"), 8, SCORE + Counter(draw_items=LAYERS)),
        (("scoring", "controls"), 2, CONTROLS),
        (("scoring", "substitution_windows"), 0, REPORT),
        (("scoring", "substitution_windows"), 3, REPORT + Counter(substitute_heads=1)),
        (("scoring", "substitution_head_windows"), 0, REPORT + Counter(substitute_heads=1)),
        (("effects", "test_windows"), 0, REPORT),
        (("effects", "test_windows"), 3, ABLATE | ATTRIBUTE | FAMILIES),
        (("effects", "reference_windows"), 3, ABLATE | ATTRIBUTE | FAMILIES),
        (("effects", "family_draws"), 3, FAMILIES),
        (("effects", "exact"), 2, ABLATE),
        (("effects", "zero"), True, ABLATE),
        (("scoring", "random_heads"), 0, REPORT),
        (("scoring", "random_heads"), 2, REPORT + SECOND_RANDOM_HEAD),
        (("writing", "top"), 5, REPORT + Counter(read_weights=MODELS)),
        (("writing", "first_mlp"), False, REPORT + Counter(read_weights=MODELS)),
        (("explainers", "symbolic", "texts"), 5, EXPLAIN),
        (("explainers", "symbolic", "min_gain"), 0.2, EXPLAIN),
        (("events", "top"), 2, EVENTS),
        (("activations", "top_keys"), 5, CACHE),
        (("activations", "norm"), "z_norm", CACHE),
        (("corpora", "words", "windows"), 50, CORPUS),
        (("models", "tiny", "bos"), "none", CORPUS + Counter(measure_repeats=1)),
        (("models", "tiny", "dtype"), "bfloat16", MODEL),
        (("execution", "shards"), 2, CACHE + Counter(cache_activations=2)),
        (("execution", "device"), "auto", Counter()),
        (("execution", "batch_size"), 3, Counter()),
        (("execution", "devices"), 2, Counter()),
        (
            ("models", "unused"),
            {"source": "x", "n_layers": 1, "n_heads": 1, "context": 64},
            Counter(),
        ),
    ],
)
def test_a_setting_reruns_what_depends_on_it(
    finished: Workplace, path: tuple[str, ...], value: Any, expected: Counter[str]
) -> None:
    assert finished.jobs(configuration=finished.changed(*path, to=value)) == expected


def test_the_seed_reruns_every_random_choice(finished: Workplace) -> None:
    assert finished.jobs(configuration=finished.changed("seed", to=1)) == SEED


def test_a_table_of_relations_reruns_what_heads_write(finished: Workplace) -> None:
    table = finished.folder / "mine.csv"
    table.write_text("relation,source,target\nnext,a,b\n")
    configuration = finished.changed("writing", "relations", to=table.name)
    assert finished.jobs(configuration=configuration) == REPORT + Counter(read_weights=MODELS)
    table.write_text("relation,source\n")
    done = finished.snakemake("--dry-run", configuration=configuration)
    assert done.returncode != 0
    said = done.stdout + done.stderr
    assert "writing.relations: 'mine.csv': other columns; allowed: relation" in said


def test_the_order_of_keys_means_nothing(finished: Workplace) -> None:
    def turned(value: Any) -> Any:
        if isinstance(value, dict):
            return {key: turned(value[key]) for key in reversed(value)}
        return value

    assert finished.jobs(configuration=turned(finished.configuration)) == Counter()


def test_an_added_model_runs_its_own_jobs(finished: Workplace) -> None:
    configuration = finished.changed("sweep", "models", to=["tiny", "second"])
    heads, layers = 3 + 1, 2 + 1  # those that its entry selects, and one with random weights
    one = {"inspect_model", "randomise_model", "sample_windows", "cluster_heads", "build_atlas"}
    one |= {"measure_features", "measure_repeats", "grade_roles", "substitute_heads"}
    one |= {"attribute_heads", "summarise_effects", "ablate_families"}
    expected = dict.fromkeys(one, 1)
    expected |= dict.fromkeys(("select_events", "draw_items"), layers)
    expected |= dict.fromkeys(
        ("cache_activations", "run_probes", "choose_controls", "read_weights"), 2
    )
    expected |= dict.fromkeys(DIRECT, 2)
    expected |= {"ablate_heads": layers - 1}
    expected |= dict.fromkeys(("explain_head", "predict_head", "score_head"), heads)
    assert finished.jobs(configuration=configuration) == Counter(expected) + COMPARE + Counter(
        match_heads=1
    )


def test_an_added_clustering_shares_all_before_it(finished: Workplace) -> None:
    configuration = finished.changed("clusterings", "coarse", to={"encoder": "all-MiniLM-L6-v2"})
    configuration["sweep"]["clusterings"] = ["minilm", "coarse"]
    assert finished.jobs(configuration=configuration) == CLUSTER + COMPARE


def test_one_head_can_be_asked_for_alone(fresh: Workplace) -> None:
    target = "results/tiny/words/symbolic/round0/explanations/L01H02.json"
    assert fresh.jobs(target) == Counter(
        inspect_model=1,
        sample_windows=1,
        measure_features=1,
        cache_activations=1,
        select_events=1,
        explain_head=1,
    )


@pytest.fixture(scope="module")
def own_code(finished: Workplace, tmp_path_factory: pytest.TempPathFactory) -> Workplace:
    """The finished workplace with a copy of the workflow whose code a test may edit."""
    base = tmp_path_factory.mktemp("code")
    shutil.copy(ROOT / "Snakefile", base)
    for folder in ("workflow", "scripts", "envs"):
        shutil.copytree(ROOT / folder, base / folder, ignore=shutil.ignore_patterns("demo-model"))
    subprocess.run(["cp", "-a", str(finished.folder), str(base / "run")], check=True)
    return Workplace(base / "run", base / "Snakefile")


@pytest.mark.parametrize(
    ("file", "expected"),
    [
        ("scripts/score_head.py", SCORE),
        ("scripts/headatlas/measures/auroc.py", SCORE),
        ("scripts/choose_controls.py", CONTROLS),
        ("scripts/headatlas/clustering/labels.py", CLUSTER),
        ("scripts/headatlas/reporting/tables.py", REPORT),
        ("scripts/headatlas/settings/report.py", REPORT),
        ("scripts/headatlas/settings/clustering.py", CLUSTER),
        ("workflow/templates/report.md", REPORT),
        ("scripts/headatlas/writing/scores.py", REPORT + Counter(read_weights=MODELS)),
        ("scripts/headatlas/writing/claims.py", REPORT + Counter(claim_writes=MODELS)),
        (
            "scripts/headatlas/records/writing.py",
            REPORT + Counter(read_weights=MODELS, grade_roles=1),
        ),
        (
            "scripts/headatlas/records/write_claims.py",
            REPORT + Counter(claim_writes=MODELS, grade_roles=1),
        ),
        ("scripts/headatlas/writing/evidence.py", REPORT + Counter(claim_writes=MODELS)),
        ("scripts/headatlas/reporting/sentences.py", REPORT),
        ("workflow/resources/relations.csv", REPORT + Counter(read_weights=MODELS)),
        ("scripts/headatlas/explainers/symbolic/findings.py", EXPLAIN),
        ("scripts/headatlas/events/exemplars.py", EVENTS),
        ("scripts/headatlas/corpora/lines.py", CORPUS),
        ("scripts/headatlas/records/comparison.py", Counter()),
        ("scripts/headatlas/records/registry.py", Counter()),
        ("scripts/headatlas/records/atlas.py", REPORT),
        ("scripts/headatlas/records/ablations.py", ABLATE),
        ("scripts/headatlas/dependence/where.py", EFFECTS),
        ("scripts/headatlas/records/clusters.py", CLUSTER),
        ("scripts/headatlas/records/scores.py", SCORE),
        ("scripts/headatlas/records/probes.py", SCORE + Counter(run_probes=MODELS)),
        ("scripts/headatlas/records/base.py", MODEL),
        ("scripts/headatlas/storage.py", MODEL),
        ("scripts/headatlas/configuration/queries.py", Counter()),
    ],
)
def test_edited_code_reruns_the_rules_that_use_it(
    own_code: Workplace, file: str, expected: Counter[str]
) -> None:
    path = own_code.snakefile.parent / file
    before = path.read_text()
    path.touch()
    assert own_code.jobs() == Counter(), "touching a file is no change"
    try:
        path.write_text(before + EDITS.get(path.suffix, "\n# x\n"))
        assert own_code.jobs() == expected
    finally:
        path.write_text(before)


def test_new_weights_rerun_everything_of_their_model(own_code: Workplace) -> None:
    config = own_code.folder / "tiny/config.json"
    before = config.read_text()
    config.write_text(json.dumps(json.loads(before) | {"rms_norm_eps": 1e-5}))
    try:
        assert own_code.jobs() == MODEL
    finally:
        config.write_text(before)
        Path.touch(config)
