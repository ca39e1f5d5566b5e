"""Explanations, head by head, and what they predict for unseen text."""

# Flags that name a head and its run; the same for every script that works on one.
HEAD_FLAGS = (
    "--model {wildcards.model} --corpus {wildcards.corpus} --explainer {wildcards.explainer}"
    " --round {wildcards.round} --layer {wildcards.layer} --head {wildcards.head}"
)


rule explain_head:
    input:
        events=f"{RUN}/events/layer{{layer}}.parquet",
        stats=f"{RUN}/stats/layer{{layer}}.parquet",
    output:
        f"{ROUND}/explanations/L{{layer}}H{{head}}.json",
    log:
        log_of(f"{ROUND}/explanations/L{{layer}}H{{head}}"),
    benchmark:
        benchmark_of(f"{ROUND}/explanations/L{{layer}}H{{head}}")
    conda:
        "../../envs/llm.yaml"
    params:
        settings=explainer_flags,
        seed=config["seed"],
        code=code("explain_head"),
    message:
        "{wildcards.model}, {wildcards.corpus}, {wildcards.explainer}: explaining L{wildcards.layer}H{wildcards.head}"
    shell:
        f'python "$SCRIPTS"/explain_head.py {HEAD_FLAGS} {{params.settings}}'
        " --seed {params.seed} --events {input.events} --stats {input.stats}"
        " --out {output} 2> {log}"


rule judge_head:
    input:
        events=f"{RUN}/events/layer{{layer}}.parquet",
        explanation=f"{ROUND}/explanations/L{{layer}}H{{head}}.json",
    output:
        f"{ROUND}/judgements/L{{layer}}H{{head}}.json",
    log:
        log_of(f"{ROUND}/judgements/L{{layer}}H{{head}}"),
    benchmark:
        benchmark_of(f"{ROUND}/judgements/L{{layer}}H{{head}}")
    conda:
        "../../envs/llm.yaml"
    params:
        code=code("judge_head"),
    message:
        "{wildcards.model}, {wildcards.corpus}, {wildcards.explainer}: predicting L{wildcards.layer}H{wildcards.head} on unseen text"
    shell:
        'python "$SCRIPTS"/judge_head.py --events {input.events}'
        " --explanation {input.explanation} --out {output} 2> {log}"
