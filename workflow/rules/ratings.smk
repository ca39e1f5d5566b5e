"""What people say of explanations, where they have rated them (`make rate`)."""


include: "functions/ratings.smk"


# An input of what comes after only where people have rated: nobody needs to.
rule evaluate_ratings:
    input:
        answers=ANSWERS,
        explanations=head_files(f"{ROUND}/explanations/L{{layer}}H{{head}}.json"),
        scores=head_files(f"{ROUND}/scores/L{{layer}}H{{head}}.json"),
    output:
        ratings=f"{ROUND}/ratings/ratings.parquet",
        written=f"{ROUND}/ratings/written.jsonl",
        figures=RATED,
    log:
        log_of(RATED.removesuffix(".parquet")),
    benchmark:
        benchmark_of(RATED.removesuffix(".parquet"))
    conda:
        "../../envs/analysis.yaml"
    params:
        heads=lambda w: head_names(w.model, w.get("explainer")),
        explanations=folder_of(f"{ROUND}/explanations"),
        scores=folder_of(f"{ROUND}/scores"),
        settings=flags(config["scoring"], "bootstrap"),
        seed=config["seed"],
        code=code("evaluate_ratings"),
    message:
        "{wildcards.model}, {wildcards.corpus}, {wildcards.explainer}: what people say of the explanations"
    shell:
        'python "$SCRIPTS"/evaluate_ratings.py {params.settings} --seed {params.seed} --answers {input.answers}'
        " --model {wildcards.model} --corpus {wildcards.corpus} --explainer {wildcards.explainer}"
        " --heads {params.heads} --explanations {params.explanations} --scores {params.scores}"
        " --ratings {output.ratings} --written {output.written} --out {output.figures} 2> {log}"
