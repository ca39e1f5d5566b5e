"""What the sweep will ask of language models, rehearsed before anything is asked."""


include: "functions/estimates.smk"


rule estimate:
    input:
        estimates(),


rule estimate_cost:
    input:
        events=layer_files(f"{RUN}/events/layer{{layer}}.parquet"),
        drawn=layer_files(ITEMS),
        stats=layer_files(f"{RUN}/stats/layer{{layer}}.parquet"),
        evidence=evidence_of,
    output:
        f"{RUN}/{{explainer}}/estimate.csv",
    log:
        log_of(f"{RUN}/{{explainer}}/estimate"),
    benchmark:
        benchmark_of(f"{RUN}/{{explainer}}/estimate")
    wildcard_constraints:
        explainer=LLM,
    conda:
        "../../envs/llm.yaml"
    params:
        events=folder_of(f"{RUN}/events"),
        drawn=folder_of(f"{RUN}/items"),
        stats=folder_of(f"{RUN}/stats"),
        heads=lambda w: head_names(w.model, w.get("explainer")),
        random_heads=lambda w: len(random_heads(w.model)),
        settings=llm_flags,
        rounds=lambda w: flags(config["explainers"][w.explainer], "rounds", "controls"),
        further=further_flags,
        evidence=evidence_flags,
        replies=REPLIES,
        prompts=folder_digest(PROMPTS),
        seed=config["seed"],
        code=code("estimate_cost"),
    message:
        "{wildcards.model}, {wildcards.corpus}, {wildcards.explainer}: estimating what it will cost"
    shell:
        'python "$SCRIPTS"/estimate_cost.py {params.settings} {params.rounds} {params.further} --seed {params.seed}'
        ' --connections "$CONNECTIONS" --replies {params.replies} --model {wildcards.model}'
        " --corpus {wildcards.corpus} --explainer {wildcards.explainer} --heads {params.heads}"
        " --random-heads {params.random_heads} --events-folder {params.events} --items-folder {params.drawn}"
        " --stats-folder {params.stats} {params.evidence} --out {output} 2> {log}"


rule estimate_proposals:
    input:
        events=layer_files(f"{RUN}/events/layer{{layer}}.parquet"),
        stats=layer_files(f"{RUN}/stats/layer{{layer}}.parquet"),
    output:
        f"{RUN}/{{explainer}}/estimate.csv",
    log:
        log_of(f"{RUN}/{{explainer}}/estimate"),
    benchmark:
        benchmark_of(f"{RUN}/{{explainer}}/estimate")
    wildcard_constraints:
        explainer=HYBRID,
    conda:
        "../../envs/llm.yaml"
    params:
        events=folder_of(f"{RUN}/events"),
        stats=folder_of(f"{RUN}/stats"),
        heads=lambda w: head_names(w.model, w.explainer),
        random_heads=lambda w: len(random_heads(w.model)),
        settings=proposing_flags,
        replies=REPLIES,
        prompts=[folder_digest(PROMPTS), folder_digest(PROPOSING)],
        seed=config["seed"],
        code=code("estimate_proposals"),
    message:
        "{wildcards.model}, {wildcards.corpus}, {wildcards.explainer}: estimating what it will cost"
    shell:
        'python "$SCRIPTS"/estimate_proposals.py {params.settings} --seed {params.seed}'
        ' --connections "$CONNECTIONS" --replies {params.replies} --model {wildcards.model}'
        " --corpus {wildcards.corpus} --explainer {wildcards.explainer} --heads {params.heads}"
        " --random-heads {params.random_heads} --events-folder {params.events}"
        " --stats-folder {params.stats} --out {output} 2> {log}"


rule estimate_cost_people:
    input:
        events=layer_files(f"{RUN}/events/layer{{layer}}.parquet"),
        drawn=layer_files(ITEMS),
    output:
        f"{RUN}/{{explainer}}/estimate.csv",
    log:
        log_of(f"{RUN}/{{explainer}}/estimate"),
    benchmark:
        benchmark_of(f"{RUN}/{{explainer}}/estimate")
    wildcard_constraints:
        explainer=of_kind("people"),
    conda:
        "../../envs/llm.yaml"
    params:
        events=folder_of(f"{RUN}/events"),
        drawn=folder_of(f"{RUN}/items"),
        heads=lambda w: head_names(w.model, w.explainer),
        settings=judge_flags,
        further=further_flags,
        controls=lambda w: flags(config["explainers"][w.explainer], "controls"),
        written=lambda w: flags({"written": written_by_people(w)}),
        state=written_state,
        replies=REPLIES,
        prompts=folder_digest(PROMPTS),
        code=code("estimate_cost_people"),
    message:
        "{wildcards.model}, {wildcards.corpus}, {wildcards.explainer}: estimating what it will cost"
    shell:
        'python "$SCRIPTS"/estimate_cost_people.py {params.settings} {params.further} {params.controls}'
        ' --connections "$CONNECTIONS" --replies {params.replies} --model {wildcards.model}'
        " --corpus {wildcards.corpus} --explainer {wildcards.explainer} --heads {params.heads}"
        " {params.written} --events-folder {params.events} --items-folder {params.drawn}"
        " --out {output} 2> {log}"
