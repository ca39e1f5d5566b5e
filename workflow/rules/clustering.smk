"""Families of heads whose explanations are alike."""


rule cluster_heads:
    input:
        head_files(f"{ROUND}/explanations/L{{layer}}H{{head}}.json"),
    output:
        CLUSTERS,
    log:
        log_of(CLUSTERS.removesuffix(".json")),
    benchmark:
        benchmark_of(CLUSTERS.removesuffix(".json"))
    conda:
        "../../envs/analysis.yaml"
    threads: 8
    params:
        heads=lambda w: head_names(w.model, w.get("explainer")),
        explanations=folder_of(f"{ROUND}/explanations"),
        settings=lambda w: flags(config["clusterings"][w.clustering]),
        code=code("cluster_heads"),
    message:
        "{wildcards.model}, {wildcards.corpus}, {wildcards.explainer}: grouping the heads into families"
    shell:
        'python "$SCRIPTS"/cluster_heads.py {params.settings} --explanations {params.explanations} --heads {params.heads}'
        " --model {wildcards.model} --corpus {wildcards.corpus}"
        " --explainer {wildcards.explainer} --clustering {wildcards.clustering}"
        " --out {output} 2> {log}"
