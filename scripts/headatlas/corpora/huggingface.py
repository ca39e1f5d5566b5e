"""Documents of a dataset on the Hugging Face hub, or of a folder in one of its formats."""

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from itertools import chain, islice
from pathlib import Path
from typing import Any

from ..errors import InputError
from .document import Document
from .lines import documents_of_lines, is_heading
from .rows import text_of

_ROWS_SEEN_FIRST = 100


def huggingface_documents(
    dataset: str,
    *,
    name: str | None = None,
    commit: str | None = None,
    part: str,
    field: str,
) -> Iterator[Document]:
    """Documents of one part (split) of a dataset, streamed: it is never held whole.

    `dataset` is a name on the hub, a folder of Parquet, JSON lines or text files, or
    a folder written by `save_to_disk`; `name` is its configuration. A row is a
    document `part#row`. Only where one of the first 100 rows is a heading in the
    manner of WikiText (` = Title = `) the rows are taken for lines of text and cut
    into articles `part#0001` and so on.

    Raises InputError if there is no such dataset, configuration, part or field.
    """
    with _explained(dataset):
        parts = _parts(dataset, name, commit, part)
        if part not in parts:
            found = ", ".join(map(repr, parts))
            raise InputError(f"{dataset}: no part {part!r}; the parts are {found}")
        rows = parts[part]
        if field in (rows.column_names or ()):
            rows = rows.select_columns([field])  # the others, images say, are not even decoded
        texts = _texts(rows, field, f"{dataset}, part {part}")
        first = list(islice(texts, _ROWS_SEEN_FIRST))
        texts = chain(first, texts)
        if any(map(is_heading, first)):
            lines = (text if text.endswith("\n") else text + "\n" for text in texts)
            yield from documents_of_lines(part, lines)
        else:
            for number, text in enumerate(texts):
                yield Document(f"{part}#{number}", text)


def _parts(dataset: str, name: str | None, commit: str | None, part: str) -> Mapping[str, Any]:
    """The parts of a dataset by name; one that was saved without names is called `part`."""
    from datasets import Dataset, DatasetDict, disable_progress_bars, load_dataset, load_from_disk

    disable_progress_bars()
    folder = Path(dataset)
    if not any((folder / file).is_file() for file in ("dataset_dict.json", "state.json")):
        streamed: Mapping[str, Any] = load_dataset(dataset, name, revision=commit, streaming=True)
        return streamed
    saved: Dataset | DatasetDict = load_from_disk(dataset)  # memory-mapped
    return {str(saved.split or part): saved} if isinstance(saved, Dataset) else saved


def _texts(rows: Iterable[Mapping[str, Any]], field: str, where: str) -> Iterator[str]:
    for number, row in enumerate(rows):
        yield text_of(row, field, f"{where}, row {number}")


@contextmanager
def _explained(dataset: str) -> Iterator[None]:
    """Turn the library's errors of reading into one sentence."""
    from datasets.exceptions import DatasetsError

    try:
        yield
    except (DatasetsError, OSError, ValueError, RuntimeError) as error:
        reason = " ".join(str(error).split())
        raise InputError(f"{dataset}: cannot be read as a dataset: {reason}") from None
