"""What heads write and what depends on them as numbers, one a head: for maps and scatter plots."""

from collections.abc import Iterator, Mapping, Sequence

from .catalogue import EFFECT_LABELS, OBJECT_NAMES, Quantity
from .claims import Claims
from .dependence import KIND, Dependence, Figures
from .maps import Numbers
from .substitution import Substituted
from .writing import Written

WRITES, DEPENDS = "What it writes", "What depends on it"
_ABLATED = ("loss", "direct", "later")


def numbers_of(
    names: Sequence[str],
    claims: Claims | None,
    written: Written | None,
    depends: Dependence | None,
    substituted: Substituted | None,
) -> Iterator[Numbers]:
    """Those of the heads named; what was not measured of any head is left out."""
    for numbers in (
        *(_lifts(names, claims) if claims else ()),
        *(_copying(names, written) if written else ()),
        *(_losses(names, depends) if depends else ()),
        *(_recovered(names, substituted) if substituted else ()),
    ):
        if any(value is not None for value in numbers.values):
            yield numbers


def _lifts(names: Sequence[str], claims: Claims) -> Iterator[Numbers]:
    for thing, label in OBJECT_NAMES.items():
        lifts = [
            claims.heads[name].lifts.get(thing) if name in claims.heads else None for name in names
        ]
        quantity = Quantity(
            f"lift_{thing}",
            f"Lift of {label}",
            "How much more it adds to that token, directly, than to those of other queries, where "
            "it is most active: standard deviations of what it adds to the vocabulary.",
            True,
        )
        yield Numbers(WRITES, quantity, [lift.value if lift else None for lift in lifts])


def _copying(names: Sequence[str], written: Written) -> Iterator[Numbers]:
    quantity = Quantity(
        "copying",
        "Copying score",
        "From the weights: 1 if it raises what it attends to, −1 if it lowers it.",
        True,
    )
    values = [written.heads[name].copying if name in written.heads else None for name in names]
    yield Numbers(WRITES, quantity, values)


def _losses(names: Sequence[str], depends: Dependence) -> Iterator[Numbers]:
    for figure in _ABLATED:
        quantity = Quantity(
            f"ablation_{figure}",
            f"Mean ablation: {EFFECT_LABELS[figure]}",
            "What the model loses without it, in nats a token, on test text.",
            True,
        )
        yield Numbers(DEPENDS, quantity, _of_figure(names, depends.ablated, figure))


def _of_figure(
    names: Sequence[str], ablated: Mapping[str, Figures], figure: str
) -> list[float | None]:
    rows = [ablated[name].get((KIND, figure)) if name in ablated else None for name in names]
    return [row["value"] if row else None for row in rows]


def _recovered(names: Sequence[str], substituted: Substituted) -> Iterator[Numbers]:
    quantity = Quantity(
        "loss_recovered",
        "Loss recovered by its explanation",
        "With its explanation in the place of its attention: 1 if nothing is lost, 0 if as much as "
        "with the head off.",
        True,
    )
    effects = [substituted.of_heads.get(name, {}).get("explanation") for name in names]
    yield Numbers(DEPENDS, quantity, [e.recovered if e else None for e in effects])
