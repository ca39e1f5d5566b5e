"""What is looked at before the first job, and said after the last."""

from headatlas.outcome import failed_heads, failed_jobs, of_heads

ASKING = (
    "ask_in_batches",
    "explain_head_llm",
    "explain_head_people",
    "propose_head_llm",
    "judge_head_llm",
)


def check_asking(jobs):
    """Raise WorkflowError if a job is to ask a language model and the key is not there.

    Where nobody is asked, as in a dry run or on the node of a submitted job, none is needed.
    """
    explainers = sorted({job.wildcards.explainer for job in jobs if job.rule.name in ASKING})
    try:
        check_environment(config, explainers, os.environ)
    except InputError as error:
        raise WorkflowError(str(error)) from None


def without_default_rate(scheduler):
    """Let jobs start as fast as they can, unless the user has set another limit than Snakemake's.

    To keep to a limit, Snakemake (9.27) sets a timer whenever it looks for jobs, looks again when
    it rings, and so sets another. Each job that ends adds such a chain, none of which stops while
    jobs are ready: with hundreds it does little else. A run also waits for the last of them.
    """
    limit = scheduler.job_rate_limiter
    if limit and (limit.max_jobs, limit.timespan) == (100, 1):
        scheduler.job_rate_limiter = None


def results_in_words():
    """Where the pages are, and which heads failed."""
    for folder in [Path(atlas_folder(*run)) for run in runs(config)]:
        if (folder / "index.html").is_file():
            yield f"The atlas is in {(folder / 'index.html').absolute()}"
            reasons, heads = failed_heads(folder / "explanations.jsonl")
            if reasons:
                yield f"{of_heads(reasons, heads)} ({folder})"
    for page in [Path(COMPARISON) / "index.html"] if COMPARED else []:
        if page.is_file():
            yield f"The comparison of all runs is in {page.absolute()}"


def failures_in_words(logs):
    """What failed, a line for each rule, by the logs of Snakemake."""
    for path in map(Path, logs):
        yield from failed_jobs(path)
    yield "What did not fail is done; after mending, the same command goes on from there."
