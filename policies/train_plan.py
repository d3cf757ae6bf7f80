"""What a training is to do. Readable without torch; a child process gets it as JSON."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from policies.policy_config import PolicyConfig


class TrainPlan(BaseModel):
    """One training.

    Attributes
    ----------
    dataset : Path
    task : str
        Only episodes of it; empty for all.
    out : Path
        Folder of the policy.
    name : str
        What people call it; the folder's name by default.
    config : PolicyConfig
    minutes : float or None
        Longest time; the learning rate then falls with time, so that the end is an end.
    resume : bool
        Go on from the last checkpoint in ``out``.
    threads : int
        Of each process; 0 for torch's own choice.
    device : str
        ``auto`` takes the first GPU, else the processor.
    workers : int
        Processes that share each batch; 0 works in this process.
    launcher : str
        ``torchrun`` or ``ray``, for more than one.
    ray : str
        Address of a Ray cluster; empty for one of this machine.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    dataset: Path
    task: str = ""
    out: Path
    name: str = Field(default="", max_length=200)
    config: PolicyConfig = PolicyConfig()
    minutes: float | None = Field(default=None, gt=0)
    resume: bool = False
    threads: int = Field(default=0, ge=0, le=256)
    device: Literal["auto", "cpu", "cuda"] = "auto"
    workers: int = Field(default=0, ge=0, le=64)
    launcher: Literal["torchrun", "ray"] = "torchrun"
    ray: str = ""
