"""How well an explanation predicts its head, and no other."""

# A language model's judgement holds its own controls.
executed = lambda w: 0 if asks(w.explainer) else config["scoring"]["controls"]


rule score_head:
    input:
        events=f"{RUN}/events/layer{{layer}}.parquet",
        explanation=f"{ROUND}/explanations/L{{layer}}H{{head}}.json",
        judgement=f"{ROUND}/judgements/L{{layer}}H{{head}}.json",
        controls=control_files(f"{ROUND}/judgements/L{{layer}}H{{head}}.json", executed),
        layer_controls=control_files(
            f"{ROUND}/judgements/L{{layer}}H{{head}}.json", executed, within_layer=True
        ),
        probes=f"{ROUND}/probes/layer{{layer}}.parquet",
    output:
        f"{ROUND}/scores/L{{layer}}H{{head}}.json",
    log:
        log_of(f"{ROUND}/scores/L{{layer}}H{{head}}"),
    benchmark:
        benchmark_of(f"{ROUND}/scores/L{{layer}}H{{head}}")
    conda:
        "../../envs/analysis.yaml"
    params:
        settings=flags(config["scoring"], "bootstrap", "items"),
        seed=config["seed"],
        code=code("score_head"),
    message:
        "{wildcards.model}, {wildcards.corpus}, {wildcards.explainer}: scoring L{wildcards.layer}H{wildcards.head}"
    shell:
        f'python "$SCRIPTS"/score_head.py {HEAD_FLAGS} {{params.settings}}'
        " --seed {params.seed} --events {input.events} --explanation {input.explanation}"
        " --judgement {input.judgement} --control-judgements {input.controls}"
        " --layer-control-judgements {input.layer_controls}"
        " --probes {input.probes} --out {output} 2> {log}"
