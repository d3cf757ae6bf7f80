"""What the export panel offers, and how it says sizes and times."""

from __future__ import annotations

from recorder.align import DEFAULT_POLICY, Policy

RATES_HZ = (5, 10, 15, 20, 25, 30, 50, 60, 100)
SIZES = ("as recorded", "640 x 480", "320 x 240", "224 x 224", "128 x 128", "96 x 96", "84 x 84")
AUTO = (
    "What was measured one row later (with forces) for kinesthetic takes, what was sent otherwise"
)
OUTCOMES = {
    "every outcome": (),
    "success": ("success",),
    "success, also qualified": ("success", "qualified_success"),
    "success and failure": ("success", "qualified_success", "failure"),
}
ALIGNMENTS: dict[str, tuple[dict[str, Policy], str]] = {
    "by kind of stream": ({}, "Joints between their neighbours, all else the nearest sample"),
    "nearest sample": (
        dict.fromkeys(DEFAULT_POLICY, "nearest"),
        "The sample closest to the row, before or after it; nothing is interpolated",
    ),
    "newest sample before": (
        dict.fromkeys(DEFAULT_POLICY, "hold"),
        "What a live system had at the row's time; nothing comes from later",
    ),
}  # title: policies over the default ones, and their meaning
LOOKING = "what the export would be is not known yet"
NEEDS_FOLDER = "Choose a folder to export to."


def size_text(count: float) -> str:
    """Bytes as MB, from one GB on as GB."""
    return f"{count / 1e9:.1f} GB" if count >= 1e9 else f"{count / 1e6:.0f} MB"


def time_text(seconds: float) -> str:
    """Seconds, from one minute on with minutes."""
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes} min {rest:02d} s" if minutes else f"{rest} s"


def sentence(text: str) -> str:
    """The text with a capital letter."""
    return text[:1].upper() + text[1:]
