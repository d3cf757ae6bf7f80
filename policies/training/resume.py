"""Where a training goes on: raw weights, running mean, best weights and both moments of AdamW.

Two files, the second of which names the first with its checksum, so that a kill at any moment
leaves the old pair or the new one. Only our own files are read, within the limits of a policy's.
"""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError
from torch import Tensor

from policies.networks.checkpoint import read_tensors, remove_old, write_tensors
from policies.policy_config import PolicyConfig
from policies.policy_facts import CurvePoint, WeightsFacts
from policies.policy_files import PolicyFileError, read_json, write_json

RESUME_NAME = "resume.json"
PARTS = ("raw", "mean", "best", "first", "second")
LATER = frozenset(  # choices that may differ when a training goes on
    {"steps", "patience", "checkpoint_every", "compile", "sampler_steps"}
)


class ResumeFacts(BaseModel):
    """Where a training stands.

    Attributes
    ----------
    identity : str
        Hash of the choices and the data; another one does not go on from here.
    step : int
        Steps done.
    elapsed_s : float
        Time of training so far.
    loss_sum, loss_count : float, int
        Of the training loss since the last point of the curve.
    best_loss, best_step, stale : float or None, int, int
        Smallest validation loss, where, and how many looks ago.
    curves : tuple of CurvePoint
    tensors : WeightsFacts
    """

    schema_: Literal["thenar.resume/1"] = Field(default="thenar.resume/1", alias="schema")
    identity: str
    step: int = Field(ge=0)
    elapsed_s: float = Field(ge=0)
    loss_sum: float
    loss_count: int
    best_loss: float | None
    best_step: int
    stale: int
    curves: tuple[CurvePoint, ...]
    tensors: WeightsFacts

    model_config = ConfigDict(
        frozen=True, extra="forbid", allow_inf_nan=False, populate_by_name=True
    )


def identity_of(config: PolicyConfig, data_hash: str, ranks: int) -> str:
    """Hash of everything that makes two trainings the same."""
    choices = config.model_dump(mode="json", exclude=set(LATER))
    text = json.dumps([choices, data_hash, ranks], sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()


def save_resume(folder: Path, tensors: dict[str, dict[str, Tensor]], facts: dict) -> ResumeFacts:
    """Write where a training stands.

    Parameters
    ----------
    folder : Path
    tensors : mapping
        ``raw``, ``mean``, ``best``, ``first`` and ``second`` to tensors by name.
    facts : mapping
        Fields of ``ResumeFacts`` without ``tensors``.

    Raises
    ------
    PolicyFileError
        The disk is full or the folder cannot be written.
    """
    flat = {f"{part}/{name}": one for part in tensors for name, one in tensors[part].items()}
    written = write_tensors(folder, "resume", flat)
    found = ResumeFacts(**facts, tensors=written)
    write_json(folder / RESUME_NAME, found.model_dump(mode="json", by_alias=True))
    remove_old(folder, "resume", written.file)
    return found


def has_resume(folder: Path) -> bool:
    """Whether a training was interrupted there."""
    return (folder / RESUME_NAME).exists()


def load_resume(
    folder: Path, identity: str, shapes: dict[str, tuple[int, ...]]
) -> tuple[ResumeFacts, dict[str, dict[str, Tensor]]]:
    """Read where a training stands.

    Parameters
    ----------
    folder : Path
    identity : str
        Of the training that wants to go on.
    shapes : mapping
        Of the network's weights by name.

    Raises
    ------
    PolicyFileError
        There is nothing, it is damaged, or it belongs to another training.
    """
    path = folder / RESUME_NAME
    if not path.exists():
        raise PolicyFileError(f"'{folder}' holds no training to go on with")
    try:
        facts = ResumeFacts.model_validate(read_json(path))
    except ValidationError as error:
        raise PolicyFileError(
            f"'{path}' is damaged: {error.errors()[0]['msg']}; begin again in another folder"
        ) from None
    if facts.identity != identity:
        raise PolicyFileError(
            f"'{folder}' was trained with other choices or other episodes; give the same ones, or "
            "begin again in another folder"
        )
    expected = {f"{part}/{name}": shape for part in PARTS for name, shape in shapes.items()}
    flat = read_tensors(folder, facts.tensors, expected)
    found: dict[str, dict[str, Tensor]] = {part: {} for part in PARTS}
    for name, value in flat.items():
        part, _, rest = name.partition("/")
        found[part][rest] = value
    return facts, found


def remove_resume(folder: Path) -> None:
    """Forget where a finished training stood."""
    (folder / RESUME_NAME).unlink(missing_ok=True)
    remove_old(folder, "resume", "")
