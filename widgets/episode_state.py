"""What the episode bar knows of the recorder."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, slots=True)
class EpisodeState:
    """What the bar shows.

    Attributes
    ----------
    recorder : str
        The recorder's state; ``absent`` when it does not answer.
    episode : int or None
        Number being recorded, or of the last take.
    next_episode : int
        Number the next take will get.
    elapsed_s : float
        Length of the take.
    outcome : str
        Outcome of the take being recorded or of the last one.
    last_episode : int or None
        The last take, the one that outcome, discard and redo mean.
    discarded : int or None
        What undo would bring back.
    finalising : int
        Takes being verified in the background.
    blocked : str
        Why recording cannot start; empty when it can.
    """

    recorder: Literal["idle", "recording", "stopping", "error", "absent"] = "absent"
    episode: int | None = None
    next_episode: int = 0
    elapsed_s: float = 0.0
    outcome: str = "unlabelled"
    last_episode: int | None = None
    discarded: int | None = None
    finalising: int = 0
    blocked: str = ""
