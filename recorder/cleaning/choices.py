"""Choices that were saved for a dataset: per camera, and per task and camera.

``DATASET/cleaning.json``::

    {"schema": "thenar.cleaning/1",
     "cameras": {"front/rgb": {"dilation_px": 10}},
     "tasks": {"pour": {"front/rgb": {"dilation_px": 14, "shadow_px": 6}}}}

What a person chooses for a run comes first, then task and camera, then camera, then the defaults;
each names only what it changes.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from devices.exclusive import lock
from recorder.cleaning.clip import CleanError
from recorder.cleaning.parameters import CleanParameters, ParameterSource
from recorder.dataset import Dataset
from recorder.exporters.manifest import write_json

CHOICES_SCHEMA = "thenar.cleaning/1"

Chosen = dict[str, Any]


class CleanChoices(BaseModel):
    """What is saved for the cameras and tasks of a dataset.

    Attributes
    ----------
    cameras : mapping of str to mapping
        Camera to parameters that differ from the defaults.
    tasks : mapping of str to mapping of str to mapping
        Task to camera to parameters.
    """

    model_config = ConfigDict(frozen=True, extra="ignore")

    cameras: dict[str, Chosen] = Field(default_factory=dict)
    tasks: dict[str, dict[str, Chosen]] = Field(default_factory=dict)

    def parameters(
        self, camera: str, task: str = "", chosen: Mapping[str, Any] | None = None
    ) -> tuple[CleanParameters, ParameterSource]:
        """Parameters for a camera and a task, and the most particular source they came from.

        Parameters
        ----------
        camera : str
            Image stream.
        task : str
            Of the episode; empty for free play.
        chosen : mapping, optional
            What a person chose for this run.

        Raises
        ------
        CleanError
            A parameter is unknown or outside its limits.
        """
        layers: tuple[tuple[ParameterSource, Mapping[str, Any]], ...] = (
            ("camera", self.cameras.get(camera, {})),
            ("task", self.tasks.get(task, {}).get(camera, {})),
            ("person", dict(chosen or {})),
        )
        merged: Chosen = {}
        source: ParameterSource = "default"
        for name, values in layers:
            if values:
                merged.update(values)
                source = name
        return checked(merged | {"camera": camera}), source


def checked(values: Mapping[str, Any]) -> CleanParameters:
    """Parameters of ``values``; raises ``CleanError`` with the first that is wrong."""
    try:
        return CleanParameters.model_validate(values)
    except ValidationError as error:
        first = error.errors()[0]
        name = ".".join(str(part) for part in first["loc"])
        raise CleanError(f"parameter '{name}': {first['msg']}, got {first['input']!r}") from None


def choices_path(dataset: Dataset) -> Path:
    """Where the choices of a dataset lie."""
    return dataset.root / "cleaning.json"


def load_choices(dataset: Dataset) -> CleanChoices:
    """Read the choices of a dataset; none were saved: the defaults.

    Raises
    ------
    CleanError
        The file is damaged or of another schema.
    """
    path = choices_path(dataset)
    try:
        raw = json.loads(path.read_text())
        schema = raw.get("schema")
        if schema != CHOICES_SCHEMA:
            raise CleanError(
                f"'{path}' has schema '{schema}', this program reads '{CHOICES_SCHEMA}'"
            )
        return CleanChoices.model_validate(raw)
    except FileNotFoundError:
        return CleanChoices()
    except CleanError:
        raise
    except (OSError, ValueError, AttributeError) as error:
        raise CleanError(
            f"'{path}' is damaged ({type(error).__name__}); mend it, or remove it to go on with "
            "the defaults"
        ) from None


def forget_choices(dataset: Dataset, camera: str, task: str = "") -> CleanChoices:
    """Forget what was saved for a camera, or for the camera in one task; the rest stays."""
    with open(dataset.root / ".cleaning.lock", "ab") as alone:
        lock(alone.fileno())
        saved = load_choices(dataset)
        cameras, tasks = dict(saved.cameras), {name: dict(one) for name, one in saved.tasks.items()}
        if task:
            tasks.get(task, {}).pop(camera, None)
        else:
            cameras.pop(camera, None)
        tasks = {name: one for name, one in tasks.items() if one}
        changed = CleanChoices(cameras=cameras, tasks=tasks)
        write_json(choices_path(dataset), {"schema": CHOICES_SCHEMA, **changed.model_dump()})
    return changed


def save_choices(dataset: Dataset, params: CleanParameters, task: str = "") -> CleanChoices:
    """Save parameters for their camera, or for the camera in one task.

    Parameters
    ----------
    dataset : Dataset
    params : CleanParameters
        Only what differs from the defaults is written.
    task : str
        Empty saves them for the camera in every task.
    """
    chosen = params.model_dump(mode="json", exclude_defaults=True, exclude={"camera"})
    if task:  # what equals the default must still win over the camera's own choice
        chosen = params.model_dump(mode="json", exclude={"camera"})
    with open(dataset.root / ".cleaning.lock", "ab") as alone:
        lock(alone.fileno())
        saved = load_choices(dataset)
        cameras, tasks = dict(saved.cameras), {name: dict(one) for name, one in saved.tasks.items()}
        if task:
            tasks.setdefault(task, {})[params.camera] = chosen
        else:
            cameras[params.camera] = chosen
        changed = CleanChoices(cameras=cameras, tasks=tasks)
        write_json(choices_path(dataset), {"schema": CHOICES_SCHEMA, **changed.model_dump()})
    return changed
