"""Which runs are estimated."""


def estimates():
    """The estimated cost of every run of the sweep that asks a language model."""
    found = [
        f"{RUN}/{{explainer}}/estimate.csv".format(model=model, corpus=corpus, explainer=explainer)
        for model, corpus, explainer, _ in runs(config)
        if config["explainers"][explainer]["kind"] != "symbolic"
    ]
    return list(dict.fromkeys(found))
