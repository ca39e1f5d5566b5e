"""Labels and terms of families."""

from hypothesis import given, settings
from hypothesis import strategies as st

from headatlas.clustering.labels import class_terms, label_families
from headatlas.records.explanation import Behaviour, Explanation


def explanation(*behaviours: tuple[str, str, str], summary: str = "") -> Explanation:
    return Explanation(
        model="m",
        corpus="c",
        explainer="e",
        round=0,
        layer=0,
        head=0,
        status="explained",
        reason=None,
        title="t",
        summary=summary,
        behaviours=[
            Behaviour(
                family=family,
                attends_to=attends_to,
                active_when=active_when,
            )
            for family, attends_to, active_when in behaviours
        ],
        program=None,
        confidence=None,
        positive_texts=[],
        negative_texts=[],
    )


PREVIOUS = explanation(("previous token", "the previous token", ""))
DELIMITER = explanation(("delimiter", "the last comma", ""))


def labels(*families: list[Explanation]) -> list[str]:
    medoids = [f"L00H{index:02d}" for index in range(len(families))]
    return [label for label, _ in label_families(families, medoids)]


def test_label_is_the_behaviour_that_most_explanations_name() -> None:
    assert labels([PREVIOUS, PREVIOUS, DELIMITER], [DELIMITER] * 2) == [
        "previous token",
        "delimiter",
    ]


def test_two_common_behaviours_are_both_in_the_label() -> None:
    both = explanation(("local", "the start", ""), ("delimiter", "the last comma", ""))
    assert labels([both, both, DELIMITER]) == ["delimiter and local"]
    assert labels([both, both]) == ["local and delimiter"]


def test_case_and_spaces_do_not_make_another_behaviour() -> None:
    other = explanation(("Previous  Token", "the previous token", ""))
    assert labels([PREVIOUS, other]) == ["previous token"]


def test_without_a_common_behaviour_the_best_term_is_the_label() -> None:
    nameless = explanation(("", "opening brackets", ""))
    assert labels([nameless] * 2, [DELIMITER] * 2) == ["opening brackets", "delimiter"]


def test_a_summary_stands_in_for_behaviours() -> None:
    assert labels([explanation(summary="month names")] * 2) == ["month names"]


def test_same_behaviour_is_told_apart_by_its_own_terms() -> None:
    comma = explanation(("delimiter", "the last comma", ""))
    newline = explanation(("delimiter", "the last newline", ""))
    assert labels([comma] * 2, [newline] * 2) == [
        "delimiter (last comma)",
        "delimiter (last newline)",
    ]


def test_what_has_no_words_is_labelled_by_its_medoid() -> None:
    blank = explanation(("", "…", ""))
    assert labels([blank] * 2, [blank] * 2) == ["like L00H00", "like L00H01"]
    assert class_terms([["…"], [" "]]) == [[], []]


def test_terms_are_ranked_by_class_tf_idf_by_hand() -> None:
    # 5 and 6 words, 5.5 in the mean. "shared": 3/5 log(1 + 5.5/9) = 0.286;
    # "rare": 2/5 log(1 + 5.5/2) = 0.529, though it is the less frequent in its class.
    terms = class_terms([["shared"] * 3 + ["rare"] * 2, ["shared"] * 6])
    assert terms == [["rare", "shared"], ["shared"]]


def test_of_overlapping_terms_the_best_stays() -> None:
    # "last comma" is as frequent as its words, and longer.
    assert class_terms([["the last comma"] * 2]) == [["last comma"]]


def test_phrases_are_not_joined_into_terms() -> None:
    (terms,) = class_terms([["alpha beta", "gamma delta"]])
    assert terms == ["alpha beta", "gamma delta"]


@settings(deadline=None)  # the first example imports a large library
@given(st.lists(st.lists(st.text(max_size=12), min_size=1, max_size=3), min_size=1, max_size=5))
def test_labels_are_unique_and_never_empty(names: list[list[str]]) -> None:
    families = [[explanation((name, "a key", "")) for name in family] for family in names]
    found = labels(*families)
    assert len(set(found)) == len(found)
    assert all(label.strip() for label in found)
