"""The atlas of one run."""


include: "functions/reporting.smk"


remove_dangling_links(finished_atlases())  # before Snakemake looks for what there is
LABELS = {key: f"{{{key}}}" for key in ("model", "corpus", "explainer", "clustering")}


rule atlases:
    input:
        finished_atlases(),


rule build_atlas:
    input:
        model="results/{model}/model.json",
        windows=f"{RUN}/windows.parquet",
        events=layer_files(f"{RUN}/events/layer{{layer}}.parquet"),
        stats=layer_files(f"{RUN}/stats/layer{{layer}}.parquet"),
        explanations=head_files(f"{ROUND}/explanations/L{{layer}}H{{head}}.json"),
        scores=head_files(f"{ROUND}/scores/L{{layer}}H{{head}}.json"),
        controls=lambda w: at_round(CONTROLS, w),
        clusters=lambda w: at_round(CLUSTERS, w),
        known_roles=lambda w: at_round(KNOWN_ROLES, w),
        repeats="results/{model}/repeats.parquet",
        substitution=lambda w: at_round(SUBSTITUTION, w) if substitutes(w.explainer) else [],
        weights=lambda w: weights_of(w.model),
        random_weights=lambda w: twin_weights(w.model),
        claims=WRITE_CLAIMS,
        random_claims=twin_claims,
        effects=lambda w: at_round(EFFECTS, w) if measures_effects() else [],
        rated=rated,
        transfers=lambda w: transfers_of(w.model, w.corpus, w.explainer),
        family_effects=lambda w: at_round(FAMILY_EFFECTS, w) if measures_effects() else [],
        judgements=answered_files(f"{ROUND}/judgements/L{{layer}}H{{head}}.json"),
        drawn=lambda w: layer_files(ITEMS)(w) if asks(w.explainer) else [],
        usage=lambda w: at_round(USAGE, w) if spends(w.explainer) else [],
        random_explanations=random_files(f"{RANDOM_ROUND}/explanations/L{{layer}}H{{head}}.json"),
        random_scores=random_files(f"{RANDOM_ROUND}/scores/L{{layer}}H{{head}}.json"),
    output:
        index=report(
            f"{FINISHED}/index.html",
            category="Atlas",
            caption="../report/index.rst",
            labels=LABELS,
        ),
        summary=report(
            f"{FINISHED}/summary.csv",
            category="Tables",
            caption="../report/summary.rst",
            labels=LABELS,
        ),
        report=report(
            f"{FINISHED}/report.md",
            category="Atlas",
            caption="../report/report.rst",
            labels=LABELS,
        ),
    log:
        log_of(f"{ATLAS}/index"),
    benchmark:
        benchmark_of(f"{ATLAS}/index")
    conda:
        "../../envs/analysis.yaml"
    params:
        heads=lambda w: head_names(w.model, w.get("explainer")),
        explanations=folder_of(f"{ROUND}/explanations"),
        scores=folder_of(f"{ROUND}/scores"),
        random_heads=lambda w: [head_name(*at) for at in random_heads(w.model)],
        random_round=folder_of(RANDOM_ROUND),
        settings=lambda w: flags(config["report"]),
        answers=answers_flags,
        substitution=lambda w, input: flags({"substitution": input.get("substitution") or None}),
        effects=lambda w, input: flags(
            {name: input.get(name) or None for name in ("effects", "family_effects")}
        ),
        beside=runs_beside,
        rated=lambda w, input: flags({"rated": input.get("rated") or None}),
        usage=lambda w, input: flags({"usage": input.get("usage") or None}),
        round=lambda w: last_round(w.explainer),
        recipe=recipe,
        folder=folder_of(ATLAS),
        links=subpath(output.index, parent=True),
    message:
        "{wildcards.model}, {wildcards.corpus}, {wildcards.explainer}: building the atlas"
    shell:
        'python "$SCRIPTS"/build_atlas.py {params.settings} --recipe {params.recipe:q}'
        " --model-info {input.model} --windows {input.windows} --events {input.events}"
        " --stats {input.stats} --heads {params.heads}"
        " --explanations {params.explanations} --scores {params.scores}"
        " --random-heads {params.random_heads} --random-round {params.random_round}"
        " --controls {input.controls} --clusters {input.clusters}"
        " --known-roles {input.known_roles} --repeats {input.repeats} {params.substitution} {params.effects}"
        " --weights {input.weights} --random-weights {input.random_weights}"
        " --claims {input.claims} --random-claims {input.random_claims}"
        " {params.answers} {params.usage} {params.rated} --transfers {input.transfers}"
        " --beside {params.beside}"
        " --model {wildcards.model} --corpus {wildcards.corpus}"
        " --explainer {wildcards.explainer} --clustering {wildcards.clustering} --round {params.round}"
        " --out-dir {params.folder} 2> {log}"
        " && ln -sf ../../atlas/{wildcards.clustering}/{{index.html,summary.csv,report.md}} {params.links}"
