"""Why an intent means nothing here, as one sentence for the reviewer."""

from __future__ import annotations


class LabelRefused(ValueError):
    """An intent means nothing here; the message is one sentence for the reviewer."""


def seconds(time_ns: int) -> str:
    """``2.40 s``."""
    return f"{time_ns / 1e9:.2f} s"
