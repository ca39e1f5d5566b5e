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
    folder = folder_of(f"{ROUND}/judgements")(wildcards)
    return flags({"judgements": folder, "controls": count, "layer_controls": count})


def control_flags(wildcards, table):
    """Flags of the controls of a head; a language model's judgement holds its own."""
    folder = folder_of(f"{ROUND}/judgements")(wildcards)
    return flags({"controls": table, "judgements": folder}) if table else ""
