"""What a training was made from: episodes in and out, the split, and a hash of it all."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, Field


class TrainingError(ValueError):
    """A training cannot begin or go on; the message is one clear sentence."""


class DataAccount(BaseModel):
    """The data of a training.

    Attributes
    ----------
    dataset : str
        Identity of the dataset (not its path).
    hash : str
        SHA-256 over the episodes' checksums and final labels, in the order of their numbers.
    task : str
        Empty for all tasks.
    training, validation : tuple of int
        Episode numbers.
    left_out : mapping
        Episode number to why.
    windows, validation_windows : int
    rows, gap_rows : int
        Rows of all episodes, and those that lie in a gap.
    seconds : float
        Length of the training episodes.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    dataset: str = Field(max_length=64)
    hash: str = Field(pattern=r"^[0-9a-f]{64}$")
    task: str = Field(max_length=200)
    training: tuple[int, ...] = Field(max_length=100_000)
    validation: tuple[int, ...] = Field(max_length=100_000)
    left_out: dict[int, str] = Field(default_factory=dict, max_length=100_000)
    windows: int = 0
    validation_windows: int = 0
    rows: int = 0
    gap_rows: int = 0
    seconds: float = 0.0
