"""Heads whose role is known, by standard tests or as published, held against a run."""

from pydantic import Field

from .base import VERSION, Record


class PublishedHead(Record):
    """A head of a list of published roles, and what the run says of it."""

    head: str = Field(description="its name, as LxxHyy")
    source: str = Field(description="who published the role")
    arxiv: str = Field(description="number of the paper; empty where there is none")
    checked: str = Field(description="read in code, paper or excerpt, or from memory")
    families: list[str] | None = Field(
        description="families of the behaviours of its explanation; null where the run left it out"
    )
    recovered: bool | None = Field(
        description="whether the family of the role is among them, or it is said to write so; "
        "null where it is not graded"
    )
    value: float | None = Field(description="of the metric of the list, where measured")
    rank: int | None = Field(description="of this value among all heads measured, 1 the largest")


class Recall(Record):
    """How many of the heads with a role were picked from all that were compared."""

    found: int = Field(description="heads with the role among those picked")
    sought: int = Field(description="heads with the role among those compared")
    compared: int = Field(description="heads from which they were picked")
    expected: float = Field(description="mean of found if what was picked is shuffled among heads")
    p: float = Field(description="probability that shuffling finds as many")


class RoleList(Record):
    """The heads that sources give one role by one test, held against a run."""

    role: str
    test: str = Field(description="what the sources tested the heads on")
    heads: list[PublishedHead]
    not_graded: str | None = Field(default=None, description="why this list is not graded")
    family: str | None = Field(default=None, description="family that explains the role")
    says: str | None = Field(
        default=None,
        description="of a role that is about what a head writes, what says it of a head",
    )
    metric: str | None = Field(default=None, description="measurement of the role")
    measured_on: str | None = Field(default=None, description="text of the measurement")
    explained: Recall | None = Field(
        default=None,
        description="picked are the heads explained by the family, or of which it is said",
    )
    measured: Recall | None = Field(
        default=None,
        description="picked are the heads of largest metric, as many as are published",
    )


class StandardTest(Record):
    """The heads of a run that score high on repeated random tokens, held against it."""

    metric: str = Field(description="of records.repeats")
    family: str = Field(description="family that explains a high score")
    high: list[str] = Field(description="heads whose score is `high_from` or more, highest first")
    high_from: float
    missed: list[str] = Field(description="those whose explanation does not name the family")
    recall: Recall | None = Field(
        description="picked are the heads whose explanation names the family, sought those that "
        "score high; null if none does"
    )
    named: int = Field(description="heads whose explanation names the family")
    right: int = Field(description="those of them whose score is `some_from` or more")
    some_from: float


class KnownRoles(Record):
    """`known_roles.json`: heads whose role is known, held against the explanations of a run."""

    version: int = VERSION
    model: str
    corpus: str
    explainer: str
    round: int
    tests: list[StandardTest] = Field(description="standard tests that the model could be given")
    lists: list[RoleList] = Field(description="published roles; none where there is no table")
