"""What is found of a head as phrases: noun phrases, clauses, titles, and the odds of levels."""

from collections.abc import Mapping, Sequence

import numpy as np

from ...records.explanation import Level
from ..logit.features import KINDS
from ..logit.model import Behaviour
from .findings import Finding, Findings
from .language import EVERYTHING
from .wording import NOUNS, active_when, attends_to, family, quoted, title_of

Texts = Mapping[int, str]  # of tokens
MOST_WORDS = 10
NOTABLE = np.log(1.5)  # of a weight against the mean of its term


class Speaker:
    """Knows the texts of tokens, and the terms of a head's logit."""

    def __init__(self, findings: Findings, behaviours: Sequence[Behaviour], texts: Texts):
        self._findings, self._behaviours, self._texts = findings, behaviours, texts

    def avoids(self, piece: Finding) -> bool:
        """Whether what is told is that there is less attention."""
        return (
            piece.term is not None and piece.source != EVERYTHING and piece.share < piece.baseline
        )

    def family(self, piece: Finding) -> str:
        """Short name of the behaviour."""
        if self.avoids(piece):
            return "avoidance"
        term = self._term(piece)
        if term is not None and piece.source == EVERYTHING:
            return "local" if term.by == "distance" else "token-class"
        return family(piece.source)

    def attends_to(self, piece: Finding) -> str:
        """A noun phrase for the keys."""
        if piece.term is None and piece.source.name == "recent":
            return f"nearby tokens, half of it within the last {self._findings.distance.half + 1}"
        term = self._term(piece)
        if term is not None and piece.source == EVERYTHING:
            return self._of_all(term)
        phrase = attends_to(piece.source, self._texts)
        varies = ""
        if term is not None and term.by not in ("", "token"):
            # Of the last key alone, distance says nothing more.
            last = term.source != piece.source and term.by == "distance"
            varies = "" if last else self._varies(term)
        return f"{phrase}, {varies}" if varies else phrase

    def active_when(self, piece: Finding) -> str:
        """A clause for the queries; empty for all."""
        return active_when(piece.trigger, self._texts)

    def titles(self, piece: Finding) -> list[str]:
        """Titles of a piece, the fullest first; the last always fits."""
        term = self._term(piece)
        if piece.term is None and piece.source.name == "recent":
            return ["Nearby tokens"]
        if term is not None and piece.source == EVERYTHING:
            name = self._of_all(term).split(" and least", 1)[0]
            name = name[0].upper() + name[1:]
        elif piece.source.is_list:
            ids = [int(i) for i in piece.source.arguments]
            shown = ", ".join(dict.fromkeys(quoted(i, self._texts) for i in ids[:2]))
            several = "s" * (len(ids) > 1)
            before = {
                "after_tokens": "After the",
                "new_tokens": f"First occurrence{several} of the",
            }
            name = f"{before.get(piece.source.name, 'The')} token{several} {shown}"
            name += " …" * (len(ids) > 2)
        else:
            name = title_of(piece.source)
        name = f"Less: {name[0].lower()}{name[1:]}" if self.avoids(piece) else name
        when = self.active_when(piece)
        full = f"{name}, when {when}"
        return [full, name] if when and len(full.split()) <= MOST_WORDS else [name]

    def levels(self, piece: Finding) -> list[Level]:
        """The odds of each token, kind or distance, the largest first."""
        term = self._term(piece)
        if term is None:
            return []
        feature = term.feature
        if not term.by:
            names = [quoted(token, self._texts) for token in feature.tokens]
            weights = [term.weight] * len(names)
        else:
            names = [self._level(term, name) for name in feature.levels]
            weights = list(term.weights)
        found = [
            Level(name=name, odds=float(f"{np.exp(weight):.4g}"))
            for name, weight in zip(names, weights, strict=True)
            if weight != 0
        ]
        return sorted(found, key=lambda level: -level.odds)

    def _term(self, piece: Finding) -> Behaviour | None:
        return None if piece.term is None else self._behaviours[piece.term]

    def _level(self, term: Behaviour, name: str) -> str:
        if term.by == "token":
            return quoted(int(name), self._texts)
        return _noun(name) if name in KINDS else name

    def _of_all(self, term: Behaviour) -> str:
        """What is preferred among all tokens."""
        if term.by == "distance":
            return "nearer tokens" if self._falls(term) else "tokens that are not the nearest"
        if not term.by:
            return "tokens other than the first"
        most, least = self._extremes(term)
        if most:
            return f"{most[0]} more than other tokens" + (f" and least {least[0]}" if least else "")
        return f"{least[0]} less than other tokens" if least else "some kinds of token"

    def _falls(self, term: Behaviour) -> bool:
        """Whether the odds fall with distance, over the bins that were seen."""
        weights = np.array([w for w in term.weights if w])
        return len(weights) < 2 or float(np.cov(np.arange(len(weights)), weights)[0, 1]) < 0

    def _varies(self, term: Behaviour) -> str:
        """How the odds vary."""
        if term.by == "distance":
            return "the nearer the more" if self._falls(term) else "not only the nearest"
        at = "when the current token is among the " if term.by == "query_kind" else ""
        most, least = self._extremes(term)
        parts = [f"most {at}{most[0]}"] if most and at else [f"most to {most[0]}"] if most else []
        if least:
            parts.append(f"least {at}{least[0]}" if at else f"least to {least[0]}")
        return " and ".join(parts)

    def _extremes(self, term: Behaviour) -> tuple[list[str], list[str]]:
        """The kinds with clearly larger, and with clearly smaller weights than the mean."""
        known = [(w, k) for w, k in zip(term.weights, KINDS, strict=True) if w and k != "other"]
        known.sort()
        high = [_noun(k) for w, k in reversed(known) if w - term.weight >= NOTABLE]
        return high, [_noun(k) for w, k in known if term.weight - w >= NOTABLE]


def _noun(kind: str) -> str:
    return NOUNS[kind][1] if kind in NOUNS else "other tokens"
