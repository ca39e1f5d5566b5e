"""Of the studies: their variants, the files of these, and the heads that they are about."""

@cache
def plan_of(study):
    """The variants of a study, which is refused if one of them cannot work."""
    plan = STUDIES.get(study)
    try:
        if isinstance(plan, InputError):
            raise plan
        check(config, study, CONFIG_SCHEMA, Path.cwd())
    except InputError as error:
        refuse(str(error))
    return plan


def heads_wanted(study):
    """How many heads of each model a study draws; None where all of every model are studied."""
    return config["studies"][study]["heads"] if plan_of(study).drawn_from else None


def models_of(study):
    """The models whose heads are studied."""
    return list(dict.fromkeys(variant.run[0] for variant in plan_of(study).variants))


def heads_to_draw_from(study):
    """The selected heads of each model."""
    return {model: head_names(model) for model in models_of(study)}


def families_to_draw_from(wildcards):
    """The families of heads of which some are drawn: by the first explainer that asks nobody."""
    models = plan_of(wildcards.study).drawn_from
    symbolic = [n for n, e in config["explainers"].items() if e["kind"] == "symbolic"]
    if not models or not symbolic:
        return []
    corpus = base_of(config, wildcards.study)["corpus"]
    clustering = next(iter(config["clusterings"]))
    names = {"corpus": corpus, "explainer": symbolic[0], "clustering": clustering, "round": 0}
    return [CLUSTERS.format(model=model, **names) for model in models]


def heads_studied(study):
    """The heads of each model that a study is about."""
    runs = [variant.run for variant in plan_of(study).variants]
    return {model: head_names(model, explainer) for model, _, explainer, _ in runs}


def varies(study, *parts):
    """Whether a study varies one of some parts of a run, or a key of one."""
    return any(setting.partition(".")[0] in parts for setting in config["studies"][study]["vary"])


def explains(explainer):
    """Whether a language model proposes explanations, as candidates that are judged."""
    return config["explainers"][explainer]["kind"] == "llm"


def variants_of(study):
    """Of each variant of a study what it changes, and where its files are."""
    plan = plan_of(study)
    if plan.drawn_from.keys() != plan.sample.keys():
        problem = f"studies.{study}.heads: none are drawn yet"
        refuse(f"{problem}; allowed: `make study NAME={study}`, which draws them first")
    own = own_values(config, study)
    for changed, run in plan.variants:
        model, corpus, explainer, clustering = run
        names = {"model": model, "corpus": corpus, "explainer": explainer}
        last = last_round(explainer)
        yield {
            "changed": changed,
            "own": own,
            **names,
            "clustering": clustering,
            "rounds": [ROUND.format(**names, round=n) for n in range(last + 1)],
            "judged": asks(explainer),
            "scored": varies(study, "model", "corpus", "explainer", "endpoint", "judge"),
            "clusters": (
                CLUSTERS.format(**names, round=last, clustering=clustering)
                if varies(study, "model", "clustering")
                else None
            ),
            "items": f"{RUN}/items".format(**names) if explains(explainer) else None,
            "windows": f"{RUN}/windows.parquet".format(**names) if explains(explainer) else None,
        }


def files_of_variants(wildcards):
    """The files of all variants that a study reads."""
    study, found = wildcards.study, []
    for variant in variants_of(study):
        heads = heads_of_run(variant["model"], variant["explainer"])
        last = variant["rounds"][-1]
        kinds = ["explanations"] + ["scores"] * variant["scored"]
        kinds += ["judgements"] * variant["judged"]
        for kind in kinds:
            found += files_of(f"{last}/{kind}/L{{layer}}H{{head}}.json", heads)
        found += [variant["clusters"]] * bool(variant["clusters"])
        if variant["items"]:
            layers = dict.fromkeys(f"{n:02d}" for n, _ in heads)
            found += [f"{variant['items']}/layer{layer}.parquet" for layer in layers]
            found.append(variant["windows"])
    return list(dict.fromkeys(found))
