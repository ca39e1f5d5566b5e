"""Of the atlases: what a run is made from, and what was answered in it."""

STAGES = [  # of a run, in order
    "inspect_model",
    "measure_repeats",
    "read_weights",
    "sample_windows",
    "cache_activations",
    "select_events",
    "draw_items",
    "measure_direct",
    "claim_writes",
    "measure_features",
    "explain_head",
    "predict_head",
    "run_probes",
    "choose_controls",
    "score_head",
    "cluster_heads",
    "grade_roles",
    "randomise_model",
    "build_atlas",
]


def finished_atlases():
    """What Snakemake knows the atlases of all runs of the sweep by."""
    names = ("model", "corpus", "explainer", "clustering")
    pages = f"{FINISHED}/index.html"
    return [pages.format(**dict(zip(names, run, strict=True))) for run in runs(config)]


def runs_beside(wildcards):
    """The other runs of the sweep on the model, as corpus/explainer: pages name them.

    They are no inputs: what is asked for is made without them, whatever they would cost.
    """
    studies = dict.fromkeys(run[1:3] for run in runs(config) if run[0] == wildcards.model)
    own = (wildcards.corpus, wildcards.explainer)
    if own not in studies:  # a page of theirs would not lead back
        return []
    return ["/".join(study) for study in studies if study != own]


def remove_dangling_links(pages):
    """Remove the links to atlases that somebody deleted, which would stop Snakemake."""
    for link in (link for page in pages for link in Path(page).parent.glob("*")):
        if link.is_symlink() and not link.exists():
            link.unlink()


def stages(wildcards):
    """The rules of a run."""
    explainer = wildcards.explainer
    depends = ["evaluate_ratings"] * bool(rated(wildcards))
    if transfers_of(wildcards.model, wildcards.corpus, explainer):
        depends.append("transfer_explanations")
    if measures_effects():
        depends += ["ablate_heads", "attribute_heads", "summarise_effects", "ablate_families"]
    depends += ["propose_head_llm", "count_usage"] * proposes(explainer)
    if not asks(explainer):
        return STAGES + depends + ["substitute_heads"] * substitutes(explainer)
    kind = config["explainers"][explainer]["kind"]
    asking = {"explain_head": f"explain_head_{kind}", "predict_head": "judge_head_llm"}
    return [*(asking.get(rule, rule) for rule in STAGES), *depends, "count_usage"]


def recipe(wildcards):
    """What a run is made from, as JSON; the same text for the same run."""
    run = (wildcards.model, wildcards.corpus, wildcards.explainer, wildcards.clustering)
    facts = {
        "configuration": configuration_of(config, run),
        "code": {name: code(name) for name in stages(wildcards)},
        "templates": folder_digest(TEMPLATES),
        "corpus": corpus_state(wildcards),
    }
    return json.dumps(facts, sort_keys=True)


def answers_flags(wildcards):
    """Flags of what a language model answered as a judge, and of the items that it was asked."""
    if not asks(wildcards.explainer):
        return ""
    folders = {"judgements": f"{ROUND}/judgements", "items": f"{RUN}/items"}
    return flags({name: folder_of(path)(wildcards) for name, path in folders.items()})


def answered_files(pattern):
    """Input function: the file of every selected head, if a language model judges it."""
    files = head_files(pattern)
    return lambda w: files(w) if asks(w.explainer) else []
