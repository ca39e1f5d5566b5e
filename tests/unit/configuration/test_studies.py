"""Studies in the configuration: variants under derived names, and what cannot be studied."""

from pathlib import Path
from typing import Any

import pytest
import yaml
from places import ROOT

from headatlas.configuration import ConfigurationError, resolve
from headatlas.configuration.samples import mark_of, read_sample
from headatlas.configuration.studies import check, in_a_name, planned, plans
from headatlas.errors import InputError

SCHEMA = ROOT / "workflow/schemas/config.schema.yaml"
SHIPPED = yaml.safe_load((ROOT / "config.yaml").read_text())
ENDPOINT = {"model": "m", "base_url": "http://localhost:9/v1"}


def configured(**studies: Any) -> dict[str, Any]:
    config = SHIPPED | {
        "endpoints": {"one": ENDPOINT, "two": ENDPOINT | {"seed": 3}},
        "explainers": SHIPPED["explainers"]
        | {"llm": {"kind": "llm", "endpoint": "one", "judge": "one"}}
        | {"hybrid": {"kind": "hybrid", "endpoint": "one"}}
        | {"unserved": {"kind": "hybrid", "endpoint": "local"}},
        "studies": studies,
    }
    return resolve(config, schema_path=SCHEMA, root=ROOT)


def study(vary: dict[str, list[Any]], **of: str) -> dict[str, Any]:
    return {"of": of, "vary": vary}


def test_a_variant_is_an_entry_under_a_name_of_its_own() -> None:
    config = configured(s=study({"explainer.max_behaviours": [6, 2, 3]}))
    plan = planned(config, "s", {})
    base = ("demo", "python-docs", "symbolic", "minilm")
    assert plan.variants[0] == ({}, base)  # 6 is what the run has: it is the run
    assert [variant.run[2] for variant in plan.variants] == [
        "symbolic",
        "symbolic~max_behaviours=2",
        "symbolic~max_behaviours=3",
    ]
    symbolic = config["explainers"]["symbolic"]
    assert plan.entries["explainers"] == {
        f"symbolic~max_behaviours={n}": symbolic | {"max_behaviours": n} for n in (2, 3)
    }
    assert config == configured(s=study({"explainer.max_behaviours": [6, 2, 3]}))


def test_two_settings_have_every_combination_once() -> None:
    vary = {
        "clustering.min_cluster_size": [2, 4],
        "clustering.encoder": ["all-MiniLM-L6-v2", "x/y"],
    }
    names = [v.run[3] for v in planned(configured(s=study(vary)), "s", {}).variants]
    encoder = f"encoder={in_a_name('x/y')}"
    assert sorted(names) == sorted(
        [
            "minilm",
            "minilm~min_cluster_size=4",
            f"minilm~{encoder}",
            f"minilm~{encoder}~min_cluster_size=4",
        ]
    )


def test_an_endpoint_is_varied_for_the_explainer_alone() -> None:
    plan = planned(configured(s=study({"endpoint.temperature": [0.5]}, explainer="llm")), "s", {})
    (name, entry) = next(iter(plan.entries["explainers"].items()))
    assert name == plan.variants[1].run[2] == "llm~endpoint.temperature=0.5"
    assert (entry["endpoint"], entry["judge"]) == ("one~temperature=0.5", "one")
    assert plan.entries["endpoints"]["one~temperature=0.5"]["temperature"] == 0.5


def test_a_setting_of_an_endpoint_that_is_varied_too_is_that_endpoints() -> None:
    vary = {"endpoint.seed": [3], "explainer.endpoint": ["one", "two"]}
    plan = planned(configured(s=study(vary, explainer="llm")), "s", {})
    assert [variant.changed for variant in plan.variants] == [
        {},
        {"endpoint.seed": 3},
        {"explainer.endpoint": "two"},  # which has that seed itself
    ]


def test_explainer_and_judge_of_one_endpoint_have_each_its_own_settings() -> None:
    vary = {"endpoint.temperature": [0.5], "judge.temperature": [0.25], "judge.seed": [7]}
    plan = planned(configured(s=study(vary, explainer="llm")), "s", {})
    varied = {"endpoint.temperature": 0.5, "judge.seed": 7, "judge.temperature": 0.25}
    assert [variant.changed for variant in plan.variants] == [{}, varied]
    (explainer,) = plan.entries["explainers"].values()
    endpoint, judge = (plan.entries["endpoints"][explainer[role]] for role in ("endpoint", "judge"))
    plain = configured()["endpoints"]["one"]
    assert endpoint == plain | {"temperature": 0.5}
    assert judge == plain | {"temperature": 0.25, "seed": 7}


def test_a_setting_of_one_role_that_is_not_allowed_is_not_hidden_by_that_of_the_other() -> None:
    vary = {"endpoint.temperature": [-1], "judge.temperature": [0.5]}
    with pytest.raises(ConfigurationError, match=r"endpoint\.temperature: -1 is not "):
        check(configured(s=study(vary, explainer="llm")), "s", SCHEMA, ROOT)


@pytest.mark.parametrize(
    "vary",
    [{"model.heads": [["L0"]]}, {"model.n_layers": ["12"]}, {"model.layers": ["first"]}],
)
def test_models_that_cannot_be_are_no_plan(vary: dict[str, list[Any]], tmp_path: Path) -> None:
    """Every command asks which heads the models have."""
    (found,) = plans(configured(s=study(vary)), tmp_path, SCHEMA, ROOT).values()
    assert isinstance(found, ConfigurationError), found


def test_what_is_put_into_a_name_fits_a_path_and_is_told_apart() -> None:
    assert in_a_name(0.05) == "0.05" and in_a_name(None) == "null" and in_a_name(True) == "true"
    hostile = ["a/b", "a_b", "../x", "$(rm)", "é" * 300]
    made = [in_a_name(text) for text in hostile]
    assert len(set(made)) == len(made) and max(map(len, made)) < 60
    assert all(set(name) <= set("abcdefghijklmnopqrstuvwxyz0123456789._-") for name in made)


def test_a_sample_of_heads_is_explained_under_a_name_that_tells_it(tmp_path: Path) -> None:
    config = configured(s=study({"explainer.texts": [5]}) | {"heads": 2})
    (plan,) = plans(config, tmp_path, SCHEMA, ROOT).values()
    assert not isinstance(plan, InputError) and plan.sample == {}  # nothing is drawn yet
    table = tmp_path / "s/heads.csv"
    table.parent.mkdir()
    table.write_text('"model","layer","head","family"\n"demo",1,3,"a, b"\n"demo",0,2,""\n')
    (plan,) = plans(config, tmp_path, SCHEMA, ROOT).values()
    assert not isinstance(plan, InputError)
    assert plan.sample == {"demo": [(0, 2), (1, 3)]} == read_sample(table)
    mark = mark_of(plan.sample)
    assert mark.startswith("heads=2-")
    names = [variant.run[2] for variant in plan.variants]
    assert names == [f"symbolic~{mark}", f"symbolic~texts=5~{mark}"]
    assert plan.entries["explainers"][names[0]] == config["explainers"]["symbolic"]


@pytest.mark.parametrize(("wanted", "drawn_from"), [(24, {}), (23, {"demo": 24})])
def test_all_heads_of_a_model_are_no_sample(
    wanted: int, drawn_from: dict[str, int], tmp_path: Path
) -> None:
    """The run's own files are there for them, whatever was drawn before."""
    fewer = f"demo~layers={in_a_name([0, 1])}"  # 16 heads
    vary = {"explainer.texts": [5], "model.layers": [[0, 1]]}
    (tmp_path / "s").mkdir()
    rows = ("model,layer,head,family", "demo,0,2,", f"{fewer},0,2,")
    (tmp_path / "s/heads.csv").write_text("\n".join([*rows, ""]))
    config = configured(s=study(vary) | {"heads": wanted})
    (plan,) = plans(config, tmp_path, SCHEMA, ROOT).values()
    assert not isinstance(plan, InputError)
    assert plan.drawn_from == drawn_from and plan.sample.keys() == drawn_from.keys()
    marked = {(model, "~heads=1-" in explainer) for _, (model, _, explainer, _) in plan.variants}
    assert marked == {("demo", "demo" in drawn_from), (fewer, False)}


def test_a_damaged_table_of_heads_is_refused_where_it_is_asked_for(tmp_path: Path) -> None:
    config = configured(s=study({"explainer.texts": [5]}) | {"heads": 2})
    (tmp_path / "s").mkdir()
    (tmp_path / "s/heads.csv").write_text("model,layer,head,family\ndemo,one,2,\n")
    (found,) = plans(config, tmp_path, SCHEMA, ROOT).values()
    assert isinstance(found, InputError)
    assert str(found).endswith("line 2: no layer and head; allowed: numbers from 0")


@pytest.mark.parametrize(
    ("studied", "problem"),
    [
        (study({"explainer.texts": [5]}, explainer="symbolik"),
         "studies.s.of.explainer: 'symbolik' is not defined (did you mean symbolic?); allowed: the "
         "names under explainers, symbolic, llm, hybrid, unserved"),
        (study({"model": ["demo", "gpt2"]}),
         "studies.s.vary.model: 'gpt2' is not defined; allowed: the names under models, demo"),
        (study({"explainer.max_behaviour": [5]}),
         "studies.s.vary: explainer.max_behaviour: unknown key of kind symbolic (did you mean "
         "max_behaviours?); allowed: max_behaviours, min_gain, texts, kind"),
        (study({"explainer.max_behaviours": [0]}),
         "studies.s.vary: explainer.max_behaviours: 0 is not allowed; allowed: a whole number, at "
         "least 1 and at most 100"),
        (study({"explainer.exemplars": [99]}, explainer="llm"),
         "studies.s.vary: explainer.exemplars: 99 is too large; allowed: at most 20, events.top + "
         "events.quantiles * events.per_quantile"),
        (study({"explainer.kind": ["llm"]}),
         "studies.s.vary: 'explainer.kind' cannot be varied; allowed: explainer, with names as "
         "values"),
        (study({"judge.seed": [1]}),
         "studies.s.vary: 'judge.seed': symbolic has no judge; allowed: settings of model, corpus, "
         "explainer, clustering"),
        (study({"judge.seed": [1]}, explainer="hybrid"),
         "studies.s.vary: 'judge.seed': hybrid has no judge; allowed: settings of model, corpus, "
         "explainer, clustering, endpoint"),
        (study({"explainer": ["symbolic", "unserved"]}),
         "explainers.unserved.endpoint: 'local' is not defined; allowed: the names under "
         "endpoints, one, two"),
        (study({"explainer.max_behaviours": [6]}),
         "studies.s.vary: {'explainer.max_behaviours': [6]} is what the run has already; allowed: "
         "a value it has not"),
        (study({"endpoint.temperature": [-1]}, explainer="llm"),
         "studies.s.vary: endpoint.temperature: -1 is not allowed; allowed: a number or null, at "
         "least 0"),
        (study({"corpus.split": [{"train": 0.5, "validation": 0.25, "test": 0.5}]}),
         "studies.s.vary: corpus.split: the shares sum to 1.25; allowed: shares that sum to 1"),
        (study({"explainer.endpoint": ["one", "local"], "endpoint.temperature": [0, 1]},
               explainer="llm"),
         "studies: 'endpoint.temperature': llm has no such endpoint; allowed: explainers whose "
         "endpoint and judge are under endpoints"),
        (study({"explainer": ["llm", "symbolic"], "judge.seed": [1]}, explainer="llm"),
         "studies: 'judge.seed': symbolic has no such judge; allowed: explainers whose endpoint "
         "and judge are under endpoints"),
        (study({"explainer.texts": [*range(11)], "corpus.windows": [*range(10, 20)]}),
         "studies.s.vary: 110 combinations of values are too many; allowed: at most 100 "
         "combinations"),
    ],
)  # fmt: skip
def test_what_cannot_be_studied_is_told_in_a_sentence(
    studied: dict[str, Any], problem: str, tmp_path: Path
) -> None:
    config = configured(s=studied)  # the sweep can be run all the same
    assert [*plans(config, tmp_path, SCHEMA, ROOT)] == ["s"]
    with pytest.raises(ConfigurationError) as caught:
        planned(config, "s", {})
        check(config, "s", SCHEMA, ROOT)
    assert str(caught.value) == f"config.yaml: {problem}"


def test_what_all_runs_share_is_refused_with_the_configuration() -> None:
    with pytest.raises(ConfigurationError, match=r"'events.top' is not allowed; allowed: model, "):
        configured(s=study({"events.top": [5]}))
    with pytest.raises(ConfigurationError, match="heads: 1 is not allowed; allowed: all"):
        configured(s=study({"model": ["demo"]}) | {"heads": 1})


def test_every_study_that_is_ready_has_a_plan_or_says_what_is_missing(tmp_path: Path) -> None:
    config = resolve(SHIPPED, schema_path=SCHEMA, root=ROOT)
    for name, plan in plans(config, tmp_path, SCHEMA, ROOT).items():
        if isinstance(plan, InputError):
            assert "is not defined" in str(plan), name
        else:
            check(config, name, SCHEMA, ROOT)
            assert len(plan.variants) > 1, name
