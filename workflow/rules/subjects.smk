"""Geometry and identity of the models."""


rule inspect_model:
    input:
        model_files,
    output:
        "results/{model}/model.json",
    log:
        log_of("results/{model}/model"),
    benchmark:
        benchmark_of("results/{model}/model")
    conda:
        "../../envs/gpu.yaml"
    params:
        model=model_flags,
        stated=lambda w: flags(config["models"][w.model], "n_layers", "n_heads", "context"),
        code=code("inspect_model"),
    message:
        "{wildcards.model}: reading its geometry and identity"
    shell:
        'python "$SCRIPTS"/inspect_model.py {params.model} {params.stated}'
        " --model {wildcards.model} --out {output} 2> {log}"
