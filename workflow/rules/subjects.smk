"""Geometry and identity of the models, and of their twins with random weights."""


include: "functions/subjects.smk"


# A twin's name is a name of a model too.
ruleorder: randomise_model > inspect_model


rule randomise_model:
    input:
        "results/{model}/model.json",
    output:
        f"results/{{model}}{RANDOM}/model.json",
    log:
        log_of(f"results/{{model}}{RANDOM}/model"),
    conda:
        "../../envs/analysis.yaml"
    params:
        seed=config["seed"],
        code=code("randomise_model"),
    message:
        "{wildcards.model}: the same with random weights"
    shell:
        'python "$SCRIPTS"/randomise_model.py --model-info {input} --seed {params.seed} --out {output} 2> {log}'


rule inspect_model:
    output:
        "results/{model}/model.json",
    log:
        log_of("results/{model}/model"),
    benchmark:
        benchmark_of("results/{model}/model")
    conda:
        "../../envs/gpu.yaml"
    params:
        model=lambda w: flags(config["models"][w.model], "source", "revision", "dtype"),
        # By content and not as an input: a copy of the weights may be newer than results from them.
        files=model_state,
        stated=lambda w: flags(config["models"][w.model], "n_layers", "n_heads", "context"),
        layers=lambda w: [f"{n:02d}" for n in layers_of(config, w.model)],
        code=code("inspect_model"),
    message:
        "{wildcards.model}: reading its geometry and identity"
    shell:
        'python "$SCRIPTS"/inspect_model.py {params.model} {params.stated}'
        " --layers {params.layers}"
        " --model {wildcards.model} --out {output} 2> {log}"
