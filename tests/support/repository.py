"""What the architecture tests look at: the repository's own Python files."""

from __future__ import annotations

from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PACKAGES = ("app", "widgets", "policies", "recorder", "devices", "resources")


def python_files(*folders: str) -> list[Path]:
    """Python files under ``folders`` of the repository, in order."""
    return sorted(path for folder in folders for path in (ROOT / folder).rglob("*.py"))


def shown(path: Path) -> str:
    """``path`` relative to the repository."""
    return str(path.relative_to(ROOT))
