"""What heads write, told from the weights of the model alone, and from what they add in text."""


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


rule measure_direct:
    input:
        model="results/{model}/model.json",
        events=block_events,
    output:
        directory(DIRECT),
    log:
        log_of(DIRECT),
    benchmark:
        benchmark_of(DIRECT)
    conda:
        "../../envs/gpu.yaml"
    threads: 8
    resources:
        gpu=EXECUTION["devices"],
    params:
        heads=lambda w: [head_name(*at) for at in block_heads(w)],
        events=lambda w: f"{RUN}/events".format(**w),
        seed=config["seed"],
        code=code("measure_direct"),
    message:
        "{wildcards.model}, {wildcards.corpus}: measuring what layers {wildcards.first} to {wildcards.last} add to the logits"
    shell:
        'python "$SCRIPTS"/measure_direct.py --model-info {input.model} $SUBJECT_FLAGS'
        " --heads {params.heads} --events {params.events} --seed {params.seed} --out-dir {output} 2> {log}"


rule claim_writes:
    input:
        model="results/{model}/model.json",
        direct=lambda w: direct_of(w.model, w.corpus),
    output:
        claims=WRITE_CLAIMS,
        evidence=WRITE_EVIDENCE,
    log:
        log_of(WRITE_CLAIMS.removesuffix(".json")),
    benchmark:
        benchmark_of(WRITE_CLAIMS.removesuffix(".json"))
    conda:
        "../../envs/analysis.yaml"
    params:
        code=code("claim_writes"),
    message:
        "{wildcards.model}, {wildcards.corpus}: claiming what heads write"
    shell:
        'python "$SCRIPTS"/claim_writes.py --model-info {input.model} --corpus {wildcards.corpus}'
        " --direct {input.direct} --out {output.claims}"
        " --evidence {output.evidence} 2> {log}"
