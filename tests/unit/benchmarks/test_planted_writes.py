"""The table of planted writes, by hand."""

from planted_writes import Found, report

from headatlas.subjects.planted.answer_key import PlantedWriter


def found(function: str, claims: list[tuple[str, str]], **changed: object) -> Found:
    true = [("raises", "attended")] if function == "raises attended" else []
    truth = PlantedWriter(
        layer=0, head=0, function=function, words="", claims=true, noise=function == "random map",
        relation=("raises", "plural") if function == "raises related" else None, nats=1.0,
    )  # fmt: skip
    row = Found("none", truth, claims, [], 1.0, 0.5, 1.5, (1.0, 0.5), False)
    return row._replace(**changed)


def test_right_and_false_claims_are_counted() -> None:
    rows = [
        found("raises attended", [("raises", "attended")]),
        found("raises attended", [("raises", "attended"), ("lowers", "current")]),
        found("raises attended", []),
        found("random map", [("raises", "attended")]),
        found("random map", []),
        found("raises related", [], relations=[("raises", "plural")], estimate=0.0, loss=1.25),
        *(
            found(f"{note}: first", [], warned=note == "note_erased", known=(3.0, 0.5), loss=3.0)
            for note in ("note_erased", "note_lessened", "note_relayed")
        ),
    ]
    lines = [line.strip("| ").split(" | ") for line in report(rows).splitlines()]
    cells = {line[0]: line[-1].partition(",")[0] for line in lines}
    assert cells["right claims that hold"] == "2 of 3"
    assert cells["of these: raises attended"] == "2 of 3"
    assert cells["false claims, heads that write noise"] == "1 of 2"
    assert cells["false claims, other heads"] == "1 of 7"
    assert cells["planted relations told"] == "1 of 1"
    assert cells["ablation: largest error of the loss"] == "2.5e-01 nats"
    assert cells["warned of erased writers"] == "1 of 1"
    assert cells["warned of relayed writers"] == "0 of 1"
    assert cells["warned of heads that no later one reads"] == "0 of 6"
    # |1.5 − 1| of five heads, 1 of one, 1.5 of three; the mean size of the loss is 15/9.
    assert cells["gradients: error, of the mean size of the loss"] == f"{8 / 15:.2f}"
