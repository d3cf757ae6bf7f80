"""What to export and how: chosen once, written into every export.

The common clock of an export is ``k / rate_hz`` after the start of the (trimmed) episode. Each
stream is brought to it by its policy (``recorder.align``); where a stream has no valid sample the
nearest one is repeated and the row is marked, so no picture ever shifts against the joints.
"""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

from recorder.align import Policy

ExportFormat = Literal["lerobot", "robomimic", "umi", "mcap", "csv"]
ActionDefinition = Literal[
    "sent",  # joints_sent at the row's time: what passed the gate to the hand
    "next_measured",  # joints_measured one row later: kinesthetic takes ask nothing of the hand
    "next_measured_with_force",  # the same, and one normal force per pad one row later, in N
]


class ExportPlan(BaseModel):
    """Choices of one export.

    Attributes
    ----------
    dataset : Path
        Dataset folder.
    out : Path
        Folder or file to make; must not exist, except to resume the same plan.
    format : str
        Target format.
    episodes : tuple of int
        Episode numbers in the order they go out; empty for all that are published and not rejected.
    rate_hz : int
        Rows per second. MCAP keeps real stamps and ignores it.
    cameras : tuple of str or None
        Image streams, e.g. ``front/rgb``; None for all colour and visuotactile images.
    image_size : tuple of (int, int) or None
        Width and height of exported images; None keeps theirs.
    action : str
        See ``ActionDefinition``; ``auto`` takes ``next_measured_with_force`` for kinesthetic
        takes with forces, ``next_measured`` for those without (what was sent only echoes the pose
        there), ``sent`` for all others, and refuses a mixture.
    alignment : mapping of str to str
        Kind or stream name to policy, over ``recorder.align.DEFAULT_POLICY``.
    trim : bool
        Leave out what reviewers trimmed.
    include_rejected : bool
        Export rejected episodes too.
    require_outcome : tuple of str
        Only episodes with one of these final outcomes; empty for all.
    hide_people : bool
        Leave out operator codes, reviewer names and free notes.
    video_images : bool
        LeRobot only: pictures as video; False stores them as PNG features.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    dataset: Path
    out: Path
    format: ExportFormat
    episodes: tuple[int, ...] = ()
    rate_hz: int = Field(default=30, ge=1, le=200)
    cameras: tuple[str, ...] | None = None
    image_size: tuple[int, int] | None = None
    action: ActionDefinition | Literal["auto"] = "auto"
    alignment: dict[str, Policy] = Field(default_factory=dict)
    trim: bool = True
    include_rejected: bool = False
    require_outcome: tuple[str, ...] = ()
    hide_people: bool = False
    video_images: bool = True

    @model_validator(mode="after")
    def _size_is_even(self) -> ExportPlan:
        if self.image_size is not None and any(n < 16 or n % 2 for n in self.image_size):
            raise ValueError(f"image size {self.image_size} must be even and at least 16")
        return self


class ExportError(ValueError):
    """An export cannot be made or went wrong; the message is one clear sentence."""
