"""Which exoskeleton joint moves which hand joint: a table per hand model, one-to-one.

The tables are ``resources/exo_maps/<model>.yaml``. An *intent* is the 23-vector of
``devices.wire.intent_spec``: 17 exoskeleton angles (rad, ``EXO_JOINTS`` order) and six wrist axes
(x, y, z in metres, roll, pitch, yaw in radians).
"""

from __future__ import annotations

from pathlib import Path
from typing import Literal

import numpy as np
import yaml
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from devices.hands.spec import HandSpec
from devices.rig import EXO_JOINTS
from devices.wire import INTENT_FIELDS
from resources import ROOT

WRIST_FIELDS = 6


class ExoMapError(ValueError):
    """A map file is missing or cannot be used; the message is one clear sentence."""


class MapRow(BaseModel):
    """``target_rad = offset_rad + sign * scale * exo_rad`` for one hand joint."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    joint: str
    exo: str
    sign: Literal[1, -1] = 1
    scale: float = Field(default=1.0, gt=0)
    offset_rad: float = 0.0


class MapFile(BaseModel):
    """A file in ``resources/exo_maps``."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    schema_: Literal["thenar.exo-map/1"] = Field(alias="schema")
    hand: str
    joints: tuple[MapRow, ...]


class ExoMap:
    """The joint map of one hand.

    Parameters
    ----------
    spec : HandSpec
        The hand; its order and limits are those of the targets.
    rows : tuple of MapRow
        One per finger joint of the hand. Several joints may follow one exoskeleton joint; the
        first of them owns it in the inverse direction.
    """

    def __init__(self, spec: HandSpec, rows: tuple[MapRow, ...]) -> None:
        self.spec = spec
        by_joint = {f"{spec.side}_{row.joint}": row for row in rows}
        fingers = spec.names[spec.wrist_size :]
        if set(by_joint) != set(fingers) or len(rows) != len(fingers):
            wrong = sorted(set(by_joint) ^ set(fingers)) or [row.joint for row in rows]
            raise ExoMapError(
                f"exoskeleton map of '{spec.model.name}' does not fit the hand in: "
                f"{', '.join(wrong)}; give every joint of the hand one row"
            )
        ordered = [by_joint[name] for name in fingers]
        unknown = sorted({row.exo for row in ordered} - set(EXO_JOINTS))
        if unknown:
            raise ExoMapError(
                f"exoskeleton map of '{spec.model.name}': no exoskeleton joint is called "
                f"{', '.join(unknown)}; known joints: {', '.join(EXO_JOINTS)}"
            )
        self._exo = np.array([EXO_JOINTS.index(row.exo) for row in ordered])
        self._gain = np.array([row.sign * row.scale for row in ordered])
        self._offset = np.array([row.offset_rad for row in ordered])
        first: dict[str, str] = {}
        for row in rows:
            first.setdefault(row.exo, row.joint)
        self._owner = np.array([first[row.exo] == row.joint for row in ordered])

    @classmethod
    def load(cls, spec: HandSpec) -> ExoMap:
        """Load the map of ``spec``'s model from ``resources/exo_maps``."""
        path = ROOT / "exo_maps" / f"{spec.model.name}.yaml"
        return cls(spec, _read(path).joints)

    def targets(self, intent: NDArray[np.float64]) -> NDArray[np.float64]:
        """Map an intent ``(23,)`` to joint targets ``(J,)`` inside the hand's limits."""
        fingers = self._offset + self._gain * intent[:INTENT_FIELDS][self._exo]
        wrist = intent[INTENT_FIELDS:][: self.spec.wrist_size]
        return np.clip(np.concatenate([wrist, fingers]), self.spec.lower, self.spec.upper)

    def intent(self, pose: NDArray[np.float64]) -> NDArray[np.float64]:
        """Map a hand pose ``(J,)`` back to the intent ``(23,)`` that asks for it.

        Exoskeleton joints that move nothing are zero; of several hand joints on one exoskeleton
        joint the owner decides.
        """
        out = np.zeros(INTENT_FIELDS + WRIST_FIELDS)
        wrist = self.spec.wrist_size
        angles = (pose[wrist:] - self._offset) / self._gain
        out[self._exo[self._owner]] = angles[self._owner]
        out[INTENT_FIELDS:][:wrist] = pose[:wrist]
        return out


def _read(path: Path) -> MapFile:
    try:
        return MapFile.model_validate(yaml.safe_load(path.read_text()))
    except FileNotFoundError:
        raise ExoMapError(
            f"hand model '{path.stem}' has no exoskeleton map '{path}'; write one from a copy of "
            "xhand.yaml"
        ) from None
    except (yaml.YAMLError, ValidationError) as error:
        first = str(error).splitlines()[0]
        raise ExoMapError(f"exoskeleton map '{path}' cannot be used: {first}") from None
