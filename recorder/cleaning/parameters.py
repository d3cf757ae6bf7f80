"""Everything that can be chosen about a cleaning; saved per camera and task, and with results."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from recorder.cleaning.clip import Mode


class CleanParameters(BaseModel):
    """Choices of one cleaning.

    Attributes
    ----------
    camera : str
        Image stream.
    mode : str or None
        ``static`` or ``moving``; None follows the camera's mount.
    masks : str
        ``automatic``, ``keyframes`` (drawn by a person), ``imported`` or ``plugin:<id>``.
    filler : str
        ``layers``, or ``plugin:<id>``.
    dilation_px : int
        Growth of the mask on all sides.
    shadow_px : int
        Further growth towards darkened table; 0 leaves shadows.
    feather_px : int
        Width of the seam between filled and recorded pixels.
    plate_frames : int
        Most frames the temporal median is made of.
    robot_sources : int
        Most unoccluded frames the robot's appearance is taken from, per picture.
    flow_reach : int
        Frames a pixel may be carried by optical flow.
    object_layer : bool
        Whether rigidly moved objects are carried over.
    replay : str
        Number or identity of an episode that repeats this one without the operator; ``automatic``
        looks for one that says so, ``none`` takes none.
    rekey_below : float
        Confidence under which a person is asked to draw again.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    camera: str = "front/rgb"
    mode: Mode | None = None
    masks: str = "automatic"
    filler: str = "layers"
    dilation_px: int = Field(default=8, ge=0, le=64)
    shadow_px: int = Field(default=0, ge=0, le=64)
    feather_px: int = Field(default=4, ge=0, le=32)
    plate_frames: int = Field(default=60, ge=3, le=240)
    robot_sources: int = Field(default=3, ge=1, le=16)
    flow_reach: int = Field(default=30, ge=0, le=300)
    object_layer: bool = True
    replay: str = "automatic"
    rekey_below: float = Field(default=0.6, ge=0.0, le=1.0)


ParameterSource = Literal["default", "camera", "task", "person"]
