"""Is a sentence English? A check by letters and function words, good enough for explanations."""

import re
import unicodedata

MIN_LATIN = 0.8  # share of letters
MIN_FUNCTION_WORDS = 0.1  # share of words
_QUOTED = re.compile(r'"[^"]*"|“[^”]*”|`[^`]*`|(?<!\w)\'[^\']*\'(?!\w)')  # objects, in any language
_WORD = re.compile(r"[^\W\d_]+")
# Words of one side alone; "in", "a", "die", "on" and their like are on neither.
_ENGLISH = frozenset(
    _WORD.findall(
        "the of and to that is are it its this with for from when where which if as by or not at "
        "be has have into after before other such each any all than then there these those "
        "current previous earlier following same first last often usually always only"
    )
)
_OTHERS = frozenset(
    _WORD.findall(
        "der das den dem ein eine einer eines einem einen und ist sind wenn mit von zu zum zur auf "
        "nicht auch als aus bei nach vor wird werden sich im vorherige "
        "le la les un une des du de et est sont que qui dans avec pour sur quand au aux ce cette "
        "el los las y es con por cuando una al lo il gli di che per quando nel della dei "
        "da em um uma het een wanneer voor naar och att som när till"
    )
)


def is_english(text: str) -> bool:
    """Whether the letters are Latin and the function words English; what is quoted aside."""
    plain = _QUOTED.sub(" ", text)
    letters = [character for character in plain if character.isalpha()]
    latin = sum("LATIN" in unicodedata.name(character, "") for character in letters)
    if not letters or latin < MIN_LATIN * len(letters):
        return False
    words = [word.lower() for word in _WORD.findall(plain)]
    english = sum(word in _ENGLISH for word in words)
    others = sum(word in _OTHERS for word in words)
    return english >= MIN_FUNCTION_WORDS * len(words) and english > others
