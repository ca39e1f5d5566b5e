"""The heads of a study: as many as wanted, each as likely, families and layers in proportion."""

from collections import Counter

from headatlas.studies.sample import draw

HEADS = [f"L{layer:02d}H{head:02d}" for layer in range(6) for head in range(8)]
# A third of the heads of each layer is of one family, a quarter of another, the rest of none.
FAMILIES = {name: "induction" for name in HEADS if int(name[-2:]) < 3} | {
    name: "previous" for name in HEADS if int(name[-2:]) in (3, 4)
}


def test_families_are_there_in_proportion() -> None:
    for seed in range(20):
        drawn = draw("m", HEADS, FAMILIES, 16, seed)
        assert len(set(drawn)) == 16 and set(drawn) <= set(HEADS) and drawn == sorted(drawn)
        counted = Counter(FAMILIES.get(name, "") for name in drawn)
        assert {family: abs(counted[family] - share * 16) < 1 for family, share in
                {"induction": 3 / 8, "previous": 2 / 8, "": 3 / 8}.items()}  # fmt: skip
        assert counted["induction"] == 6 and counted["previous"] == 4 and counted[""] == 6
        layers = Counter(name[:3] for name in drawn)
        assert max(layers.values()) <= 5 and len(layers) >= 5


def test_every_head_is_as_likely() -> None:
    counted = Counter(name for seed in range(600) for name in draw("m", HEADS, FAMILIES, 16, seed))
    assert min(counted.values()) > 140 and max(counted.values()) < 260  # 200 are expected


def test_the_same_seed_draws_the_same_and_another_model_other_heads() -> None:
    first = draw("m", HEADS, FAMILIES, 16, 0)
    assert draw("m", HEADS, FAMILIES, 16, 0) == first != draw("other", HEADS, FAMILIES, 16, 0)


def test_more_than_there_are_is_all() -> None:
    assert draw("m", HEADS[::-1], {}, 100, 0) == HEADS
