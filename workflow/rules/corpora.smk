"""Text as token windows."""


include: "functions/corpora.smk"


rule sample_windows:
    input:
        "results/{model}/model.json",
    output:
        f"{RUN}/windows.parquet",
    log:
        log_of(f"{RUN}/windows"),
    benchmark:
        benchmark_of(f"{RUN}/windows")
    conda:
        "../../envs/gpu.yaml"
    params:
        bos=lambda w: flags(config["models"][w.model], "bos"),
        corpus=corpus_flags,
        state=corpus_state,
        texts=texts_flags,
        seed=config["seed"],
        code=code("sample_windows"),
    message:
        "{wildcards.model}, {wildcards.corpus}: sampling token windows"
    shell:
        'python "$SCRIPTS"/sample_windows.py --model-info {input} {params.bos} {params.corpus} {params.texts}'
        " --seed {params.seed} --out {output} 2> {log}"
