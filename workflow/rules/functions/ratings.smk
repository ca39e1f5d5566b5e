"""Of what people say: where they have rated explanations."""


def rated(wildcards):
    """What people's ratings of a run come to, if they have rated it."""
    if not Path(ANSWERS.format(**wildcards)).is_file():
        return []
    return at_round(RATED, wildcards).format(**wildcards)


def rated_runs():
    """Likewise of the runs of the sweep that people have rated."""
    studies = dict.fromkeys(run[:3] for run in runs(config))
    named = [dict(zip(("model", "corpus", "explainer"), s, strict=True)) for s in studies]
    paths = [RATED.format(**n, round=last_round(n["explainer"])) for n in named]
    return [p for p, n in zip(paths, named, strict=True) if Path(ANSWERS.format(**n)).is_file()]
