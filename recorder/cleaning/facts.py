"""What is stored with a cleaned video: method, choices, source and everything worth a warning."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from recorder.cleaning.clip import Mode
from recorder.cleaning.parameters import CleanParameters, ParameterSource

PictureFormat = Literal["jpeg", "png"]


class PluginFacts(BaseModel):
    """A plug-in that took part.

    Attributes
    ----------
    id, task : str
        Its manifest's; the task is ``mask`` or ``fill``.
    sha256 : str
        Of the model file, or of the manifest where the model has no file of its own.
    licence : str
        Name of the licence that was accepted.
    """

    model_config = ConfigDict(frozen=True)

    id: str
    task: str
    sha256: str
    licence: str


class CleanedFacts(BaseModel):
    """Facts of one cleaned video. The same input gives the same facts, so no time and no machine.

    Attributes
    ----------
    parameters : CleanParameters
    parameter_source : str
        Where the parameters came from: ``person``, ``task``, ``camera`` or ``default``.
    program : str
        Version that made it.
    source_uuid, source_sha256 : str
        The episode it was made from.
    source_name : str
        Its file.
    size : tuple of (int, int)
        Width and height, pixels.
    frames : int
    mode : str
        ``static`` or ``moving``.
    pictures : str
        ``jpeg`` (quality 95) or ``png`` (without loss).
    warnings : tuple of str
        One sentence each.
    figures : mapping of str to float
        Shares of the mask by layer, worst pictures and what the filler found.
    plugins : tuple of PluginFacts
    replay : str
        Whether the robot was taken from a replay, one sentence; empty when there is none.
    drawn : str or None
        SHA-256 of what was drawn on the episode, empty for nothing; None in videos made before
        this was written down.
    key : str
        SHA-256 of everything that decides the content; see ``cleaning_key``.
    """

    model_config = ConfigDict(frozen=True, extra="ignore")

    parameters: CleanParameters
    parameter_source: ParameterSource
    program: str
    source_uuid: str
    source_sha256: str
    source_name: str
    size: tuple[int, int]
    frames: int = Field(ge=0)
    mode: Mode
    pictures: PictureFormat = "jpeg"
    warnings: tuple[str, ...] = ()
    figures: dict[str, float] = Field(default_factory=dict)
    plugins: tuple[PluginFacts, ...] = ()
    replay: str = ""
    drawn: str | None = None
    key: str

    @property
    def camera(self) -> str:
        """Image stream that was cleaned."""
        return self.parameters.camera

    @property
    def method(self) -> str:
        """Masks and filler in words."""
        return f"{self.parameters.masks} masks, {self.parameters.filler}"


def cleaning_key(facts: Mapping[str, Any]) -> str:
    """SHA-256 of everything that decides what a cleaned video contains.

    Parameters
    ----------
    facts : mapping
        JSON values; the order of the names does not matter.
    """
    return hashlib.sha256(json.dumps(facts, sort_keys=True).encode()).hexdigest()
