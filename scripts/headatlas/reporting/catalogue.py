"""What each number means: labels and definitions of scores and head metrics."""

from typing import NamedTuple

from headatlas.controls import DIFFERENT, SAME
from headatlas.measure import OfTexts
from headatlas.measures import MEASURES
from headatlas.verdict import CRITERION
from headatlas.writing.criterion import FALSE, LEAST


class Quantity(NamedTuple):
    """What is told of heads beside the measures of their explanations.

    `signed`: zero separates two kinds of value.
    """

    name: str
    label: str
    definition: str
    signed: bool = False


MEASURED_ON = (
    "Scores are measured on test documents, which the explainer has not seen, but for the "
    + ", ".join(measure.within for measure in MEASURES if isinstance(measure, OfTexts))
    + ": these are of the explanation's own test texts, which a program makes from validation "
    "windows and a language model writes."
)

_REPEATS = "mean attention, where random tokens are repeated,"
METRICS = (
    Quantity("previous_token", "Previous token", "Mean attention to the token just before."),
    Quantity("current_token", "Current token", "Mean attention of a token to itself."),
    Quantity(
        "duplicate_token",
        "Duplicate token",
        "Mean attention to earlier occurrences of the same token.",
    ),
    Quantity(
        "induction",
        "Induction",
        "Mean attention to tokens that follow an earlier occurrence of the same token, on the "
        "corpus's own text.",
    ),
    Quantity(
        "sink",
        "Sink",
        "Mean attention to position 0, where heads park attention they do not use. Position 0 "
        "is left out of every ranking.",
    ),
    Quantity("entropy", "Entropy", "Mean entropy of the rows of the pattern."),
    Quantity("distance_mean", "Mean distance", "Mean distance in tokens, weighted by attention."),
    Quantity(
        "distance_variance",
        "Distance variance",
        "Variance of that distance within a row, in tokens squared.",
    ),
    Quantity(
        "delimiter",
        "Delimiter",
        "Mean attention to punctuation (not operators), brackets and line ends, less the share "
        "of such keys among those available.",
        True,
    ),
    Quantity(
        "repeats_prefix_matching",
        "Prefix matching",
        f"Induction score (Olsson et al. 2022): {_REPEATS} to the token that followed the "
        "token's first occurrence.",
    ),
    Quantity(
        "repeats_duplicate_token",
        "Duplicate token, random tokens",
        f"{_REPEATS.capitalize()} to the token's first occurrence.",
    ),
    Quantity(
        "repeats_previous_token",
        "Previous token, random tokens",
        f"{_REPEATS.capitalize()} to the token just before.",
    ),
    Quantity(
        "repeats_current_token",
        "Current token, random tokens",
        f"{_REPEATS.capitalize()} to the token itself.",
    ),
    Quantity(
        "repeats_sink",
        "Sink, random tokens",
        f"{_REPEATS.capitalize()} to position 0.",
    ),
)
LABELS = {metric.name: metric.label for metric in METRICS}

SUBSTITUTION = (
    "The model is run with predicted attention in the place of the heads' own, for more and more "
    "heads: those first whose explanation overlaps most with their attention on validation text. "
    "Of a head that nothing is predicted of, attention is taken to be even; another head's "
    "explanation is one that says something else, its first control. Loss recovered is "
    "1 − (loss − the model's) / (loss with these heads off − the model's)."
)

EFFECTS = (
    "The model is run without each head: in its place stands its mean at the same position over "
    "train windows. Loss is what the next token costs more, KL how far the output moves; directly: "
    "were all later components to write what they do with the head; by later layers: the rest, "
    "below zero where they make up for it. Active are the fifth of the tokens for which the head's "
    "explanation predicts most activation. Single heads understate, since others can step in."
)
RATINGS = (
    "People who did not know whose explanation it was saw it beside a head, and rated from 1 to 5 "
    "how well it fits: the head's own, and one that says something else (a control). By the "
    "explanation alone they had marked in unseen text where such a head should be active; balanced "
    "accuracy is the mean of two shares, of active tokens that are marked and of others that are "
    "not, 0.5 by chance. Raters are trusted who give at most 2 to each explanation that is plainly "
    "wrong, and nearly the same to what is shown twice (at most 1.5 apart on average). Intervals "
    "resample heads, trials or explanations, not raters."
)
TOGETHER = (
    "All heads of a cluster are ablated together, to their means, and beside them several times as "
    "many other heads of the same layers, drawn at random; the intervals of these are over draws "
    "and windows. One by one: the sum of what is lost without each head by itself; where less, "
    "others of the cluster stepped in."
)
# Of the figures of `records.effects`, what pages call them.
EFFECT_LABELS = {
    "loss": "loss, all tokens",
    "kl": "KL of the output",
    "direct": "loss, directly",
    "later": "loss, by later layers",
    "active": "loss where its explanation predicts activity",
    "elsewhere": "loss elsewhere",
    "difference": "active less elsewhere",
    "control": "the same by other heads' explanations",
    "margin": "difference less control",
    "estimate": "loss, estimated by gradients",
}

WRITING = (
    "A head's map from token to token is what it adds to the logits where it attends to one token "
    "alone: embedding (for later layers through the first layer's MLP too, unless that is turned "
    "off), norm, W_V, W_O, the final norm's gain, W_U. Later layers are not in it. A "
    "relation is a list of pairs of words; a pair counts if its target is among the {top} tokens "
    "that the head raises most, or lowers most, for its source (as in MAPS, Elhelo and Geva 2025); "
    "beside it, the same with the targets of other pairs. Told is what is clearly above that and "
    "above all heads with random weights, for 15 % of the pairs at least. The copying score is the "
    "sum of the map's eigenvalues over the sum of their sizes (Elhage et al. 2021): 1 if it raises "
    "what it attends to, −1 if it lowers it. No text is drawn, so it has no interval."
)

# Of the tokens that claims are about, what pages call them.
OBJECT_NAMES = {
    "attended": "the token it attends to",
    "after_attended": "the token after the one it attends to",
    "current": "the current token",
}
CLAIMS = (
    "What a head adds to the logits at the queries of each window where it is most active, for up "
    "to four tokens that it attends to, and at a random one: scale · z W_O, the final norm's gain, "
    "W_U, with the norm's scale as it is in the pass. Later layers are not in it. Lift: how much "
    "more it adds to a token than to the tokens of the same kind at its other queries, in standard "
    "deviations of what it adds to the vocabulary, with the 95 % interval over tokens. Claimed is "
    f"a lift of {LEAST} on train and on validation documents, clear of 0 on both together at a "
    f"level that {FALSE * 100:.0f} in a hundred heads with random maps would pass; a claim holds "
    "if its interval on test documents is above 0."
)

STANDARD_TESTS = (
    "Random tokens are said twice, over several distances, and the attention of the second saying "
    "is measured: what a head does apart from meaning, without any explanation. Recall: of the "
    "heads that score high, the share whose explanation names the family. Precision: of the heads "
    "whose explanation names it, the share that scores at least half as high, since the behaviour "
    "may be one of several, or show on ordinary text alone. By chance is the mean if "
    "explanations are shuffled among the heads."
)
KNOWN_ROLES = (
    "Heads of this model to which the literature gives a role, list by list, as each source "
    "tested them. A head is recovered if one of the behaviours of its explanation is of the "
    "family of the role; of a role that is about what a head writes, if a claim on it that holds "
    "on test text, or its weights, say so. Beside it, apart from all explanations: of the "
    "published heads, how many are among the heads that measure highest, as many as are "
    "published. By chance is the mean if explanations, or measurements, are shuffled among the "
    "heads compared; p is the probability that shuffling finds at least as many."
)
KNOWN_ROLES_OF_SOME = (
    "This run leaves heads out: explanations, and measurements on the corpus text, are compared "
    "among its own heads alone, so chance finds more than it would in the whole model. Repeated "
    "random tokens are measured in every head of the model."
)

TERMS = (
    (
        "Control and margin",
        "The control is the mean of the same score over the explanations of other heads that say "
        "something else, taken at equal steps around all such heads of the atlas; the layer "
        "control likewise around those of the same layer. The margin is the score less its "
        "control, both resampled together.",
    ),
    (
        "Twins",
        "Heads whose explanations say the same: what they predict of attention on validation text "
        f"correlates with {SAME} or more. Below {DIFFERENT} two explanations say something else, "
        "and the heads may serve each other as controls. Explanations in words say the same if the "
        "families of their behaviours are the same, and something else if they share none. That a "
        "head has twins is a finding, and no fault of its explanation.",
    ),
    (
        "Explained",
        f"{CRITERION} Families and clusters group all explanations, those that do not count "
        "among them.",
    ),
    (
        "Random weights",
        "Heads of the same architecture before training: its weights are those that transformers "
        "initialises it with, drawn from the seed. The whole workflow explains and scores these "
        "heads on the same windows, with each other as controls, and leaves those uncompared that "
        "all say the same. They have learnt nothing: their scores are what the shape of the "
        "architecture gives for nothing, and their explanations what the explainer says where "
        "there is nothing to find.",
    ),
    (
        "Test texts",
        "Texts that should excite a head and texts that should not, given with its explanation "
        "and made from validation windows: cut, repeated, joined and shuffled. They are not held "
        "out as test documents are.",
    ),
    ("Activation", "‖z W_O‖: the norm of what a head writes at a token."),
    (
        "Exemplar",
        "A window of text chosen for a head: of largest peak activation (top), from evenly "
        "spaced quantiles of the peak (quantile), or drawn at random and the same for all "
        "heads (random).",
    ),
    (
        "Odds",
        "How many times as likely a key is attended to, against another one at the same distance "
        "that is not named. They come from the program, a softmax over keys: see the executable "
        "form on a head's page.",
    ),
    (
        "Position model",
        "What distance and the first token alone predict of a head's attention, fitted to it. An "
        "explanation that names tokens has to beat it.",
    ),
    (
        "Stored attention",
        "Of random windows, on which explanations are fitted and measured, all of it, in half "
        "precision. Of the others, the attention of each query to position 0 and the K largest of "
        "the other weights (K is the setting top_keys).",
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
