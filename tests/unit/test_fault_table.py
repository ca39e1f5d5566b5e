"""The table of faults in the documentation is that of the faults that are injected."""

import re

from faults.faults import FAULTS
from places import ROOT


def test_every_fault_is_in_the_documentation_and_ends_with_the_same_bytes() -> None:
    text = (ROOT / "benchmarks/README.md").read_text()
    section = text.partition("\n## Bad luck\n")[2].partition("\n## ")[0]
    rows = [re.split(r"(?<!\\)\|", line)[1:-1] for line in section.splitlines() if line[:1] == "|"]
    assert [row[0].strip() for row in rows[2:]] == [fault.name for fault in FAULTS]
    assert not any("no job failed" in row[1] for row in rows)
    assert all(row[3].strip().endswith("the same bytes") for row in rows[2:])
