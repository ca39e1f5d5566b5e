"""Of the scores: which other heads' explanations they are held beside."""


def executed_files(pattern):
    """Input function: the file of every selected head, if its explanation is executed."""
    files = head_files(pattern)
    return lambda w: [] if asks(w.explainer) else files(w)


def choice_flags(wildcards):
    """Flags of what tells explanations apart, and of how many controls are chosen.

    A language model judges under the explanations of other heads of the model alone.
    """
    if asks(wildcards.explainer):
        count = config["explainers"][wildcards.explainer]["controls"]
        folder = folder_of(f"{ROUND}/explanations")(wildcards)
        return flags({"explanations": folder, "controls": count, "layer_controls": 0})
    count = config["scoring"]["controls"]
    folder = folder_of(f"{ROUND}/predictions")(wildcards)
    return flags({"predictions": folder, "controls": count, "layer_controls": count})


def substitutes(explainer):
    """Whether the model is run with what an explainer predicts; a language model predicts none."""
    return not asks(explainer) and config["scoring"]["substitution_windows"] > 0


def told(wildcards):
    """What is told of a head by who knows its explanation: a language model, or its program."""
    kind = "judgements/{}.json" if asks(wildcards.explainer) else "predictions/{}.parquet"
    return f"{ROUND}/{kind}".format(
        head_name(int(wildcards.layer), int(wildcards.head)), **wildcards
    )


def told_flags(wildcards, input):
    """Flags of that and of the controls; a language model's judgement holds its own."""
    if asks(wildcards.explainer):
        return flags({"judgement": input.told})
    folder = folder_of(f"{ROUND}/predictions")(wildcards)
    return flags({"controls": input.controls, "predictions": folder})
