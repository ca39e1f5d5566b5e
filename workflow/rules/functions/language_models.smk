"""Of the language models: what asks them, in which order, and at what cost."""


def asked(prefix, endpoint):
    """Settings of a language model that a script asks; its address is in the environment."""
    sampling = json.dumps(sampling_of(config, endpoint), sort_keys=True)
    return {f"{prefix}endpoint": endpoint, f"{prefix}sampling": sampling}


def budgets(*roles):
    """Function of wildcards: what may be spent. With more, heads left out for want of it are run."""

    def words(wildcards):
        entry = config["explainers"][wildcards.explainer]
        return json.dumps([budget_of(config, entry[role]) for role in roles], sort_keys=True)

    return words


def calls_at_once(*roles, batch=True):
    """Function of wildcards: calls that a job makes at the same time.

    Unless `batch`, models that are asked in batches do not count.
    """

    def calls(wildcards):
        entry = config["explainers"][wildcards.explainer]
        asked = [config["endpoints"][entry[role]] for role in roles]
        return max((e["calls_at_once"] for e in asked if batch or not e["batch"]), default=0)

    return calls


def llm_flags(wildcards):
    """Flags of an explainer that is a language model: itself, its judge and its prompts."""
    entry = config["explainers"][wildcards.explainer]
    keys = ("format", "exemplars", "few_shot", "chain_of_thought", "metrics")
    keys += ("candidates", "items_per_call", "texts")
    return flags(
        asked("", entry["endpoint"])
        | asked("judge_", entry["judge"])
        | {key: entry[key] for key in keys}
    )


def judge_flags(wildcards):
    """Flags of the judge of such an explainer."""
    entry = config["explainers"][wildcards.explainer]
    return flags(asked("", entry["judge"]) | {"items_per_call": entry["items_per_call"]})


def proposing_flags(wildcards):
    """Flags of a language model that proposes to programs, and of its prompts."""
    entry = config["explainers"][wildcards.explainer]
    keys = ("format", "exemplars", "metrics", "draws", "proposals")
    return flags(asked("", entry["endpoint"]) | {key: entry[key] for key in keys})


def told_files(files, folder):
    """Input function: the last that was asked about every head, with what it cost."""

    def found(wildcards):
        kind = "judgements" if asks(wildcards.explainer) else "explanations"
        return files(f"{folder}/{kind}/L{{layer}}H{{head}}.json")(wildcards)

    return found


def further_flags(wildcards):
    """Flags of what such a judge is asked in the end."""
    return flags(config["explainers"][wildcards.explainer], "fuzzing", "simulation")


def hypotheses_folder(wildcards):
    """The folder of the symbolic explanations that a language model is shown, or None."""
    name = config["explainers"][wildcards.explainer]["hypothesis"]
    path = f"{ROUND}/explanations"
    return path.format(**{**wildcards, "explainer": name, "round": 0}) if name else None


def hypothesis_of(wildcards):
    """The symbolic explanation that a language model is shown as evidence, if any."""
    folder = hypotheses_folder(wildcards)
    return f"{folder}/L{wildcards.layer}H{wildcards.head}.json" if folder else []


def hypotheses_of(wildcards):
    """Likewise of all heads."""
    folder = hypotheses_folder(wildcards)
    heads = heads_of_run(wildcards.model, wildcards.explainer)
    return files_of(f"{folder}/L{{layer}}H{{head}}.json", heads) if folder else []


def evidence_of(wildcards):
    """What a language model is shown of what heads write, if it is."""
    shown = config["explainers"][wildcards.explainer]["writing"]
    return WRITE_EVIDENCE.format(**wildcards) if shown else []


def evidence_flags(wildcards, input):
    """The flag of that, if any."""
    return flags({"evidence": input.get("evidence") or None})


def batches_of(wildcards):
    """The record that all is answered, where one of the two models is asked ahead of the heads' jobs.

    A newer one reruns the jobs of the heads, which find their replies. It cannot be `ancient`:
    Snakemake looks for no other reason to run what comes after an ancient file that is made anew.
    """
    entry = config["explainers"][wildcards.explainer]
    roles = [role for role in ("endpoint", "judge") if role in entry]
    endpoints = [config["endpoints"][entry[role]] for role in roles]
    if entry["kind"] != "llm":  # the others are asked head by head
        return []
    ahead = any(endpoint["batch"] or endpoint["ahead"] for endpoint in endpoints)
    return BATCHES.format(**wildcards) if ahead else []


def written_by_people(wildcards):
    """The file of what people wrote of the model's heads; of its random twin they wrote nothing."""
    twin = wildcards.model.endswith(RANDOM)
    return None if twin else config["explainers"][wildcards.explainer]["file"]


def written_state(wildcards):
    """Changes when that file does: its path, which may have braces, cannot be an input."""
    file = written_by_people(wildcards)
    return contents_digest([Path(file)], Path(file).parent, MEMORY) if file else None


def previous_round(wildcards):
    """The explanation that a round of refinement begins with; the first has none."""
    if int(wildcards.round) == 0:
        return []
    path = f"{ROUND}/explanations/L{{layer}}H{{head}}.json"
    return path.format(**{**wildcards, "round": int(wildcards.round) - 1})


def rounds_until(wildcards, pattern):
    """The folders of the rounds of refinement, up to that of the wildcards."""
    rounds = range(int(wildcards.round) + 1)
    return [pattern.format(**{**wildcards, "round": number}) for number in rounds]
