"""Of the programs: what is proposed to their search."""


def proposals_of(wildcards):
    """What a language model proposes for a head, if it does."""
    return PROPOSALS.format(**wildcards) if proposes(wildcards.explainer) else []


def search_flags(wildcards):
    """Flags of the search for a program."""
    entry = config["explainers"][wildcards.explainer]
    keys = ("max_behaviours", "min_gain", "texts") if proposes(wildcards.explainer) else ()
    return flags(entry, *keys)


def proposals_flags(wildcards, input):
    """The flag of what is proposed to it, if anything."""
    return flags({"proposals": input.get("proposals") or None})
