"""Which head has which role, drawn from a seed."""

import numpy as np

from .roles import CARRIER, ROLES, Role

LAYERS, HEADS = 4, 8


def place_roles(rng: np.random.Generator) -> dict[tuple[int, int], Role | None]:
    """Role of every (layer, head); None where the head is noise.

    Every role once, anywhere, but those that read what the carrier writes in a layer after it.
    """
    carrier_layer = int(rng.integers(LAYERS - 1))
    free = [(n, h) for n in range(LAYERS) for h in range(HEADS)]
    found: dict[tuple[int, int], Role | None] = {}
    for role in (CARRIER, *sorted(ROLES, key=lambda role: not role.needs_carrier)):
        allowed = [place for place in free if _fits(role, place[0], carrier_layer)]
        place = allowed[int(rng.integers(len(allowed)))]
        free.remove(place)
        found[place] = role
    return dict(sorted((found | dict.fromkeys(free)).items()))


def _fits(role: Role, layer: int, carrier_layer: int) -> bool:
    if role is CARRIER:
        return layer == carrier_layer
    return layer > carrier_layer or not role.needs_carrier
