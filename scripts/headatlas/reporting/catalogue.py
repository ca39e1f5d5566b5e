"""What each number means: labels and definitions of scores and head metrics."""

from collections.abc import Iterable
from typing import NamedTuple

from .verdict import LEAST


class Measure(NamedTuple):
    """A score or a head metric.

    `signed`: zero separates two kinds of value. `control` and `margin` are the names of
    the scores that hold its control and the difference, where it has them; `layer_control`
    and `layer_margin` those of the control within the layer.
    """

    key: str
    label: str
    definition: str
    signed: bool = False
    control: str | None = None
    margin: str | None = None
    layer_control: str | None = None
    layer_margin: str | None = None

    @property
    def keys(self) -> list[str]:
        """The names of the score, its controls and its margins, those that there are."""
        names = (self.key, self.control, self.margin, self.layer_control, self.layer_margin)
        return [name for name in names if name]


MEASURED_ON = (
    "Correlations, pair AUROC and detection are measured on test documents, which the explainer "
    "has not seen. The probe scores (effect sizes and probe AUROC) are measured on the "
    "explanation's own test texts, which a program makes from validation windows and a language "
    "model writes."
)

SCORES = (
    Measure(
        "attention_correlation",
        "Attention correlation",
        "Pearson correlation between the attention that the explanation predicts and the "
        "attention measured, over the (query, key) pairs of the random test windows, "
        "position 0 left out. 1 is a perfect prediction, 0 is none.",
        control="attention_correlation_control",
        margin="attention_margin",
        layer_control="attention_correlation_layer_control",
        layer_margin="attention_layer_margin",
    ),
    Measure(
        "salience_correlation",
        "Salience correlation",
        "Pearson correlation between predicted and measured salience over the tokens of the "
        "random test windows. Undefined where the explanation predicts a constant.",
        control="salience_correlation_control",
        margin="salience_margin",
        layer_control="salience_correlation_layer_control",
        layer_margin="salience_layer_margin",
    ),
    Measure(
        "pair_auroc",
        "Pair AUROC",
        "Probability that one of the head's strongest (query, key) pairs is predicted more "
        "attention than a weak look-alike: same query and another key, same distance and other "
        "tokens, or same tokens in another place. 0.5 is chance.",
    ),
    Measure(
        "pair_detection_auroc",
        "Pair detection AUROC",
        "Of passages of the random test windows that end with a query and have one earlier token "
        "marked, half are strong (query, key) pairs and half weak look-alikes. Who knows only the "
        "explanation says which: a language model by the probability of its yes, a program by the "
        "attention it predicts. The score is the probability that a strong pair is given more "
        "than a weak one. 0.5 is chance.",
        control="pair_detection_auroc_control",
        margin="pair_detection_margin",
    ),
    Measure(
        "detection_auroc",
        "Detection AUROC",
        "Likewise of passages that end with a token at which the head is among its most active "
        "tenth, or in its less active half; a program answers by the salience it predicts.",
        control="detection_auroc_control",
        margin="detection_margin",
    ),
    Measure(
        "effect_size",
        "Effect size",
        "Hedges' g of the head's peak salience in test texts that should excite it against test "
        "texts that should not: difference of means in pooled standard deviations, corrected for "
        "small samples. 0 is no difference.",
        True,
    ),
    Measure(
        "auroc",
        "Probe AUROC",
        "Probability that a test text that should excite the head has a larger peak salience "
        "than one that should not. 0.5 is chance.",
    ),
    Measure(
        "effect_size_mean",
        "Effect size (mean)",
        "The effect size of the mean salience of a test text instead of its peak.",
        True,
    ),
    Measure(
        "auroc_mean",
        "Probe AUROC (mean)",
        "The probe AUROC of the mean salience of a test text instead of its peak.",
    ),
)

METRICS = (
    Measure("previous_token", "Previous token", "Mean attention to the token just before."),
    Measure("current_token", "Current token", "Mean attention of a token to itself."),
    Measure(
        "duplicate_token",
        "Duplicate token",
        "Mean attention to earlier occurrences of the same token.",
    ),
    Measure(
        "induction",
        "Induction",
        "Mean attention to tokens that follow an earlier occurrence of the same token, on the "
        "corpus's own text.",
    ),
    Measure(
        "sink",
        "Sink",
        "Mean attention to position 0, where heads park attention they do not use. Position 0 "
        "is left out of every ranking.",
    ),
    Measure("entropy", "Entropy", "Mean entropy of the rows of the pattern."),
    Measure("distance_mean", "Mean distance", "Mean distance in tokens, weighted by attention."),
    Measure(
        "distance_variance",
        "Distance variance",
        "Variance of that distance within a row, in tokens squared.",
    ),
    Measure(
        "delimiter",
        "Delimiter",
        "Mean attention to punctuation (not operators), brackets and line ends, less the share "
        "of such keys among those available.",
        True,
    ),
)

KNOWN_ROLES = (
    "Heads of this model to which the literature gives a role, list by list, as each source "
    "tested them. A head is recovered if one of the behaviours of its explanation is of the "
    "family of the role. Beside it, apart from all explanations: of the published heads, how many "
    "are among the heads that measure highest, as many as are published. By chance is the mean "
    "if explanations, or measurements, are shuffled among the heads compared; p is the "
    "probability that shuffling finds at least as many."
)
KNOWN_ROLES_OF_SOME = (
    "This run leaves heads out: explanations, and measurements on the corpus text, are compared "
    "among its own heads alone, so chance finds more than it would in the whole model. Repeated "
    "random tokens are measured in every head of the model."
)

TERMS = (
    (
        "Control and margin",
        "The control is the mean of the same score over the explanations of other heads, taken "
        "at equal steps around all heads of the atlas; the layer control likewise around the "
        "heads of the same layer. The margin is the score less its control, both resampled "
        "together.",
    ),
    (
        "Explained",
        "A head is explained if it has an explanation and the 95 % interval of the attention "
        f"margin on test documents lies above {LEAST}; if the explanation predicts no attention, "
        "for it is in words alone, that of the pair detection margin or of the detection margin. "
        "If not, other heads' explanations predict it about as well as its own does: it is "
        "unexplained, “not above control”, and keeps its explanation to be read. Where there is "
        "no margin, nothing was compared, and "
        "the explanation counts. Families and clusters group all explanations, those not above "
        "control among them.",
    ),
    (
        "Random weights",
        "Heads of the same architecture before training: its weights are those that transformers "
        "initialises it with, drawn from the seed. The whole workflow explains and scores these "
        "heads on the same windows, with each other as controls. They have learnt nothing: their "
        "scores are what the shape of the architecture gives for nothing, and their explanations "
        "what the explainer says where there is nothing to find.",
    ),
    (
        "Test texts",
        "Texts that should excite a head and texts that should not, given with its explanation "
        "and made from validation windows: cut, repeated, joined and shuffled. They are not held "
        "out as test documents are.",
    ),
    ("Salience", "‖z W_O‖: the norm of what a head writes at a token."),
    (
        "Exemplar",
        "A window of text chosen for a head: of largest peak salience (top), from evenly "
        "spaced quantiles of the peak (quantile), or drawn at random and the same for all "
        "heads (random).",
    ),
    (
        "Coverage and chance",
        "Share of the head's attention mass that a behaviour accounts for, and the share the "
        "same keys would get under uniform attention.",
    ),
    (
        "Stored attention",
        "Of each query, the attention to position 0 and the K largest of the other weights "
        "(K is the setting top_keys). All other attention counts as 0.",
    ),
    (
        "Splits",
        "Documents are divided into train (seen by the explainer), validation (used to choose "
        "and to make test texts) and test (used to report). No document is in two of them.",
    ),
    (
        "Interval",
        "95 % bootstrap interval, written in square brackets.",
    ),
)


def label(key: str) -> str:
    """A readable name for any key: `recall_at_5` is `Recall at 5`."""
    return key.replace("_", " ").capitalize()


def scores_among(keys: Iterable[str]) -> list[Measure]:
    """The scores that are present, in the catalogue's order, controls and margins left out.

    One that is not in the catalogue follows by name and has no definition.
    """
    present = set(keys)
    known = [measure for measure in SCORES if measure.key in present]
    named = {name for measure in SCORES for name in measure.keys}
    others = [Measure(key, label(key), "No definition on record.") for key in present - named]
    return known + sorted(others)
