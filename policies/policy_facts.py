"""What a trained policy says about itself: ``policy.json``. Readable without torch."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from policies.data_account import DataAccount
from policies.normaliser import Normaliser
from policies.policy_config import PolicyConfig
from policies.policy_files import PolicyFileError, read_json, write_json
from policies.policy_layout import PolicyLayout

FACTS_NAME = "policy.json"
CURVES_NAME = "curves.jsonl"
CARD_NAME = "card.md"
CURVES_BYTES = 64 << 20
SHA256 = r"^[0-9a-f]{64}$"


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)


class CurvePoint(_Part):
    """Losses at a step; ``validation`` is of the running mean of the weights.

    Attributes
    ----------
    step : int
        Steps done.
    training, validation : float
        Mean since the point before; on the episodes kept apart.
    lr : float
    elapsed_s : float
        Of training, without pauses.
    """

    step: int
    training: float
    validation: float
    lr: float
    elapsed_s: float


class WeightsFacts(_Part):
    """The file with the weights.

    Attributes
    ----------
    file : str
        Its name beside ``policy.json``.
    bytes : int
    sha256 : str
    parameters : int
    """

    file: str = Field(max_length=80)
    bytes: int = Field(ge=8)
    sha256: str = Field(pattern=SHA256)
    parameters: int = Field(ge=0)


class PolicyFacts(_Part):
    """A trained policy.

    Attributes
    ----------
    name : str
        What people call it.
    config : PolicyConfig
        Everything that was chosen.
    layout : PolicyLayout
        What its numbers mean.
    normaliser : Normaliser
    data : DataAccount
        What it learned from.
    weights : WeightsFacts
    step, steps : int
        Step the weights are from, and steps that were trained.
    validation_loss : float
        At ``step``.
    plan_error : mapping
        Mean distance of plans from what was done in the episodes kept apart, over the rows meant to
        be run, by unit (``rad``, ``m``, ``N``); empty while training goes on.
    state : str
        ``training``, ``finished``, ``early`` (no gain any more), ``time`` (its time was up).
    curves : tuple of CurvePoint
    software_version, torch_version : str
    made : str
        Wall time, ISO 8601.
    device : str
        Where it was trained.
    converted_from : str
        Name of a foreign file the weights came from; empty for our own.
    """

    schema_: Literal["thenar.policy/1"] = Field(default="thenar.policy/1", alias="schema")
    name: str = Field(max_length=200)
    config: PolicyConfig
    layout: PolicyLayout
    normaliser: Normaliser
    data: DataAccount
    weights: WeightsFacts
    step: int = Field(ge=0)
    steps: int = Field(ge=0)
    validation_loss: float
    plan_error: dict[str, float] = Field(default_factory=dict, max_length=8)
    state: Literal["training", "finished", "early", "time", "converted"]
    curves: tuple[CurvePoint, ...] = Field(max_length=100_000)
    software_version: str = Field(max_length=100)
    torch_version: str = Field(max_length=100)
    made: str = Field(max_length=40)
    device: str = Field(max_length=200)
    converted_from: str = Field(default="", max_length=200)

    model_config = ConfigDict(
        frozen=True, extra="forbid", allow_inf_nan=False, populate_by_name=True
    )

    @model_validator(mode="after")
    def _check(self) -> PolicyFacts:
        for name, found, needed in (
            ("state", self.normaliser.state.size, len(self.layout.state_names)),
            ("action", self.normaliser.action.size, len(self.layout.action_names)),
            ("force", self.normaliser.force.size, 3),
            ("taxels", self.normaliser.taxels.size, 3),
            ("joint units", len(self.layout.joint_units), self.layout.joints),
        ):
            if found != needed:
                raise ValueError(f"{name}: {found} entries, {needed} belong there")
        for key in ("rate_hz", "observation_steps", "chunk", "executed", "forces_in_action"):
            if getattr(self.layout, key) != getattr(self.config, key):
                raise ValueError(f"layout and config differ in {key}")
        return self

    @property
    def id(self) -> str:
        """First letters of the checksum of the weights."""
        return self.weights.sha256[:12]


def read_facts(folder: Path) -> PolicyFacts:
    """Read ``policy.json`` of a policy folder.

    Raises
    ------
    PolicyFileError
        It is not there, damaged, or none of ours.
    """
    if not folder.is_dir():
        raise PolicyFileError(f"there is no policy '{folder}'{_foreign(folder)}")
    raw = read_json(folder / FACTS_NAME)
    if raw.get("schema") != "thenar.policy/1":
        raise PolicyFileError(
            f"'{folder}' has schema '{str(raw.get('schema'))[:40]}', this program reads "
            "'thenar.policy/1'"
        )
    try:
        return PolicyFacts.model_validate(raw)
    except ValidationError as error:
        first = error.errors()[0]
        key = ".".join(str(part) for part in first["loc"]) or "policy"
        said = str(first["msg"]).removeprefix("Value error, ")
        raise PolicyFileError(f"'{folder / FACTS_NAME}' is damaged: '{key}': {said}") from None


def _foreign(path: Path) -> str:
    if path.suffix in (".pt", ".pth", ".ckpt", ".bin", ".pkl"):
        return (
            f": '{path.suffix}' files are pickles, which can run programs while they are read; "
            f"convert it with 'thenar policy convert {path} --like POLICY --out FOLDER'"
        )
    return ""


def write_facts(folder: Path, facts: PolicyFacts) -> None:
    """Write ``policy.json`` whole or not at all; raises ``PolicyFileError``."""
    write_json(folder / FACTS_NAME, facts.model_dump(mode="json", by_alias=True))


def read_curves(folder: Path) -> tuple[CurvePoint, ...]:
    """Losses of a training that may still go on; lines that are not whole are passed over."""
    path = folder / CURVES_NAME
    points: list[CurvePoint] = []
    try:
        if path.stat().st_size > CURVES_BYTES:
            return ()
        lines = path.read_bytes().splitlines()
    except OSError:
        return ()
    for line in lines:
        try:
            points.append(CurvePoint.model_validate(json.loads(line)))
        except (ValueError, RecursionError):
            continue
    return tuple(points)


def facts_as_dict(facts: PolicyFacts) -> dict[str, Any]:
    """Facts as JSON without the statistics and the curves, for people and lists."""
    return facts.model_dump(mode="json", by_alias=True, exclude={"normaliser", "curves"})
