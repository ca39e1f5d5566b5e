"""Of the comparison: the runs of the sweep, and what is made of two of them."""

from itertools import chain, combinations, product

OTHER_RUN = RUN.replace("{model}", "{other}")
MATCHES = f"{COMPARISON}/{{corpus}}/{{model}}/{{other}}/matches.parquet"
# The pages that set the runs of the sweep side by side; one run has nothing to be compared with.
PAGES = ("index.html", "cost.html")
COMPARED = [f"{COMPARISON_FINISHED}/{page}" for page in PAGES] if len(runs(config)) > 1 else []


def matches():
    """The matches of every two models of the sweep on every corpus."""
    names = config["sweep"]
    return [
        MATCHES.format(corpus=corpus, model=model, other=other)
        for corpus in names["corpora"]
        for model, other in combinations(names["models"], 2)
    ]


def compared_claims():
    """What heads write in text, of every model of the sweep and its twin on every corpus."""
    names = config["sweep"]
    models = [
        [name, f"{name}{RANDOM}"] if random_heads(name) else [name] for name in names["models"]
    ]
    return [
        WRITE_CLAIMS.format(model=model, corpus=corpus)
        for model, corpus in product(chain.from_iterable(models), names["corpora"])
    ]


def transfers():
    """Scores of the explanations of every corpus on every other corpus, if they are programs."""
    runs_once = dict.fromkeys(run[:3] for run in runs(config))
    return [path for run in runs_once for path in transfers_of(*run)]


def usage_files():
    """What the language models cost in the runs of the sweep that ask them."""
    return [
        USAGE.format(model=model, corpus=corpus, explainer=explainer, round=last_round(explainer))
        for model, corpus, explainer in dict.fromkeys(run[:3] for run in runs(config))
        if spends(explainer)
    ]


def clustering_flags(wildcards):
    """The clusterings of the sweep: how each groups explanations."""
    entries = {name: config["clusterings"][name] for name in config["sweep"]["clusterings"]}
    return flags({"clusterings": json.dumps(entries)})
