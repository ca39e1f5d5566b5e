"""Of the models: what changes when their files do."""


def model_state(wildcards):
    """Changes when a local file of a model does; a hub model is a commit."""
    folder = Path(config["models"][wildcards.model]["source"])
    if folder.is_file():
        return contents_digest([folder], folder.parent, MEMORY)
    files = [file for file in folder.glob("[!.]*") if file.is_file() and file.suffix != ".md"]
    return contents_digest(files, folder, MEMORY) if files else None
