"""Classes of tokens, told from their text. A token may belong to several."""

import functools
import keyword
import re

from ...tokens.delimiters import CLOSING, OPENING, PUNCTUATION, QUOTES, is_delimiter

PIECE_CLASSES = (
    "digit",
    "capitalised",
    "capitals",
    "punctuation",
    "opening",
    "closing",
    "quote",
    "newline",
    "space",
    "operator",
    "function_word",
    "keyword",
    "special",
    "word",
    "delimiter",
    "sentence_end",
    "comma",
    "determiner",
    "preposition",
    "conjunction",
    "pronoun",
    "auxiliary",
    "negation",
)
# The last one needs the token before it: see context.py.
TOKEN_CLASSES = (*PIECE_CLASSES, "continuation")
_PARTS_OF_SPEECH = {
    "determiner": """
        a an the this that these those each every some any no all both either neither another
        such many much few several most more
    """,
    "preposition": """
        of in to for on with at by from as into about over after under between through during
        before against among within without upon across along around behind below above near
        off onto toward towards until since per via beyond despite except
    """,
    "conjunction": "and or but nor so yet if because although though whereas unless while",
    "pronoun": """
        he she it they we i you him her them us me his its their our my your who whom whose
        which what himself herself itself themselves
    """,
    "auxiliary": """
        is are was were be been being am has have had having do does did can could will would
        shall should may might must
    """,
    "negation": "not no never none n't nor neither nothing nobody cannot",
}
_WORDS = {name: frozenset(words.split()) for name, words in _PARTS_OF_SPEECH.items()}
# Of whole words only.
WORD_CLASSES = ("function_word", "keyword", "word", *_PARTS_OF_SPEECH)

COMMAS = ",;:，、；："
SENTENCE_ENDS = ".!?…。！？"
_OPERATORS = "=+-*/<>%&|^~@#$\\"
_SPECIAL = re.compile(r"<\|[^|]*\|>|</?s>|<(bos|eos|pad|unk)>|\[(CLS|SEP|PAD|BOS|EOS|UNK)\]")
_NUMBER = re.compile(r"\d[\d.,_]*")
_FUNCTION_WORDS = frozenset(
    re.findall(
        r"\w+",
        """
        a an and are as at be been but by can could did do does for from had has have he
        her his how i if in into is it its may more most must no not of on one or our
        out she should so some such than that the their them then there these they this
        those to up was we were what when where which who will with would you your
        """,
    )
)


@functools.lru_cache(maxsize=1 << 16)
def piece_classes(piece: str) -> frozenset[str]:
    """The classes of a token by its text alone, a subset of `PIECE_CLASSES`."""
    if _SPECIAL.fullmatch(piece):
        return frozenset({"special"})
    core = piece.strip()
    found = set()
    if "\n" in piece or "\r" in piece:
        found.add("newline")
    elif piece and not core:
        found.add("space")
    if any(c.isalnum() or c == "_" for c in core):
        found |= _word_classes(core)
    else:
        found |= _symbol_classes(core)
    if is_delimiter(piece):
        found.add("delimiter")
    return frozenset(found)


def _word_classes(core: str) -> set[str]:
    if _NUMBER.fullmatch(core):
        return {"digit"}
    found = set()
    if len(core) > 1 and core.isupper():
        found.add("capitals")
    elif core[0].isupper():
        found.add("capitalised")
    if core.lower() in _FUNCTION_WORDS:
        found.add("function_word")
    if core in keyword.kwlist:
        found.add("keyword")
    return (found or {"word"}) | {name for name, words in _WORDS.items() if core.lower() in words}


def _symbol_classes(core: str) -> set[str]:
    members = {
        "punctuation": PUNCTUATION,
        "sentence_end": SENTENCE_ENDS,
        "comma": COMMAS,
        "opening": OPENING,
        "closing": CLOSING,
        "quote": QUOTES,
        "operator": _OPERATORS,
    }
    return {name for name, characters in members.items() if any(c in characters for c in core)}
