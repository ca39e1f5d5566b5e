"""Text as token windows."""

from glob import glob


def corpus_flags(wildcards):
    """Flags of a corpus; its entry's keys are those of the script, but for a few names."""
    entry = dict(config["corpora"][wildcards.corpus])
    entry |= entry.pop("split")
    if entry["kind"] == "huggingface":
        entry["dataset"] = entry.pop("source")
        entry["dataset_revision"] = entry.pop("revision")
    return flags(entry, *entry)


def local_files(entry):
    """The files of a corpus that is read from this machine, in order of name."""
    if entry["kind"] == "text":
        patterns = (
            [entry["files"]] if isinstance(entry["files"], str) else entry["files"]
        )
    else:
        folder = (
            entry["folder"] if entry["kind"] == "stackexchange" else entry["source"]
        )
        patterns = [f"{folder}/**"]
    found = {name for pattern in patterns for name in glob(pattern, recursive=True)}
    return [Path(name) for name in sorted(found) if Path(name).is_file()]


def corpus_state(wildcards):
    """Changes when the text behind a corpus does: its files, or the Python it ships with."""
    entry = config["corpora"][wildcards.corpus]
    if entry["kind"] == "python-docs":
        return platform.python_version()
    listing = [
        f"{file} {file.stat().st_size} {file.stat().st_mtime_ns}"
        for file in local_files(entry)
    ]
    return hashlib.sha256("\n".join(listing).encode()).hexdigest()[:16]


rule sample_windows:
    input:
        "results/{model}/model.json",
    output:
        f"{RUN}/windows.parquet",
    log:
        log_of(f"{RUN}/windows"),
    benchmark:
        benchmark_of(f"{RUN}/windows")
    conda:
        "../../envs/gpu.yaml"
    params:
        model=lambda w: flags(config["models"][w.model], "source", "revision", "bos"),
        corpus=corpus_flags,
        state=corpus_state,
        seed=config["seed"],
        code=code("sample_windows"),
    message:
        "{wildcards.model}, {wildcards.corpus}: sampling token windows"
    shell:
        "python {SCRIPTS}/sample_windows.py {params.model} {params.corpus}"
        " --seed {params.seed} --out {output} 2> {log}"
