"""Rig files: which devices belong together, how they are configured, which streams they make.

``Rig.streams()`` is the single source of stream names; every process derives the same list from
the same file. Errors name the file, the key, the value and the way out.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any, Literal

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from devices.hands.spec import HandSpec, Side, hand_files, load_hand
from devices.stream import Encoding, StreamSpec
from devices.task_scene import TaskScene, task_stream
from resources import ROOT

RIG_SCHEMA = "thenar.rig/1"
EXO_JOINTS = (
    "thumb_mcp1", "thumb_mcp2", "thumb_pip1", "thumb_pip2", "thumb_dip",
    "index_mcp_side", "index_mcp_forward", "index_pip", "index_dip",
    "middle_mcp_side", "middle_mcp_forward", "middle_pip", "middle_dip",
    "ring_mcp_side", "ring_mcp_forward", "ring_pip", "ring_dip",
)  # fmt: skip
MAX_PULLS = 8
PULL_FIELDS = 12  # active, pinned, side, link, local xyz (m), target xyz (m), spare, spare
EVENT_BYTES = 2048


class RigError(ValueError):
    """A rig file cannot be used; the message is one clear sentence."""


class _Config(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class WorldConfig(_Config):
    """The simulated world of a rig; absent on rigs of real devices."""

    objects: tuple[str, ...] = ("cube", "ball", "cylinder", "bottle", "charger", "socket")
    timestep_s: float = Field(default=0.002, gt=0, le=0.01)
    model_file: Path | None = None  # the user's own MJCF or URDF instead of the composed hand
    watchdog_s: float = Field(default=0.1, gt=0)  # the simulated firmware's own bus watchdog
    task: TaskScene | None = None  # what is judged in this world, see ``with_task``


class LimitsConfig(_Config):
    """What the gate allows, on top of the hand's own joint limits (RELIABILITY.md section 5)."""

    velocity_scale: float = Field(default=1.0, gt=0, le=1)
    acceleration_scale: float = Field(default=1.0, gt=0, le=1)
    tracking_window_rad: float = Field(default=0.35, gt=0)
    tracking_window_m: float = Field(default=0.08, gt=0)
    gross_margin_rad: float = Field(default=0.5, gt=0)
    gross_margin_m: float = Field(default=0.1, gt=0)
    start_window_rad: float = Field(default=0.3, gt=0)
    start_window_m: float = Field(default=0.05, gt=0)
    ramp_s: float = Field(default=1.0, ge=0)
    command_age_s: float = Field(default=0.1, gt=0)
    feedback_age_s: float = Field(default=0.05, gt=0)
    heartbeat_age_s: float = Field(default=1.0, gt=0)


class HandConfig(_Config):
    """One hand of the rig."""

    side: Side = "right"
    model: str
    driver: str = "sim_hand"
    wrist: Literal["fixed", "free6"] = "fixed"
    base_pos_m: tuple[float, float, float] = (0.0, 0.0, 0.35)
    base_rpy_rad: tuple[float, float, float] = (0.0, 0.0, 0.0)
    control_rate_hz: float = Field(default=200.0, gt=0, le=1000)
    limits: LimitsConfig = LimitsConfig()
    port: str = ""
    serial: str = ""
    options: dict[str, Any] = Field(default_factory=dict)

    @property
    def spec(self) -> HandSpec:
        """Names, order, units and limits of this hand."""
        return load_hand(self.model, self.side, self.wrist)


class SensorModel(_Config):
    """Imperfections of a simulated tactile sensor; all off gives the exact force."""

    enabled: bool = True
    bias_n: float = 0.0
    noise_n: float = 0.0
    quantum_n: float = 0.0
    saturation_n: float = 20.0


class TactileConfig(_Config):
    """Touch of one hand: taxel arrays, visuotactile images or fingertip pressures."""

    side: Side = "right"
    kind: Literal["taxels", "visuotactile", "pressure"]
    driver: str = "sim_touch"
    rate_hz: float = Field(default=100.0, gt=0)
    width: int = 320
    height: int = 240
    encoding: Encoding = "raw"
    quality: int = Field(default=95, ge=1, le=100)
    sensor: SensorModel = SensorModel()


class CameraConfig(_Config):
    """One camera. ``mount`` is ``world`` or the hand whose palm carries it."""

    name: str = Field(pattern=r"^[a-z][a-z0-9_]*$")
    driver: str = "sim_camera"
    width: int = Field(default=640, ge=16, le=4096)
    height: int = Field(default=480, ge=16, le=4096)
    rate_hz: float = Field(default=30.0, gt=0, le=240)
    depth: bool = False
    depth_unit_m: float = 0.0001  # metres per uint16 step
    encoding: Encoding = "jpeg"
    quality: int = Field(default=95, ge=1, le=100)
    mount: Literal["world", "right", "left"] = "world"
    pos_m: tuple[float, float, float] = (0.0, -0.6, 0.5)
    look_at_m: tuple[float, float, float] = (0.0, 0.0, 0.1)
    fovy_deg: float = Field(default=50.0, gt=1, lt=170)
    truth: bool = False  # also publish the frame without the operator and the operator's mask
    serial: str = ""
    path: str = ""
    stale_after_s: float = Field(default=0.5, gt=0)


class EncoderModel(_Config):
    """Imperfections of one simulated exoskeleton encoder (FIELD.md section 4)."""

    offset_counts: float = 0.0
    sign: Literal[1, -1] = 1
    gain: float = 1.0
    eccentricity_counts: float = 0.0
    eccentricity_phase_rad: float = 0.0
    noise_counts: float = 0.0


class ExoskeletonConfig(_Config):
    """A 17-joint isomorphic exoskeleton of 12-bit encoders."""

    side: Side = "right"
    driver: str = "sim_exoskeleton"
    rate_hz: float = Field(default=200.0, gt=0)
    bits: int = Field(default=12, ge=8, le=16)
    seed: int = Field(default=0, ge=0)  # draws the encoders' imperfections
    calibration: str = "ideal"  # "ideal" or a calibration file's name


class Rig(_Config):
    """A named set of devices with their configuration."""

    schema_: Literal["thenar.rig/1"] = Field(alias="schema")
    name: str = Field(pattern=r"^[a-z][a-z0-9-]*$")
    title: str = ""
    world: WorldConfig | None = None
    hands: tuple[HandConfig, ...] = Field(min_length=1, max_length=2)
    tactile: tuple[TactileConfig, ...] = ()
    cameras: tuple[CameraConfig, ...] = ()
    exoskeletons: tuple[ExoskeletonConfig, ...] = ()

    model_config = ConfigDict(
        frozen=True, extra="forbid", populate_by_name=True, serialize_by_alias=True
    )

    @model_validator(mode="after")
    def _check(self) -> Rig:
        sides = [hand.side for hand in self.hands]
        if len(set(sides)) != len(sides):
            raise ValueError(f"two hands on the same side: {sides}; give each hand its own side")
        known = hand_files()
        for hand in self.hands:
            if hand.model not in known:
                raise ValueError(
                    f"hands: model '{hand.model}' is unknown; known models: {', '.join(known)}"
                )
        names = [camera.name for camera in self.cameras]
        if len(set(names)) != len(names):
            raise ValueError(f"two cameras share a name: {names}; names must differ")
        for key, items in (("tactile", self.tactile), ("exoskeletons", self.exoskeletons)):
            found = [item.side for item in items]
            if len(set(found)) != len(found):
                raise ValueError(f"{key}: two on the same side: {found}; a side has one at most")
            for side in set(found) - set(sides):
                raise ValueError(f"{key} on side '{side}': the rig has no hand there")
        for touch in self.tactile:
            kinds = sorted({pad.kind for pad in self.hand(touch.side).spec.pads})
            if touch.kind not in kinds:
                raise ValueError(f"tactile: kind '{touch.kind}' does not fit the pads of the "
                                 f"{touch.side} hand; they are {', '.join(kinds)}")  # fmt: skip
        for camera in self.cameras:
            if camera.mount != "world" and camera.mount not in sides:
                raise ValueError(
                    f"camera '{camera.name}': mount '{camera.mount}' has no hand there"
                )
        return self

    def hand(self, side: str) -> HandConfig:
        """The hand on ``side``; raises ``RigError`` when there is none."""
        for hand in self.hands:
            if hand.side == side:
                return hand
        raise RigError(f"rig '{self.name}' has no {side} hand")

    def streams(self) -> tuple[StreamSpec, ...]:
        """Every stream this rig publishes, in the order the recorder stores them."""
        return tuple(_streams(self))

    def stream(self, name: str) -> StreamSpec:
        """The stream ``name``; raises ``RigError`` when this rig has none of that name."""
        for spec in self.streams():
            if spec.name == name:
                return spec
        raise RigError(f"rig '{self.name}' has no stream '{name}'")


def _streams(rig: Rig):
    for hand in rig.hands:
        yield from _hand_streams(hand)
    for touch in rig.tactile:
        yield from _touch_streams(rig, touch)
    for exo in rig.exoskeletons:
        yield StreamSpec(
            name=f"{exo.side}/exo_encoders", kind="encoders", dtype="<u2", shape=(len(EXO_JOINTS),),
            axes=("encoder",), unit="count", rate_hz=exo.rate_hz, labels=EXO_JOINTS,
            device=f"{exo.side}_exoskeleton",
        )  # fmt: skip
        yield StreamSpec(
            name=f"{exo.side}/exo_joints", kind="joints", dtype="<f8", shape=(len(EXO_JOINTS),),
            axes=("joint",), unit="rad", rate_hz=exo.rate_hz, labels=EXO_JOINTS,
            device=f"{exo.side}_exoskeleton",
        )  # fmt: skip
    for camera in rig.cameras:
        yield from _camera_streams(camera)
    if rig.world is not None:
        yield StreamSpec(
            name="world/objects", kind="pose", dtype="<f8", shape=(len(rig.world.objects), 7),
            axes=("object", "xyz_qwxyz"), unit="m, 1", rate_hz=60.0, labels=rig.world.objects,
            frame="world", device="world",
        )  # fmt: skip
        yield StreamSpec(
            name="operator/pulls", kind="pulls", dtype="<f8", shape=(MAX_PULLS, PULL_FIELDS),
            axes=("pull", "field"), unit="m", rate_hz=60.0, frame="world", device="operator",
        )  # fmt: skip
    if rig.world is not None and rig.world.task is not None:
        yield task_stream()
    yield StreamSpec(
        name="supervisor/control", kind="control", dtype="<i4", shape=(3,),
        axes=("field",), labels=("state", "authority", "epoch"), unit="1",
        rate_hz=rig.hands[0].control_rate_hz, device="supervisor",
    )  # fmt: skip
    for device in ("supervisor", "operator"):
        yield StreamSpec(
            name=f"{device}/events", kind="event", dtype="u1", shape=(EVENT_BYTES,),
            axes=("byte",), variable=True, device=device,
        )  # fmt: skip


def _hand_streams(hand: HandConfig):
    spec = hand.spec
    quantities = (
        ("joints_measured", "rad|m"),
        ("joints_velocity_measured", "rad/s|m/s"),
        ("joints_effort_measured", "N*m|N"),
        ("joints_requested", "rad|m"),
        ("joints_sent", "rad|m"),
    )
    for quantity, unit in quantities:
        yield StreamSpec(
            name=f"{hand.side}/{quantity}", kind="joints", dtype="<f8", shape=(spec.size,),
            axes=("joint",), unit=unit if hand.wrist == "free6" else unit.split("|")[0],
            rate_hz=hand.control_rate_hz, labels=spec.names, device=f"{hand.side}_hand",
            intermittent=quantity == "joints_requested",
        )  # fmt: skip


def _touch_streams(rig: Rig, touch: TactileConfig):
    spec = rig.hand(touch.side).spec
    pads = [pad for pad in spec.pads if pad.kind == touch.kind]
    fingers = tuple(pad.finger for pad in pads)
    device = f"{touch.side}_touch"
    if touch.kind == "visuotactile":
        for finger in fingers:
            yield StreamSpec(
                name=f"{touch.side}_{finger}/visuotactile", kind="visuotactile", dtype="u1",
                shape=(touch.height, touch.width, 3), axes=("row", "column", "rgb"),
                rate_hz=touch.rate_hz, encoding=touch.encoding, quality=touch.quality,
                frame=f"{touch.side}_{finger}_pad", device=f"{touch.side}_{finger}_gel",
            )  # fmt: skip
    elif touch.kind == "taxels":
        yield StreamSpec(
            name=f"{touch.side}/taxels", kind="taxels", dtype="<f4",
            shape=(len(pads), pads[0].rows * pads[0].cols, 3), axes=("finger", "taxel", "xyz"),
            unit="N", rate_hz=touch.rate_hz, labels=fingers, frame="pad", device=device,
        )  # fmt: skip
    else:
        yield StreamSpec(
            name=f"{touch.side}/fingertip_pressure", kind="pressure", dtype="<f4",
            shape=(len(pads),), axes=("finger",), unit="Pa", rate_hz=touch.rate_hz,
            labels=fingers, device=device,
        )  # fmt: skip
    yield StreamSpec(
        name=f"{touch.side}/fingertip_force", kind="force", dtype="<f4", shape=(len(pads), 3),
        axes=("finger", "xyz"), unit="N", labels=fingers,
        rate_hz=touch.rate_hz if touch.kind != "visuotactile" else 100.0,
        frame="pad", device=device,
    )  # fmt: skip


def _camera_streams(camera: CameraConfig):
    shape = (camera.height, camera.width)
    common = {
        "rate_hz": camera.rate_hz,
        "frame": f"camera_{camera.name}",
        "device": f"camera_{camera.name}",
    }
    rgb = {
        "kind": "image", "dtype": "u1", "shape": (*shape, 3), "axes": ("row", "column", "rgb"),
        "encoding": camera.encoding, "quality": camera.quality,
    }  # fmt: skip
    yield StreamSpec(name=f"{camera.name}/rgb", **rgb, **common)
    if camera.depth:
        yield StreamSpec(
            name=f"{camera.name}/depth", kind="depth", dtype="<u2", shape=shape,
            axes=("row", "column"), unit=f"{camera.depth_unit_m:g} m", **common,
        )  # fmt: skip
    if camera.truth:
        yield StreamSpec(name=f"{camera.name}/rgb_without_operator", **rgb, **common)
        yield StreamSpec(
            name=f"{camera.name}/operator_mask", kind="mask", dtype="u1", shape=shape,
            axes=("row", "column"), encoding="png", **common,
        )  # fmt: skip


def rig_files() -> dict[str, Path]:
    """Rig files that come with the program, by rig name."""
    return {path.stem: path for path in sorted((ROOT / "rigs").glob("*.yaml"))}


def load_rig(name_or_path: str | Path) -> Rig:
    """Load a rig by name or from a file.

    Raises
    ------
    RigError
        One sentence naming the file, the key, the value and the way out.
    """
    path = Path(name_or_path)
    if path.suffix not in (".yaml", ".yml"):
        files = rig_files()
        if str(name_or_path) not in files:
            raise RigError(
                f"rig '{name_or_path}' is unknown; known rigs: {', '.join(files)}, "
                "or give the path of a .yaml file"
            )
        path = files[str(name_or_path)]
    try:
        raw = yaml.safe_load(path.read_text())
    except FileNotFoundError:
        raise RigError(f"rig file '{path}' does not exist") from None
    except yaml.YAMLError as error:
        where = getattr(error, "problem_mark", None)
        line = f", line {where.line + 1}" if where else ""
        raise RigError(
            f"rig file '{path}'{line} is not valid YAML: {getattr(error, 'problem', error)}"
        ) from None
    if not isinstance(raw, dict):
        raise RigError(
            f"rig file '{path}' is empty or not a mapping; start from a copy of sim-xhand.yaml"
        )
    try:
        return _beside(path, Rig.model_validate(raw))
    except ValidationError as error:
        raise RigError(f"rig file '{path}': {_first_problem(error)}") from None


def _beside(path: Path, rig: Rig) -> Rig:
    """Let a relative ``model_file`` start at the folder of the rig file."""
    if rig.world is None or rig.world.model_file is None:
        return rig
    file = path.resolve().parent / rig.world.model_file.expanduser()
    world = rig.world.model_copy(update={"model_file": file.resolve()})
    return rig.model_copy(update={"world": world})


def _first_problem(error: ValidationError) -> str:
    first = error.errors()[0]
    key = ".".join(str(part) for part in first["loc"]) or "rig"
    more = len(error.errors()) - 1
    tail = f" (and {more} more)" if more else ""
    value = first.get("input")
    shown = "" if isinstance(value, (dict, list, tuple)) else f", got {value!r}"
    return f"key '{key}': {first['msg']}{shown}{tail}"
