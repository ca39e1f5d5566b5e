"""What a setting is worth: the variants of a run side by side, each study by its own command."""


include: "functions/studies.smk"


# What a command line has no room for, where models or variants are many: Snakemake knows it, and
# scripts read it from these files.
rule list_heads_to_draw:
    output:
        HEADS_TO_DRAW,
    log:
        log_of(HEADS_TO_DRAW.removesuffix(".json")),
    params:
        told=lambda w: json.dumps(heads_to_draw_from(w.study)),
    message:
        "study {wildcards.study}: listing the heads of its models"
    run:
        Path(output[0]).write_text(params.told)


rule list_variants:
    input:
        DRAWN_HEADS,
    output:
        VARIANTS,
    log:
        log_of(VARIANTS.removesuffix(".json")),
    params:
        told=lambda w: json.dumps(
            {"variants": [*variants_of(w.study)], "heads": heads_studied(w.study)}
            | {"drawn_from": plan_of(w.study).drawn_from}
        ),
    message:
        "study {wildcards.study}: listing its variants"
    run:
        Path(output[0]).write_text(params.told)


# Heads of a sample are drawn by a run of their own, for which jobs there are depends on them:
# `make study` makes this table first.
rule draw_heads:
    input:
        heads=HEADS_TO_DRAW,
        families=families_to_draw_from,
    output:
        DRAWN_HEADS,
    log:
        log_of(DRAWN_HEADS.removesuffix(".csv")),
    conda:
        "../../envs/analysis.yaml"
    params:
        wanted=lambda w: flags({"count": heads_wanted(w.study)}),
        seed=config["seed"],
        code=code("draw_heads"),
    message:
        "study {wildcards.study}: drawing its heads"
    shell:
        'python "$SCRIPTS"/draw_heads.py --heads {input.heads} {params.wanted} --seed {params.seed}'
        " --clusters {input.families} --out {output} 2> {log}"


rule compare_variants:
    input:
        drawn=DRAWN_HEADS,
        plan=VARIANTS,
        files=files_of_variants,
    output:
        values=f"{STUDY}/values.parquet",
        differences=f"{STUDY}/differences.csv",
        costs=f"{STUDY}/costs.csv",
        best_of_k=f"{STUDY}/best_of_k.csv",
        page=f"{STUDY}/index.html",
    log:
        log_of(f"{STUDY}/index"),
    conda:
        "../../envs/analysis.yaml"
    threads: 8
    params:
        settings=flags(config["scoring"], "bootstrap"),
        title=lambda w: flags(config["report"], "title"),
        seed=config["seed"],
        benchmarks="results/benchmarks",
        templates=folder_digest(TEMPLATES),
        folder=subpath(output.page, parent=True),
        code=code("compare_variants"),
    message:
        "study {wildcards.study}: comparing its variants"
    shell:
        'python "$SCRIPTS"/compare_variants.py --study {wildcards.study} --plan {input.plan} --table {input.drawn}'
        " {params.settings} {params.title} --seed {params.seed} --benchmarks {params.benchmarks}"
        " --out-dir {params.folder} 2> {log}"
