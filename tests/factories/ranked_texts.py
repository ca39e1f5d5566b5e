"""Texts, and of each query the texts that have any of its words, the best first."""

TEXTS = [
    "Negation: tokens after a negation",
    "Previous token",
    "Negations and negatives, all of the same token",
    "{ and __proto__ and constructor",
    "",
]
QUERIES = {
    "tokens after a negation": [0, 1, 2],
    "previous tokens": [1, 0, 2],
    "NEG": [0, 2],
    "ne": [],
    "neg neg": [0, 2],
    "{": [3],
    "“{”": [3],
    "__proto__": [3],
    "zebra": [],
    " ": [],
}
