"""Of the published roles: what changes when their table does."""


def has_roles(model):
    """Whether there is such a table."""
    return config["models"][model]["roles"] is not None


def roles_state(wildcards):
    """Changes when the table of published roles does; none where the model has none."""
    table = config["models"][wildcards.model]["roles"]
    return contents_digest([Path(table)], Path(table).parent, MEMORY) if table else None
