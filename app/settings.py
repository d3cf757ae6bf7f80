"""What the window remembers between starts.

A damaged settings file costs the damaged fields, never the start: every field is validated on its
own and falls back to its default. The file is replaced atomically.
"""

from __future__ import annotations

import json
import logging
import os
from pathlib import Path
from typing import Any, Literal

import platformdirs
from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    ValidationError,
    ValidationInfo,
    field_validator,
)

from recorder.pseudonym import code_problem

log = logging.getLogger(__name__)

SETTINGS_VERSION = 1


class Settings(BaseModel):
    """Fields the window remembers; each has a description for the preferences page."""

    model_config = ConfigDict(validate_assignment=True, extra="ignore")

    version: int = SETTINGS_VERSION
    rig: str = Field(default="sim-xhand", description="Rig opened at start")
    dataset_dir: str = Field(default="", description="Folder new episodes are written to")
    task: str = Field(default="", description="Task chosen last")
    operator_code: str = Field(
        default="P01",
        description="Pseudonym of the demonstrator",
    )
    countdown: bool = Field(default=False, description="Countdown before a take")
    sound: bool = Field(default=False, description="Sound cues at start and stop of a take")
    show_operator: bool = Field(default=True, description="Operator's hand in simulated images")
    heatmap_full_scale_n: float = Field(
        default=0.0, ge=0.0, le=100.0, description="Force at full colour; 0 chooses by itself"
    )
    window_geometry: str = Field(default="", description="Window position, base64")
    splitters: dict[str, list[int]] = Field(default_factory=dict, description="Pane sizes")
    panels: dict[str, int] = Field(default_factory=dict, description="Chosen tab of each panel")
    autoplay: bool = Field(default=False, description="Play every take once it is verified")
    keys: dict[str, str] = Field(default_factory=dict, description="Keys that differ from default")
    key_mode: Literal["letter", "position"] = Field(
        default="letter", description="Keys by what is printed on them, or by their place"
    )
    bindings: dict[str, str] = Field(
        default_factory=dict, description="Action to pedal or gamepad button"
    )
    pedal_name: str = Field(
        default="foot|pedal", max_length=200, description="Part of a pedal's device name, a pattern"
    )
    ui_scale: float = Field(
        default=1.0, ge=0.8, le=2.0, description="Size of everything on the screen; at next start"
    )
    workspace: str = Field(default="Record", description="Workspace shown last")
    reviewer: str = Field(
        default="R1",
        description="Pseudonym of the reviewer",
    )
    review_station: str = Field(
        default="", max_length=64, description="Name of this station in the audit trail"
    )
    review_dataset: str = Field(default="", description="Dataset that Review shows")
    reaction_time_ms: int = Field(
        default=250,
        ge=0,
        le=1000,
        description="Taken off a mark set while playing; simple visual reaction takes about 250 ms",
    )
    library_filters: dict[str, Any] = Field(
        default_factory=dict, description="What the library shows; Esc there clears it"
    )
    layouts: dict[str, str] = Field(default_factory=dict, description="Page layouts, base64")

    @field_validator("operator_code", "reviewer")
    @classmethod
    def _is_a_code(cls, code: str, info: ValidationInfo) -> str:
        problem = code_problem(str(info.field_name).replace("_", " "), code)
        if problem:
            raise ValueError(problem)
        return code


def default_settings_path() -> Path:
    """Settings file of this user; ``THENAR_SETTINGS`` names another one."""
    override = os.environ.get("THENAR_SETTINGS")
    if override:
        return Path(override)
    return Path(platformdirs.user_config_dir("thenar", appauthor=False)) / "settings.json"


def default_dataset_dir() -> Path:
    """Folder for episodes when none was chosen."""
    return Path(platformdirs.user_data_dir("thenar", appauthor=False)) / "dataset"


def load_settings(path: Path) -> tuple[Settings, list[str]]:
    """Read settings, keeping every valid field.

    Parameters
    ----------
    path : Path
        JSON file; may be absent or damaged.

    Returns
    -------
    Settings
        The valid fields, defaults elsewhere.
    list of str
        One sentence per field (or file) that could not be used.
    """
    try:
        raw = json.loads(path.read_text())
    except FileNotFoundError:
        return Settings(), []
    except (OSError, ValueError) as error:
        kept = _set_aside(path)
        return Settings(), [f"settings file '{path}' is unreadable ({error}); kept as '{kept}'"]
    if not isinstance(raw, dict):
        kept = _set_aside(path)
        return Settings(), [f"settings file '{path}' is not a JSON object; kept as '{kept}'"]
    settings, problems = Settings(), []
    for name, value in raw.items():
        if name not in Settings.model_fields:
            continue
        try:
            setattr(settings, name, value)
        except ValidationError as error:
            why = str(error.errors()[0]["msg"]).removeprefix("Value error, ")
            problems.append(f"setting '{name}': {why}, got {value!r}; default used")
    return settings, problems


def save_settings(settings: Settings, path: Path) -> None:
    """Write ``settings`` to ``path`` through a temporary file."""
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(path.name + ".part")
    part.write_text(settings.model_dump_json(indent=2))
    os.replace(part, path)


def _set_aside(path: Path) -> Path:
    kept = path.with_name(path.name + ".damaged")
    os.replace(path, kept)
    return kept
