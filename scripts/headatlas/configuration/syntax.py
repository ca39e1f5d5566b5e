"""The configuration file as YAML."""

from collections.abc import Iterator
from pathlib import Path

import yaml

from .problem import ConfigurationError, shown


def check_duplicate_keys(path: Path) -> None:
    """Raise ConfigurationError if a section has a key twice, or the file is not YAML.

    Of two equal keys, YAML readers keep the last and drop the other silently.
    """
    try:
        document = yaml.compose(path.read_text(encoding="utf-8"), yaml.SafeLoader)
    except OSError as error:
        raise ConfigurationError([f"{path.name}: {error.strerror}"]) from None
    except UnicodeDecodeError:
        raise ConfigurationError([f"{path.name}: is not text in UTF-8"]) from None
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        line = f"line {mark.line + 1}: " if mark else ""
        reason = getattr(error, "problem", None) or " ".join(str(error).split())
        raise ConfigurationError([f"{path.name}: {line}not YAML, {reason}"]) from None
    if found := [f"{path.name}: {problem}" for problem in _duplicates(document)]:
        raise ConfigurationError(found)


def _duplicates(document: yaml.Node | None) -> Iterator[str]:
    nodes, seen = [document], set()
    while nodes:
        node = nodes.pop()
        if id(node) in seen:  # an alias leads to the node of its anchor
            continue
        seen.add(id(node))
        if isinstance(node, yaml.SequenceNode):
            nodes += node.value
        elif isinstance(node, yaml.MappingNode):
            nodes += [value for _, value in node.value]
            yield from _repeated([key for key, _ in node.value])


def _repeated(keys: list[yaml.Node]) -> Iterator[str]:
    first: dict[tuple[str, str], int] = {}
    for key in keys:
        name, line = (key.tag, str(key.value)), key.start_mark.line + 1
        if name in first:
            problem = f"{shown(key.value)} is already set in line {first[name]}"
            yield f"line {line}: {problem}; allowed: each key of a section once"
        first.setdefault(name, line)
