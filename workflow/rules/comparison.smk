"""The models and the runs of a sweep side by side."""


include: "functions/comparison.smk"


remove_dangling_links(COMPARED)


rule comparison:
    input:
        COMPARED,


rule match_heads:
    input:
        windows=f"{RUN}/windows.parquet",
        activations=shard_folders(RUN),
        other_windows=f"{OTHER_RUN}/windows.parquet",
        other_activations=shard_folders(OTHER_RUN),
    output:
        MATCHES,
    log:
        log_of(MATCHES.removesuffix(".parquet")),
    benchmark:
        benchmark_of(MATCHES.removesuffix(".parquet"))
    conda:
        "../../envs/analysis.yaml"
    threads: 8
    params:
        seed=config["seed"],
        code=code("match_heads"),
    message:
        "{wildcards.model} and {wildcards.other}, {wildcards.corpus}: matching heads"
    shell:
        'python "$SCRIPTS"/match_heads.py --model {wildcards.model} --other {wildcards.other}'
        " --windows {input.windows} --activations {input.activations}"
        " --other-windows {input.other_windows} --other-activations {input.other_activations}"
        " --seed {params.seed} --out {output} 2> {log}"


rule transfer_explanations:
    input:
        events=lambda w: expand(
            "results/{model}/{other}/events/layer{layer}.parquet",
            layer=[f"{n:02d}" for n in layers_of(config, w.model)],
            allow_missing=True,
        ),
        features="results/{model}/{other}/features",
        explanations=head_files(f"{ROUND}/explanations/L{{layer}}H{{head}}.json"),
    output:
        TRANSFERS,
    log:
        log_of(TRANSFERS.removesuffix(".parquet")),
    benchmark:
        benchmark_of(TRANSFERS.removesuffix(".parquet"))
    conda:
        "../../envs/analysis.yaml"
    params:
        heads=lambda w: head_names(w.model, w.get("explainer")),
        explanations=f"{ROUND}/explanations",
        settings=flags(config["scoring"], "bootstrap"),
        seed=config["seed"],
        code=code("transfer_explanations"),
    message:
        "{wildcards.model}, {wildcards.explainer}: scoring explanations of {wildcards.corpus} on {wildcards.other}"
    shell:
        'python "$SCRIPTS"/transfer_explanations.py {params.settings} --seed {params.seed}'
        " --other {wildcards.other} --events {input.events} --features {input.features} --heads {params.heads}"
        " --explanations {params.explanations} --out {output} 2> {log}"


rule compare_runs:
    input:
        models=expand("results/{model}/model.json", model=config["sweep"]["models"]),
        atlases=finished_atlases(),
        matches=matches(),
        transfers=transfers(),
        claims=compared_claims(),
        rated=rated_runs(),
    output:
        runs=f"{COMPARISON_FINISHED}/runs.csv",
        quality=report(
            f"{COMPARISON_FINISHED}/quality.csv",
            category="Comparison",
            caption="../report/quality.rst",
        ),
        report=report(
            f"{COMPARISON_FINISHED}/report.md",
            category="Comparison",
            caption="../report/comparison_report.rst",
        ),
        index=report(
            f"{COMPARISON_FINISHED}/index.html",
            category="Comparison",
            caption="../report/comparison.rst",
        ),
    log:
        log_of(f"{COMPARISON}/runs"),
    benchmark:
        benchmark_of(f"{COMPARISON}/runs")
    conda:
        "../../envs/analysis.yaml"
    threads: 8
    params:
        atlases=[atlas_folder(*run) for run in runs(config)],
        clusterings=clustering_flags,
        settings=flags(config["scoring"], "bootstrap"),
        title=lambda w: flags(config["report"], "title"),
        seed=config["seed"],
        templates=folder_digest(TEMPLATES),
        folder=lambda w: COMPARISON,
        links=subpath(output.index, parent=True),
        code=code("compare_runs"),
    message:
        "comparing the runs of the sweep"
    shell:
        'python "$SCRIPTS"/compare_runs.py {params.settings} {params.title} --seed {params.seed}'
        " --models {input.models} --atlases {params.atlases} {params.clusterings}"
        " --matches {input.matches} --transfers {input.transfers}"
        " --claims {input.claims} --rated {input.rated} --out-dir {params.folder} 2> {log}"
        " && mkdir -p {params.links} && ln -sf ../{{runs.csv,quality.csv,report.md,index.html}} {params.links}"


rule compare_costs:
    input:
        # Made last, so that the measurements of all other jobs are there.
        comparison=f"{COMPARISON_FINISHED}/index.html",
        runs=f"{COMPARISON_FINISHED}/runs.csv",
        usage=usage_files(),
    output:
        table=f"{COMPARISON_FINISHED}/cost.csv",
        page=report(
            f"{COMPARISON_FINISHED}/cost.html", category="Comparison", caption="../report/cost.rst"
        ),
    log:
        log_of(f"{COMPARISON}/cost"),
    conda:
        "../../envs/analysis.yaml"
    params:
        benchmarks="results/benchmarks",
        title=lambda w: flags(config["report"], "title"),
        templates=folder_digest(TEMPLATES),
        folder=lambda w: COMPARISON,
        links=subpath(output.page, parent=True),
        code=code("compare_costs"),
    message:
        "adding up what the runs cost"
    shell:
        'python "$SCRIPTS"/compare_costs.py {params.title} --benchmarks {params.benchmarks}'
        " --usage {input.usage} --runs {input.runs} --table {params.folder}/cost.csv"
        " --page {params.folder}/cost.html 2> {log}"
        " && ln -sf ../{{cost.csv,cost.html}} {params.links}"
