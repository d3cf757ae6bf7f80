"""What a batch is to clean."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from recorder.cleaning.facts import PictureFormat


class CleanPlan(BaseModel):
    """A batch.

    Attributes
    ----------
    dataset : Path
    cameras : tuple of str
        Image streams; an episode without one of them fails for it.
    episodes : tuple of int
        Numbers; empty for all that are published.
    parameters : mapping
        What a person chose for this run; the rest is as saved for task and camera.
    masks_from : Path or None
        Imported masks: a video or folder for one episode, or a folder with one of them per episode,
        named by its number (``12``, ``000012`` or ``episode_000012``, with or without ``.mp4``).
    pictures : str
        ``jpeg`` or ``png``.
    again : bool
        Clean also what was cleaned with the same choices before.
    workers : int
        Processes; 1 works in this process.
    ray : str
        Address of a Ray cluster; empty for none.
    memory_gib : float
        Limit of a process of the pool; 0 for none.
    control : Path or None
        Folder to follow for pause and cancel; one is made in the dataset when there is none.
    who : str
        For the journals of the results.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    dataset: Path
    cameras: tuple[str, ...] = Field(default=("front/rgb",), min_length=1)
    episodes: tuple[int, ...] = ()
    parameters: dict[str, Any] = Field(default_factory=dict)
    masks_from: Path | None = None
    pictures: PictureFormat = "jpeg"
    again: bool = False
    workers: int = Field(default=1, ge=1, le=256)
    ray: str = ""
    memory_gib: float = Field(default=3.0, ge=0.0, le=1024.0)
    control: Path | None = None
    who: str = ""
