"""Names of families, from the words of their explanations. No language model is asked."""

from collections import Counter
from collections.abc import Sequence
from itertools import accumulate, pairwise

import numpy as np
from jaxtyping import Float

from ..records.explanation import Explanation

N_TERMS = 5
_LONGEST_TERM = 3
# Words that say nothing about a head. Common lists hold "previous", "same" and "last" too.
_STOP_WORDS = [
    *("a", "an", "and", "any", "are", "as", "at", "by", "for", "from", "has", "have", "in", "is"),
    *("it", "its", "of", "on", "or", "that", "the", "these", "this", "those", "to", "was", "were"),
    *("when", "where", "which", "with", "attend", "attends", "head", "heads"),
]
# Words that say something only in company, as in "previous token".
_GENERIC_WORDS = {"current", "one", "token", "tokens"}


def label_families(
    families: Sequence[Sequence[Explanation]], medoids: Sequence[str]
) -> list[tuple[str, list[str]]]:
    """A label and the characteristic terms of each family; no two labels are the same.

    The label is the behaviour that most of the family's explanations name, or two of
    them; where they agree on none, the most characteristic term. What is still ambiguous
    is told apart by a term that the others lack, else by the family's medoid.
    """
    terms = class_terms([_phrases(family) for family in families])
    bases = [
        _common_behaviours(family) or (words[0] if words else f"like {centre}")
        for family, words, centre in zip(families, terms, medoids, strict=True)
    ]
    labels: list[str] = []
    for index, (base, words, centre) in enumerate(zip(bases, terms, medoids, strict=True)):
        rivals = [other for other, name in enumerate(bases) if name == base and other != index]
        taken = {word for other in rivals for word in terms[other]}
        own = [word for word in words if word not in taken and word not in base]
        label = f"{base} ({[*own, centre][0]})" if rivals else base
        labels.append(label if label not in labels else f"{label} {centre}")
    return list(zip(labels, terms, strict=True))


def class_terms(classes: Sequence[Sequence[str]]) -> list[list[str]]:
    """The terms of up to three words that set each class of phrases apart, best first.

    Ranked by class-based TF-IDF (Grootendorst 2022, "BERTopic", equation 2): the share of
    a term in its class times log(1 + mean words per class / occurrences in all classes).
    A term that shares over half of its words with a better one is left out.
    """
    from sklearn.feature_extraction.text import CountVectorizer

    vectorizer = CountVectorizer(
        ngram_range=(1, _LONGEST_TERM), stop_words=_STOP_WORDS, token_pattern=r"\b\w+\b"
    )
    phrases = [phrase for phrases in classes for phrase in phrases]
    analyse = vectorizer.build_analyzer()
    if not any(analyse(phrase) for phrase in phrases):
        return [[] for _ in classes]
    counts = vectorizer.fit_transform(phrases)
    ends = accumulate((len(phrases) for phrases in classes), initial=0)
    sums = np.vstack([counts[start:end].sum(axis=0) for start, end in pairwise(ends)])
    names = vectorizer.get_feature_names_out().tolist()
    return [_best_terms(row, names) for row in _class_tf_idf(np.asarray(sums, dtype=float))]


def _class_tf_idf(
    counts: Float[np.ndarray, "classes terms"],
) -> Float[np.ndarray, "classes terms"]:
    words = counts.sum(axis=1, keepdims=True)
    frequency = counts / np.maximum(words, 1)
    weights: np.ndarray = frequency * np.log1p(words.mean() / counts.sum(axis=0))
    return weights


def _best_terms(weights: Float[np.ndarray, " terms"], names: Sequence[str]) -> list[str]:
    """The heaviest terms; of equals the one of more words, then the first in the alphabet."""
    heaviest = sorted(
        (-round(float(weight), 9), -name.count(" "), name)
        for weight, name in zip(weights, names, strict=True)
        if weight > 0 and name not in _GENERIC_WORDS
    )
    chosen: list[str] = []
    for _, _, name in heaviest:
        words = set(name.split())
        if all(len(words & set(term.split())) <= len(words) / 2 for term in chosen):
            chosen.append(name)
        if len(chosen) == N_TERMS:
            break
    return chosen


def _phrases(family: Sequence[Explanation]) -> list[str]:
    """Phrases apart, so that no term runs from the end of one into the next."""
    return [
        phrase
        for explanation in family
        for phrase in (
            [
                phrase
                for behaviour in explanation.beside_resting
                for phrase in (behaviour.family, behaviour.attends_to)
            ]
            or [explanation.summary]
        )
    ]


def _common_behaviours(family: Sequence[Explanation]) -> str:
    """The behaviours that over half of the explanations name, at most two, commonest first.

    Of equally common ones, that which the explanations mention first.
    """
    heads: Counter[str] = Counter()
    places: Counter[str] = Counter()
    for explanation in family:
        names = [" ".join(b.family.lower().split()) for b in explanation.beside_resting]
        for place, name in enumerate(dict.fromkeys(filter(None, names))):
            heads[name] += 1
            places[name] += place
    common = [name for name, count in heads.items() if count > len(family) / 2]
    common.sort(key=lambda name: (-heads[name], places[name], name))
    return " and ".join(common[:2])
