"""What heads write, told from the weights of the model alone."""


include: "functions/writing.smk"


rule read_weights:
    input:
        "results/{model}/model.json",
    output:
        directory(WEIGHTS),
    log:
        log_of(WEIGHTS),
    benchmark:
        benchmark_of(WEIGHTS)
    conda:
        "../../envs/gpu.yaml"
    threads: 8
    params:
        layers=lambda w: sorted({f"{n:02d}" for n, _ in block_heads(w)}),
        # A user's path, which may have braces in it: as an input they would be wildcards.
        settings=flags(config["writing"]),
        relations=relations_state(),
        code=code("read_weights"),
    message:
        "{wildcards.model}: reading what the heads of layers {wildcards.first} to {wildcards.last} write from the weights"
    shell:
        'python "$SCRIPTS"/read_weights.py --model-info {input} {params.settings}'
        " --layers {params.layers} --out-dir {output} 2> {log}"
