"""Of the models: what changes when their files do."""


def model_state(wildcards):
    """Changes when a file of a model in a local folder does; a hub model is a commit."""
    folder = Path(config["models"][wildcards.model]["source"])
    files = [file for file in folder.glob("[!.]*") if file.is_file() and file.suffix != ".md"]
    return contents_digest(files, folder, MEMORY) if files else None
