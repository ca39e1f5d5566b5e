"""Of what depends on heads: whether it is measured, and where explanations say that it does."""


def measures_effects():
    """Whether the model is run without its heads."""
    return config["effects"]["test_windows"] > 0


def ablates_all():
    """Whether all heads are ablated, or those alone that gradients choose."""
    return config["effects"]["exact"] == "all"


def predictions_flags(wildcards):
    """The flag of what explanations predict; a language model's predict nothing."""
    if asks(wildcards.explainer):
        return ""
    return flags({"predictions": folder_of(f"{ROUND}/predictions")(wildcards)})
