"""Geometry and identity of the models."""


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
        code=code("inspect_model"),
    message:
        "{wildcards.model}: reading its geometry and identity"
    shell:
        'python "$SCRIPTS"/inspect_model.py {params.model} {params.stated}'
        " --model {wildcards.model} --out {output} 2> {log}"
