"""What is asked of language models: explanations, proposals, judgements; and what it cost."""


include: "functions/language_models.smk"


LLM = of_kind("llm")
JUDGED = of_kind("llm", "people")
HYBRID = of_kind("hybrid")


# What the jobs of the heads will ask of a language model, all together. It may take a day, and asks
# for nothing twice: stopped and started again, it goes on.
rule ask_in_batches:
    input:
        events=layer_files(f"{RUN}/events/layer{{layer}}.parquet"),
        drawn=layer_files(ITEMS),
        stats=layer_files(f"{RUN}/stats/layer{{layer}}.parquet"),
        hypotheses=hypotheses_of,
        evidence=evidence_of,
    output:
        BATCHES,
    log:
        log_of(BATCHES.removesuffix(".json")),
    benchmark:
        benchmark_of(BATCHES.removesuffix(".json"))
    wildcard_constraints:
        explainer=LLM,
    conda:
        "../../envs/llm.yaml"
    resources:
        calls=calls_at_once("endpoint", "judge", batch=False),
    params:
        events=folder_of(f"{RUN}/events"),
        drawn=folder_of(f"{RUN}/items"),
        stats=folder_of(f"{RUN}/stats"),
        heads=lambda w: head_names(w.model, w.get("explainer")),
        settings=llm_flags,
        rounds=lambda w: flags(config["explainers"][w.explainer], "rounds", "controls"),
        further=further_flags,
        budgets=budgets("endpoint", "judge"),
        hypotheses=lambda w: flags({"hypotheses_folder": hypotheses_folder(w)}),
        evidence=evidence_flags,
        replies=REPLIES,
        prompts=folder_digest(PROMPTS),
        seed=config["seed"],
        code=code("ask_in_batches"),
    message:
        "{wildcards.model}, {wildcards.corpus}, {wildcards.explainer}: asking about all heads"
    shell:
        'python "$SCRIPTS"/ask_in_batches.py {params.settings} {params.rounds} {params.further} --seed {params.seed}'
        ' --connections "$CONNECTIONS" --replies {params.replies} --model {wildcards.model}'
        " --corpus {wildcards.corpus} --explainer {wildcards.explainer} --heads {params.heads}"
        " --events-folder {params.events} --items-folder {params.drawn} --stats-folder {params.stats} {params.hypotheses} {params.evidence}"
        " --out {output} 2> {log}"


# Of a language model: it proposes, a judge tests on validation text, the best is kept. In further
# rounds it sees what the explanation of the round before got wrong.
rule explain_head_llm:
    input:
        events=events_of,
        drawn=ITEMS,
        stats=f"{RUN}/stats/layer{{layer}}.parquet",
        hypothesis=hypothesis_of,
        evidence=evidence_of,
        previous=previous_round,
        batches=batches_of,
    output:
        f"{ROUND}/explanations/L{{layer}}H{{head}}.json",
    log:
        log_of(f"{ROUND}/explanations/L{{layer}}H{{head}}"),
    benchmark:
        benchmark_of(f"{ROUND}/explanations/L{{layer}}H{{head}}")
    wildcard_constraints:
        explainer=LLM,
    conda:
        "../../envs/llm.yaml"
    resources:
        calls=calls_at_once("endpoint", "judge"),
    params:
        settings=llm_flags,
        budgets=budgets("endpoint", "judge"),
        hypothesis=lambda w, input: flags({"hypothesis": input.get("hypothesis") or None}),
        previous=lambda w, input: flags({"previous": input.get("previous") or None}),
        evidence=evidence_flags,
        replies=REPLIES,
        prompts=folder_digest(PROMPTS),
        seed=config["seed"],
        code=code("explain_head_llm"),
    message:
        "{wildcards.model}, {wildcards.corpus}, {wildcards.explainer}: asking about L{wildcards.layer}H{wildcards.head}, round {wildcards.round}"
    shell:
        f'python "$SCRIPTS"/explain_head_llm.py {HEAD_FLAGS} {{params.settings}}'
        ' --connections "$CONNECTIONS" --replies {params.replies} --seed {params.seed}'
        " {params.hypothesis} {params.evidence} {params.previous} --events {input.events} --items {input.drawn} --stats {input.stats}"
        " --out {output} 2> {log}"


# What people wrote; of several texts about a head the judge keeps the one that tells it best.
rule explain_head_people:
    input:
        events=events_of,
        drawn=ITEMS,
    output:
        f"{ROUND}/explanations/L{{layer}}H{{head}}.json",
    log:
        log_of(f"{ROUND}/explanations/L{{layer}}H{{head}}"),
    benchmark:
        benchmark_of(f"{ROUND}/explanations/L{{layer}}H{{head}}")
    wildcard_constraints:
        explainer=of_kind("people"),
        round="0",
    conda:
        "../../envs/llm.yaml"
    resources:
        calls=calls_at_once("judge"),
    params:
        settings=judge_flags,
        budgets=budgets("judge"),
        written=lambda w: flags({"written": written_by_people(w)}),
        state=written_state,
        replies=REPLIES,
        prompts=folder_digest(PROMPTS),
        code=code("explain_head_people"),
    message:
        "{wildcards.model}, {wildcards.corpus}, {wildcards.explainer}: what people wrote of L{wildcards.layer}H{wildcards.head}"
    shell:
        f'python "$SCRIPTS"/explain_head_people.py {HEAD_FLAGS} {{params.settings}}'
        ' --connections "$CONNECTIONS" --replies {params.replies} {params.written}'
        " --events {input.events} --items {input.drawn} --out {output} 2> {log}"


# Features that the program of a head might need; explain_head tries them.
rule propose_head_llm:
    input:
        events=events_of,
        stats=f"{RUN}/stats/layer{{layer}}.parquet",
    output:
        PROPOSALS,
    log:
        log_of(PROPOSALS.removesuffix(".json")),
    benchmark:
        benchmark_of(PROPOSALS.removesuffix(".json"))
    wildcard_constraints:
        explainer=HYBRID,
        round="0",
    conda:
        "../../envs/llm.yaml"
    resources:
        calls=calls_at_once("endpoint"),
    params:
        settings=proposing_flags,
        budgets=budgets("endpoint"),
        replies=REPLIES,
        prompts=[folder_digest(PROMPTS), folder_digest(PROPOSING)],
        seed=config["seed"],
        code=code("propose_head_llm"),
    message:
        "{wildcards.model}, {wildcards.corpus}, {wildcards.explainer}: asking what L{wildcards.layer}H{wildcards.head} might need"
    shell:
        f'python "$SCRIPTS"/propose_head_llm.py {HEAD_FLAGS} {{params.settings}}'
        ' --connections "$CONNECTIONS" --replies {params.replies} --seed {params.seed}'
        " --events {input.events} --stats {input.stats} --out {output} 2> {log}"


rule judge_head_llm:
    input:
        events=f"{RUN}/events/layer{{layer}}.parquet",
        drawn=ITEMS,
        explanation=f"{ROUND}/explanations/L{{layer}}H{{head}}.json",
        controls=CONTROLS,
        batches=batches_of,
    output:
        f"{ROUND}/judgements/L{{layer}}H{{head}}.json",
    log:
        log_of(f"{ROUND}/judgements/L{{layer}}H{{head}}"),
    benchmark:
        benchmark_of(f"{ROUND}/judgements/L{{layer}}H{{head}}")
    wildcard_constraints:
        explainer=JUDGED,
    conda:
        "../../envs/llm.yaml"
    resources:
        calls=calls_at_once("judge"),
    params:
        settings=judge_flags,
        further=further_flags,
        explanations=folder_of(f"{ROUND}/explanations"),
        budgets=budgets("judge"),
        replies=REPLIES,
        prompts=folder_digest(PROMPTS),
        code=code("judge_head_llm"),
    message:
        "{wildcards.model}, {wildcards.corpus}, {wildcards.explainer}: judging the explanation of L{wildcards.layer}H{wildcards.head}"
    shell:
        'python "$SCRIPTS"/judge_head_llm.py {params.settings} {params.further}'
        ' --connections "$CONNECTIONS" --replies {params.replies} --events {input.events} --items {input.drawn}'
        " --explanation {input.explanation} --controls {input.controls} --explanations {params.explanations}"
        " --out {output} 2> {log}"


rule count_usage:
    input:
        told=told_files(head_files, ROUND),
        random_told=told_files(random_files, RANDOM_ROUND),
    output:
        USAGE,
    log:
        log_of(USAGE.removesuffix(".parquet")),
    wildcard_constraints:
        explainer=of_kind("llm", "people", "hybrid"),
    conda:
        "../../envs/llm.yaml"
    params:
        judged=lambda w: "" if asks(w.explainer) else "--no-judged",
        rounds=lambda w: rounds_until(w, ROUND),
        heads=lambda w: head_names(w.model, w.get("explainer")),
        random_rounds=lambda w: rounds_until(w, RANDOM_ROUND),
        random_heads=lambda w: [head_name(*at) for at in random_heads(w.model)],
        code=code("count_usage"),
    message:
        "{wildcards.model}, {wildcards.corpus}, {wildcards.explainer}: adding up what was asked"
    shell:
        'python "$SCRIPTS"/count_usage.py {params.judged} --rounds {params.rounds} --heads {params.heads}'
        " --random-rounds {params.random_rounds} --random-heads {params.random_heads}"
        " --out {output} 2> {log}"
