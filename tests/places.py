"""Where the tests find what they test."""

from pathlib import Path

ROOT = Path(__file__).parents[1]
SCRIPTS = ROOT / "scripts"
TEMPLATES = ROOT / "workflow" / "templates"
GOLDEN = ROOT / "tests" / "golden"
