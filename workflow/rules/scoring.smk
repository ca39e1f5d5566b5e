"""How well an explanation predicts its head, and no other."""


include: "functions/scoring.smk"


# One table for all heads: which explanations differ is known once there are all.
rule choose_controls:
    input:
        explanations=head_files(f"{ROUND}/explanations/L{{layer}}H{{head}}.json"),
        predictions=executed_files(f"{ROUND}/predictions/L{{layer}}H{{head}}.parquet"),
    output:
        CONTROLS,
    log:
        log_of(CONTROLS.removesuffix(".parquet")),
    benchmark:
        benchmark_of(CONTROLS.removesuffix(".parquet"))
    conda:
        "../../envs/analysis.yaml"
    params:
        heads=lambda w: head_names(w.model, w.get("explainer")),
        settings=choice_flags,
        code=code("choose_controls"),
    message:
        "{wildcards.model}, {wildcards.corpus}, {wildcards.explainer}: choosing controls"
    shell:
        'python "$SCRIPTS"/choose_controls.py {params.settings} --heads {params.heads} --out {output} 2> {log}'


rule substitute_heads:
    input:
        model="results/{model}/model.json",
        windows=windows_of,
        predictions=head_files(f"{ROUND}/predictions/L{{layer}}H{{head}}.parquet"),
        controls=CONTROLS,
    output:
        SUBSTITUTION,
    log:
        log_of(SUBSTITUTION.removesuffix(".parquet")),
    benchmark:
        benchmark_of(SUBSTITUTION.removesuffix(".parquet"))
    conda:
        "../../envs/gpu.yaml"
    threads: 8
    resources:
        gpu=EXECUTION["devices"],
    params:
        heads=lambda w: head_names(w.model, w.get("explainer")),
        predictions=folder_of(f"{ROUND}/predictions"),
        settings=flags(config["scoring"], "substitution_windows", "substitution_head_windows"),
        seed=config["seed"],
        code=code("substitute_heads"),
    message:
        "{wildcards.model}, {wildcards.corpus}, {wildcards.explainer}: running the model with heads that attend as explained"
    shell:
        'python "$SCRIPTS"/substitute_heads.py --model-info {input.model} $SUBJECT_FLAGS {params.settings}'
        " --windows {input.windows} --heads {params.heads} --predictions {params.predictions}"
        " --controls {input.controls} --seed {params.seed} --out {output} 2> {log}"


rule score_head:
    input:
        events=f"{RUN}/events/layer{{layer}}.parquet",
        drawn=ITEMS,
        explanation=f"{ROUND}/explanations/L{{layer}}H{{head}}.json",
        told=told,
        controls=lambda w: [] if asks(w.explainer) else CONTROLS,
        probes=probes_of,
    output:
        f"{ROUND}/scores/L{{layer}}H{{head}}.json",
    log:
        log_of(f"{ROUND}/scores/L{{layer}}H{{head}}"),
    benchmark:
        benchmark_of(f"{ROUND}/scores/L{{layer}}H{{head}}")
    conda:
        "../../envs/analysis.yaml"
    params:
        settings=flags(config["scoring"], "bootstrap"),
        told=told_flags,
        seed=config["seed"],
        code=code("score_head"),
    message:
        "{wildcards.model}, {wildcards.corpus}, {wildcards.explainer}: scoring L{wildcards.layer}H{wildcards.head}"
    shell:
        f'python "$SCRIPTS"/score_head.py {HEAD_FLAGS} {{params.settings}}'
        " --seed {params.seed} --events {input.events} --items {input.drawn} --explanation {input.explanation}"
        " {params.told}"
        " --probes {input.probes}/layer{wildcards.layer}.parquet --out {output} 2> {log}"
