"""Which outcomes count as a success where a format knows only yes and no."""

from __future__ import annotations

SUCCESSES = frozenset({"success", "qualified_success"})
FAILURES = frozenset({"failure"})


def is_success(outcome: str) -> bool | None:
    """Return whether an outcome is a success; None where nobody could or did judge it."""
    if outcome in SUCCESSES:
        return True
    return False if outcome in FAILURES else None
