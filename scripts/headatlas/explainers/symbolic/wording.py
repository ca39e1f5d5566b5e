"""The English of expressions. They fit in "Attends to {source}{ when trigger}"."""

import re
from collections.abc import Mapping, Sequence
from types import MappingProxyType

from ...records.explanation import RESTING
from .language import EARLY, FIRST_TOKEN, Expression

# Token class -> one, several.
NOUNS = {
    "digit": ("number", "numbers"),
    "capitalised": ("capitalised token", "capitalised tokens"),
    "capitals": ("token in capitals", "tokens in capitals"),
    "punctuation": ("punctuation mark", "punctuation marks"),
    "opening": ("opening bracket", "opening brackets"),
    "closing": ("closing bracket", "closing brackets"),
    "quote": ("quotation mark", "quotation marks"),
    "newline": ("line break", "line breaks"),
    "space": ("run of spaces", "runs of spaces"),
    "operator": ("operator", "operators"),
    "function_word": ("function word", "function words"),
    "keyword": ("Python keyword", "Python keywords"),
    "special": ("special token", "special tokens"),
    "word": ("ordinary word", "ordinary words"),
    "delimiter": ("delimiter", "delimiters"),
    "continuation": ("piece inside a word", "pieces inside words"),
    "sentence_end": ("mark that ends a sentence", "marks that end sentences"),
    "comma": ("comma, colon or semicolon", "commas, colons and semicolons"),
    "determiner": ("determiner", "determiners"),
    "preposition": ("preposition", "prepositions"),
    "conjunction": ("conjunction", "conjunctions"),
    "pronoun": ("pronoun", "pronouns"),
    "auxiliary": ("auxiliary verb", "auxiliary verbs"),
    "negation": ("negation", "negations"),
}
# In full, once in a sentence: where it is attended to.
_SPELLED_OUT = {
    "delimiter": (
        "delimiter (punctuation mark, quotation mark, bracket, dash or line break)",
        "delimiters (punctuation and quotation marks, brackets, dashes and line breaks)",
    ),
    "function_word": ("function word (the, of, is …)", "function words (the, of, is …)"),
    "determiner": ("determiner (the, a, this …)", "determiners (the, a, this …)"),
    "preposition": ("preposition (of, in, to …)", "prepositions (of, in, to …)"),
    "conjunction": ("conjunction (and, but, if …)", "conjunctions (and, but, if …)"),
    "pronoun": ("pronoun (it, they, who …)", "pronouns (it, they, who …)"),
    "auxiliary": ("auxiliary verb (is, have, will …)", "auxiliary verbs (is, have, will …)"),
    "negation": ("negation (not, no, never …)", "negations (not, no, never …)"),
}
_ADJECTIVES = {"capitalised": "capitalised", "capitals": "in capitals"}
_PLAIN_SOURCES = {
    "previous_token": "the previous token",
    "current_token": "the current token itself",
    "first_token": "the first token of the text",
    "everything": "nearly all tokens up to and including the current one",
    "line_start": "the first token of the current line",
    "open_bracket": "the innermost bracket that is still open",
    "open_quote": "the quotation mark that is still open",
    "word_so_far": "the earlier pieces of the current word",
}
_PLAIN_TRIGGERS = {
    "any": "",
    "seen_before": "the current token occurred before",
    "not_seen_before": "the current token did not occur before",
    "bigram_seen_before": "the last two tokens occurred before in this order",
    "repeating": "the last three tokens occurred before in this order",
    "early": f"the current token is among the first {EARLY}",
    "late": f"the current token is not among the first {EARLY}",
    "starts_line": "the current token is the first of its line",
    "starts_word": "the current token starts a word",
    "continues_word": "the current token continues a word",
}
# What is repeated -> its previous occurrence, all its earlier occurrences.
_OCCURRENCES = {
    "same_token": (
        "the current token's previous occurrence",
        "the current token's earlier occurrences",
    ),
    "same_word": (
        "the previous occurrence of the current word, whatever its case and spacing",
        "the earlier occurrences of the current word, whatever its case and spacing",
    ),
    "same_bigram": (
        "the previous occurrence of the last two tokens",
        "the earlier occurrences of the last two tokens",
    ),
}
_INDUCTION = {"same_token": " (induction)", "same_bigram": " (induction on two tokens)"}
_LISTED = 5  # tokens of a list that are named
_TITLE = 9  # words
_ITSELF = " up to and including the current token"
_FAMILIES = {
    "previous_token": "previous-token",
    "current_token": "current-token",
    "first_token": RESTING,
    "offset": "offset",
    "recent": "local",
    "everything": "uniform",
    "line_start": "line-start",
    "open_bracket": "bracket",
    "open_quote": "quote",
    "word_so_far": "word",
    "within": "segment",
    "tokens": "token-list",
    "after_tokens": "token-list",
    "new_tokens": "token-list",
}
_CLASS_FAMILIES = {
    "punctuation": "delimiter",
    "delimiter": "delimiter",
    "sentence_end": "delimiter",
    "comma": "delimiter",
    "newline": "delimiter",
    "opening": "bracket",
    "closing": "bracket",
}


def attends_to(source: Expression, pieces: Mapping[int, str] = MappingProxyType({})) -> str:
    """A noun phrase for the keys of a source; `pieces` has the text of listed tokens."""
    match source.name, source.arguments:
        case "within", (segment,):
            return f"the tokens of the current {segment}"
        case "tokens", ids:
            return listed(ids, pieces)
        case "after_tokens", ids:
            return f"the tokens right after {listed(ids, pieces)}"
        case "new_tokens", ids:
            return f"the first occurrence{'s' * (len(ids) > 1)} of {listed(ids, pieces)}"
        case "offset", (distance,):
            return f"the token {distance} positions before"
        case "recent", (reach,):
            return f"the last {reach} tokens up to and including the current one"
        case (("last" | "all"), (str(match),)):
            several = source.name == "all"
            if match in _OCCURRENCES:
                return _OCCURRENCES[match][several]
            noun = _noun(match, several)
            return f"all {noun}{_ITSELF}" if several else f"the most recent {noun}{_ITSELF}"
        case ("after" | "before") as side, (str(match), pick):
            return _beside(side, match, pick == "all")
    return _PLAIN_SOURCES[source.name]


def active_when(trigger: Expression, pieces: Mapping[int, str] = MappingProxyType({})) -> str:
    """A clause for the queries of a trigger; empty for `any`. `pieces` as in `attends_to`."""
    match trigger.name, trigger.arguments:
        case "at_tokens", ids:
            one_of = "one of " if len(ids) > 1 else ""
            return f"the current token is {one_of}{listed(ids, pieces)}"
        case "class", (str(name),):
            return f"the current token is {_predicate(name)}"
        case "after_class", (str(name),):
            return f"the previous token is {_predicate(name)}"
        case "inside", ("brackets",):
            return "a bracket is open"
        case "inside", _:
            return "a quotation is open"
    return _PLAIN_TRIGGERS[trigger.name]


def listed(ids: Sequence[str | int], pieces: Mapping[int, str]) -> str:
    """The tokens of a list in order, by their text; one without a text by its number."""
    texts = list(dict.fromkeys(quoted(int(i), pieces) for i in ids))
    more = f" and {len(texts) - _LISTED} others" if len(texts) > _LISTED + 1 else ""
    texts = texts[:_LISTED] if more else texts
    return f"the token{'s' if len(texts) > 1 else ''} {', '.join(texts)}{more}"


def quoted(token: int, pieces: Mapping[int, str]) -> str:
    """A token in quotation marks: a space before it not shown, other white space by symbols."""
    if token not in pieces:
        return f"number {token}"
    text = pieces[token].removeprefix(" ") or " "
    for character, symbol in (("\n", "⏎"), ("\r", "⏎"), ("\t", "→")):
        text = text.replace(character, symbol)
    spaces = len(text) - len(text.rstrip(" "))
    return f"“{text.rstrip(' ')}{'␣' * min(spaces, 2)}{'…' * (spaces > 2)}”"


def family(source: Expression) -> str:
    """Short name of the behaviour."""
    match = source.arguments[0] if source.arguments else None
    if match in _OCCURRENCES:
        return {"after": "induction", "before": "before-repeat"}.get(source.name, "duplicate-token")
    if source.name in _FAMILIES:
        return _FAMILIES[source.name]
    return _CLASS_FAMILIES.get(str(match), "token-class")


def _predicate(name: str) -> str:
    """What a token of a class is: capitalised, an operator."""
    if name in _ADJECTIVES:
        return _ADJECTIVES[name]
    noun = NOUNS[name][0]
    return f"{'an' if noun[0] in 'aeiou' else 'a'} {noun}"


def _beside(side: str, match: str, several: bool) -> str:
    """The tokens after or before the occurrences of a match."""
    verb = "followed" if side == "after" else "preceded"
    token = "tokens" if several else "token"
    if match in _OCCURRENCES:
        note = _INDUCTION.get(match, "") if side == "after" else ""
        return f"the {token} that {verb} {_OCCURRENCES[match][several]}{note}"
    which = "all earlier" if several else "the most recent"
    return f"the {token} that {verb} {which} {_noun(match, several)}"


def _noun(name: str, several: bool) -> str:
    return _SPELLED_OUT.get(name, NOUNS[name])[several]


def title_of(source: Expression) -> str:
    """A few words for the keys of a source, to begin a title with."""
    if family(source) == "induction":
        return "Induction: what followed this token before"
    if family(source) == "duplicate-token":
        return "Earlier occurrences of this token"
    if source == FIRST_TOKEN:
        return "First token"
    phrase = attends_to(source).replace(_ITSELF, "").replace(" itself", "")
    phrase = re.sub(r" \(.*?\)", "", phrase).removeprefix("the ")
    words = phrase.split()
    phrase = " ".join(words[:_TITLE]) + ("" if len(words) <= _TITLE else " …")
    return phrase[0].upper() + phrase[1:]
