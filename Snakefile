"""Head Atlas: every attention head explained, tested on unseen text, grouped and published."""

from snakemake.utils import min_version

min_version("9.0")


include: "workflow/rules/common.smk"
include: "workflow/rules/functions/shared.smk"
include: "workflow/rules/subjects.smk"
include: "workflow/rules/corpora.smk"
include: "workflow/rules/activations.smk"
include: "workflow/rules/writing.smk"
include: "workflow/rules/events.smk"
include: "workflow/rules/explainers.smk"
include: "workflow/rules/language_models.smk"
include: "workflow/rules/estimates.smk"
include: "workflow/rules/scoring.smk"
include: "workflow/rules/effects.smk"
include: "workflow/rules/clustering.smk"
include: "workflow/rules/roles.smk"
include: "workflow/rules/ratings.smk"
include: "workflow/rules/reporting.smk"
include: "workflow/rules/comparison.smk"
include: "workflow/rules/studies.smk"
include: "workflow/rules/functions/ending.smk"


# explain_head, predict_head and score_head take a second a head: they run where Snakemake runs,
# unless a profile makes jobs of them, many heads each (profiles/slurm). What asks a language model
# always runs there, for there the key is, and the network.
localrules:
    all,
    atlases,
    comparison,
    estimate,
    randomise_model,
    ask_in_batches,
    explain_head,
    explain_head_llm,
    explain_head_people,
    propose_head_llm,
    predict_head,
    judge_head_llm,
    score_head,
    list_heads_to_draw,
    list_variants,


rule all:
    default_target: True
    input:
        rules.atlases.input,
        rules.comparison.input,


onstart:
    if Path("results").exists() and not os.access("results", os.W_OK):
        raise WorkflowError("results: may not be written; allowed: a folder that may")
    check_asking(workflow.dag.needrun_jobs())
    without_default_rate(workflow.scheduler)


onsuccess:
    print(*results_in_words(), sep="\n", file=sys.stderr)


onerror:
    print(*failures_in_words(log), sep="\n", file=sys.stderr)
