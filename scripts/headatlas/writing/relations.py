"""Relations between words, as lists of pairs in a file, and the tokens that the words are.

A CSV file with the columns `relation`, `source` and `target` and a row for each pair. No import
here is heavy, for the configuration is checked with this code.
"""

from collections.abc import Iterable, Mapping
from pathlib import Path

from ..csv_tables import TableError, table_rows

RELATIONS = Path(__file__).parents[3] / "workflow/resources/relations.csv"  # those that we wrote
COLUMNS = ["relation", "source", "target"]
LONGEST = 60  # of a relation's name
Relations = dict[str, list[tuple[str, str]]]  # pairs of words by the relation's name


class RelationsError(TableError):
    """The file cannot be used."""


def read_relations(path: Path, taken: Iterable[str] = ()) -> Relations:
    """The relations of a file, in its order. White space in source and target is theirs.

    Raises RelationsError if it is no such file, or has a relation whose name is `taken`.
    """
    found: Relations = {}
    taken = set(taken)
    for line, (name, source, target) in table_rows(path, COLUMNS, RelationsError):
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
