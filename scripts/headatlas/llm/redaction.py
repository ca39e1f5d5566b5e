"""Keys and passwords are taken out of whatever is shown or kept."""

import json
import re
import urllib.parse

SHORTEST = 8  # characters; a shorter key is a stand-in such as EMPTY, and may be a word of a reply
_PASSWORD = re.compile(r"(?<=://)[^/\s@]*(?=@)")


def without_key(text: str, key: str | None) -> str:
    """The text without the key, whether it stands there as it is, in JSON or in an address."""
    if key is None:
        return text
    written = {key, json.dumps(key)[1:-1], urllib.parse.quote(key, safe="")}
    for form in sorted(written, key=len, reverse=True):
        text = text.replace(form, "***")
    return text


def without_passwords(text: str) -> str:
    """The text without what stands before the @ of an address."""
    return _PASSWORD.sub("***", text)
