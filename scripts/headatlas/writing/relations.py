"""Relations between words, as lists of pairs in a file, and the tokens that the words are.

A CSV file with the columns `relation`, `source` and `target` and a row for each pair. No import
here is heavy, for the configuration is checked with this code.
"""

import csv
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

from ..errors import InputError

RELATIONS = Path(__file__).parents[3] / "workflow/resources/relations.csv"  # those that we wrote
COLUMNS = ["relation", "source", "target"]
LONGEST = 60  # of a relation's name
Relations = dict[str, list[tuple[str, str]]]  # pairs of words by the relation's name


class RelationsError(InputError):
    """The file cannot be used: what is wrong with it, and what is allowed instead."""

    def __init__(self, path: Path, problem: str, allowed: str):
        self.problem, self.allowed = problem, allowed
        super().__init__(f"{path}: {problem}; allowed: {allowed}")


def read_relations(path: Path, taken: Iterable[str] = ()) -> Relations:
    """The relations of a file, in its order. White space in source and target is theirs.

    Raises RelationsError if it is no such file, or has a relation whose name is `taken`.
    """
    found: Relations = {}
    taken = set(taken)
    for line, (name, source, target) in _rows(path):
        name = name.strip()
        if not (name and source and target):
            raise RelationsError(path, f"line {line}: an empty cell", "no empty cells")
        if len(name) > LONGEST:
            problem = f"line {line}: the name of the relation has {len(name)} characters"
            raise RelationsError(path, problem, f"at most {LONGEST}")
        if name in taken:
            problem = f"line {line}: the relation {name!r} is one that Head Atlas has already"
            raise RelationsError(path, problem, "another name")
        pairs = found.setdefault(name, [])
        if (source, target) in pairs:
            problem = f"line {line}: {source!r} and {target!r} again"
            raise RelationsError(path, problem, "a pair once in a relation")
        pairs.append((source, target))
    if not found:
        raise RelationsError(path, "no rows", "a row for each pair")
    return found


def _rows(path: Path) -> Iterator[tuple[int, list[str]]]:
    """Rows with the number of their line."""
    try:
        with path.open(newline="", encoding="utf-8-sig") as file:
            table = csv.reader(file, strict=True)
            if next(table, None) != COLUMNS:
                raise RelationsError(path, "other columns", ",".join(COLUMNS))
            for cells in table:
                if len(cells) != len(COLUMNS):
                    problem = f"line {table.line_num}: {len(cells)} cells"
                    raise RelationsError(path, problem, f"{len(COLUMNS)} cells in a row")
                yield table.line_num, cells
    except OSError as error:
        raise RelationsError(path, error.strerror or "not readable", "a CSV file") from None
    except (UnicodeDecodeError, csv.Error) as error:
        raise RelationsError(path, f"no CSV file in UTF-8 ({error})", "a CSV file") from None


def token_pairs(
    pairs: Iterable[tuple[str, str]], token_of: Mapping[str, int]
) -> list[tuple[int, int]]:
    """The pairs both of whose sides are single tokens, each once. `token_of` is by text.

    Words and numbers are looked up as they stand in running text, after a space, and if one of
    the two is no token then, without it; whatever begins otherwise, as it is written.
    """
    found: dict[tuple[int, int], None] = {}
    for source, target in pairs:
        for before in (" ", "") if source[0].isalnum() and target[0].isalnum() else ("",):
            tokens = token_of.get(before + source), token_of.get(before + target)
            if tokens[0] is not None and tokens[1] is not None:
                found[tokens[0], tokens[1]] = None
                break
    return list(found)
