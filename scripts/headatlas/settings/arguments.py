"""Settings as the flags of a script: their meaning, limits and defaults are told once."""

from argparse import ArgumentParser, ArgumentTypeError, BooleanOptionalAction, Namespace
from collections.abc import Callable, Sequence
from typing import Annotated, Any, Literal, TypeVar, get_args, get_origin

from pydantic import TypeAdapter, ValidationError
from pydantic.fields import FieldInfo

from ..errors import InputError
from .base import Settings
from .schema import schema_of
from .words import allowed

S = TypeVar("S", bound=Settings)
V = TypeVar("V")


def add_settings(parser: ArgumentParser, settings: type[Settings], *names: str) -> None:
    """Flags for the fields of settings, or for those named: `--top-keys` sets `top_keys`.

    A flag that is left out has the field's default, and one without a default is required. What
    `null` is in the configuration is a flag that is left out.
    """
    for name in names or settings.model_fields:
        field = settings.model_fields[name]
        _add(parser, settings, name, required=field.is_required())


def add_kinds(parser: ArgumentParser, kinds: Sequence[type[Settings]]) -> None:
    """Flags for an entry of one of several kinds, which `--kind` names, but for its sections.

    What a kind requires is required by no flag, since another kind may not have it.
    """
    names = {_kind(settings): settings for settings in kinds}
    parser.add_argument(
        "--kind",
        choices=list(names),
        required=True,
        help="; ".join(
            f"{kind}: {settings.model_fields['kind'].description}"
            for kind, settings in names.items()
        ),
    )
    for name in dict.fromkeys(name for settings in kinds for name in settings.model_fields):
        having = [settings for settings in kinds if name in settings.model_fields]
        if name == "kind" or _is_section(having[0].model_fields[name]):
            continue
        of = "" if len(having) == len(kinds) else f"{', '.join(map(_kind, having))}: "
        _add(parser, having[0], name, required=False, of=of)


def settings_of(args: Namespace, settings: type[S]) -> S:
    """What the flags of `add_settings` set."""
    return settings(**{name: getattr(args, name) for name in settings.model_fields})


def entry_of(args: Namespace, kinds: Sequence[type[S]]) -> S:
    """What the flags of `add_kinds` set; a section has its default.

    Raises InputError if the entry's kind needs what was not given.
    """
    settings = next(kind for kind in kinds if _kind(kind) == args.kind)
    given = {}
    for name, field in settings.model_fields.items():
        if not _is_section(field):
            given[name] = getattr(args, name)
            if field.is_required() and given[name] is None:
                raise InputError(f"--kind {args.kind} needs {_flag(name)}")
    return settings(**given)


def json_reader(flag: str, validated: Callable[[str], V]) -> Callable[[str], V]:
    """How the value of a flag is read that is JSON; what it returns raises InputError."""

    def read(text: str) -> V:
        try:
            return validated(text)
        except ValidationError as error:
            first = error.errors()[0]
            where = ".".join([flag, *map(str, first["loc"])])
            secret = first["loc"] and first["loc"][-1] in ("base_url", "api_key_env")
            found = "what may hold a secret" if secret else repr(first["input"])
            raise InputError(f"{where}: {first['msg']}, found {found}") from None

    return read


def _add(
    parser: ArgumentParser, settings: type[Settings], name: str, *, required: bool, of: str = ""
) -> None:
    field = settings.model_fields[name]
    default = None if field.is_required() else field.default
    options: dict[str, Any] = {"required": required, "default": default}
    told = f" (default: {default})"
    if field.annotation is bool:
        options["action"] = BooleanOptionalAction
    elif get_origin(field.annotation) is Literal:
        options["choices"] = get_args(field.annotation)
    elif any(get_origin(part) is list for part in get_args(field.annotation)):
        options["action"] = "append"  # given once for each
    else:
        options["type"] = _reader(settings, name)
    help_text = f"{of}{field.description}{told if default is not None else ''}"
    parser.add_argument(_flag(name), help=help_text.replace("%", "%%"), **options)


def _reader(settings: type[Settings], name: str) -> Callable[[str], Any]:
    """What is allowed in a field is allowed in its flag, and refused in the same words."""
    field = settings.model_fields[name]
    kind: Any = (
        Annotated[(field.annotation, *field.metadata)] if field.metadata else field.annotation
    )
    adapter: TypeAdapter[Any] = TypeAdapter(kind)

    def read(text: str) -> Any:
        try:
            return adapter.validate_strings(text)
        except ValidationError:
            words = allowed(schema_of(settings)["properties"][name])
            raise ArgumentTypeError(f"{text!r} is not allowed; allowed: {words}") from None

    return read


def _flag(name: str) -> str:
    return f"--{name.replace('_', '-')}"


def _kind(settings: type[Settings]) -> str:
    name: str = get_args(settings.model_fields["kind"].annotation)[0]
    return name


def _is_section(field: FieldInfo) -> bool:
    return isinstance(field.annotation, type) and issubclass(field.annotation, Settings)
