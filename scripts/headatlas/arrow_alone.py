"""pyarrow without pandas, which it would import with its first array: half of a small job."""

import sys

import pyarrow as pa


class _Refusal:
    """What finds no pandas, to be asked before those who find it."""

    def find_spec(self, name: str, path: object = None, target: object = None) -> None:
        if name == "pandas":
            raise ModuleNotFoundError(name=name)
        return None


def leave_pandas_out() -> None:
    """Let pyarrow find no pandas when it looks for it, which it does once, with the first array.

    It would take arrays of pandas for what they are, and nothing here has any. Whoever imports
    pandas, or asks pyarrow for its frames, gets it as ever.
    """
    refusal = _Refusal()
    sys.meta_path.insert(0, refusal)
    try:
        pa.array([])
    finally:
        sys.meta_path.remove(refusal)
