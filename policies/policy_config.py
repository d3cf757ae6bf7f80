"""Everything that can be chosen about a policy. One model; every ablation is a field, not a fork.

The defaults follow KineDex (arXiv 2505.01974): diffusion over chunks of 16 rows from 2 observed
ones, a convolution over taxels shared by the fingers, actions of joint positions and one normal
force per pad, AdamW at 1e-4 with (0.95, 0.999), batches of 64. Modality dropout and the prediction
of future forces are added to it; both go off with a zero.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any, Literal

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from recorder.align import Policy as Alignment

PolicyKind = Literal["diffusion", "flow", "act"]
PolicySize = Literal["tiny", "small", "cpu", "full"]
PictureSource = Literal["recorded", "cleaned", "truth"]
TrainedOutcome = Literal["unlabelled", "success", "qualified_success", "failure", "cannot_judge"]
SAMPLER_STEPS = {"diffusion": 10, "flow": 4, "act": 1}
CONFIG_BYTES = 1 << 16


class ConfigError(ValueError):
    """A choice cannot be used; the message is one clear sentence."""


class CameraChoice(BaseModel):
    """One image stream a policy sees.

    Attributes
    ----------
    stream : str
        ``front/rgb`` or ``right_index/visuotactile``.
    size : tuple of (int, int)
        Width and height pictures are made to before they are cropped, pixels.
    source : str
        ``recorded``, ``cleaned`` (operator removed by ``thenar clean``) or ``truth`` (rendered
        without the operator; simulation only). A running policy always sees the camera itself.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    stream: str = Field(pattern=r"^[A-Za-z0-9_]+/[A-Za-z0-9_]+$", max_length=80)
    size: tuple[int, int] = (96, 96)
    source: PictureSource = "recorded"

    @model_validator(mode="after")
    def _check(self) -> CameraChoice:
        if not all(32 <= side <= 640 for side in self.size):
            raise ValueError(f"size {self.size} is not within 32 to 640 pixels a side")
        return self


class PolicyConfig(BaseModel):
    """Choices of one policy and its training.

    Attributes
    ----------
    kind : str
        ``diffusion`` (DDIM, noise predicted), ``flow`` (conditional flow matching) or ``act``.
    size : str
        ``tiny`` for tests, ``small`` for evidence on two cores, ``cpu`` (about 20 million
        parameters), ``full`` (that of Diffusion Policy).
    rate_hz : int
        Rows per second of observations and actions.
    observation_steps, chunk, executed : int
        Rows seen, rows planned, rows meant to be run before the next plan.
    cameras : tuple of CameraChoice or None
        None takes every colour camera of the first episode.
    visuotactile : tuple of CameraChoice or None
        Gel images; None takes all there are.
    state, velocity : bool
        Measured joint positions, and their velocities.
    taxels, force : bool or None
        Raw taxels and the force per pad; None takes taxels where the hand has them, and forces
        where it has no taxels.
    action : str
        ``measured`` or ``sent``: row k of a chunk is what was measured (or sent) k + 1 rows after
        the newest row seen, and is due then.
    forces_in_action : bool
        Whether the policy also plans the normal force of each pad, N.
    alignment : mapping
        Kind or stream name to a policy of ``recorder.align``, over ``hold`` for everything seen:
        what a running policy has. Taxels and pictures cannot be interpolated.
    max_age_s : float
        An older value is a gap. Windows never cross a gap.
    crop : float
        Share of a picture's sides that is seen; random while training, central when run.
    colour : float
        Largest change of brightness and contrast while training, share.
    modality_dropout, camera_dropout : float
        Probability that touch, or one camera, is hidden in a training sample.
    future_force_weight : float
        Weight of predicting the forces of the chunk from what is seen; 0 leaves it out.
    noise_steps : int
        Steps of the diffusion while training.
    sampler_steps : int or None
        Steps when run; None takes 10 for diffusion and 4 for flow.
    kl_weight : float
        Of the latent of ``act``.
    outcomes : tuple of str
        Final outcomes that are learned from; ``disputed`` ones never are.
    intervention_weight, policy_weight : float
        Weight of rows a person moved the hand after a policy had it, and of rows a policy moved it
        (HG-DAgger: 0 for the latter leaves them out).
    steps, batch : int
        Most steps of the optimiser, windows per step.
    lr, weight_decay, beta1, beta2, warmup_steps, gradient_clip : float
        Of AdamW; the rate rises over the warm-up and falls with a cosine.
    ema_power : float
        Of the running mean of the weights, which is what is run; 0 switches it off.
    validation_share, validate_every, patience : float, int, int
        Share of episodes kept apart (one at least), steps between looks at them, and looks without
        a gain until training ends early; 0 never ends early.
    keep : str
        ``best``: the weights with the smallest validation loss become the policy; ``last``: those
        of the last step.
    checkpoint_every : int
        Steps between what a killed training goes on from.
    seed, split_seed : int
        Of weights, order, noise and augmentation; of the split into training and validation.
    precision : str
        ``float32`` or ``bfloat16`` (mixed).
    compile : bool
        Whether the network is compiled.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    kind: PolicyKind = "diffusion"
    size: PolicySize = "cpu"
    rate_hz: int = Field(default=20, ge=1, le=100)
    observation_steps: int = Field(default=2, ge=1, le=8)
    chunk: int = Field(default=16, ge=4, le=128, multiple_of=4)
    executed: int = Field(default=8, ge=1, le=128)

    cameras: tuple[CameraChoice, ...] | None = Field(default=None, max_length=8)
    visuotactile: tuple[CameraChoice, ...] | None = Field(default=None, max_length=10)
    state: bool = True
    velocity: bool = False
    taxels: bool | None = None
    force: bool | None = None
    action: Literal["measured", "sent"] = "measured"
    forces_in_action: bool = True

    alignment: dict[str, Alignment] = Field(default_factory=dict)
    max_age_s: float = Field(default=0.1, gt=0, le=10)
    crop: float = Field(default=0.9, ge=0.5, le=1)
    colour: float = Field(default=0.1, ge=0, le=0.9)
    modality_dropout: float = Field(default=0.1, ge=0, le=1)
    camera_dropout: float = Field(default=0.0, ge=0, le=1)

    future_force_weight: float = Field(default=0.1, ge=0, le=100)
    noise_steps: int = Field(default=100, ge=2, le=1000)
    sampler_steps: int | None = Field(default=None, ge=1, le=1000)
    kl_weight: float = Field(default=10.0, ge=0)

    outcomes: tuple[TrainedOutcome, ...] = ("success", "qualified_success", "unlabelled")
    intervention_weight: float = Field(default=1.0, ge=0, le=1000)
    policy_weight: float = Field(default=1.0, ge=0, le=1000)

    steps: int = Field(default=20_000, ge=1, le=10_000_000)
    batch: int = Field(default=64, ge=1, le=4096)
    lr: float = Field(default=1e-4, gt=0, le=1)
    weight_decay: float = Field(default=1e-6, ge=0, le=1)
    beta1: float = Field(default=0.95, ge=0, lt=1)
    beta2: float = Field(default=0.999, ge=0, lt=1)
    warmup_steps: int = Field(default=500, ge=0)
    gradient_clip: float = Field(default=1.0, gt=0)
    ema_power: float = Field(default=0.75, ge=0, le=1)
    validation_share: float = Field(default=0.1, gt=0, lt=1)
    validate_every: int = Field(default=250, ge=1)
    patience: int = Field(default=10, ge=0)
    keep: Literal["best", "last"] = "best"
    checkpoint_every: int = Field(default=250, ge=1)
    seed: int = Field(default=0, ge=0, lt=2**31)
    split_seed: int = Field(default=0, ge=0, lt=2**31)
    precision: Literal["float32", "bfloat16"] = "float32"
    compile: bool = False

    @model_validator(mode="after")
    def _check(self) -> PolicyConfig:
        if self.executed > self.chunk:
            raise ValueError(f"executed {self.executed} rows of a chunk of {self.chunk}")
        for name in ("cameras", "visuotactile"):
            streams = [choice.stream for choice in getattr(self, name) or ()]
            if len(set(streams)) != len(streams):
                raise ValueError(f"{name} name a stream twice: {', '.join(streams)}")
        for choice in self.visuotactile or ():
            if choice.source != "recorded":
                raise ValueError(f"gel images of '{choice.stream}' are only there as recorded")
        return self

    @property
    def run_steps(self) -> int:
        """Steps of the sampler when run."""
        return self.sampler_steps or SAMPLER_STEPS[self.kind]


def load_config(path: Path | None, chosen: dict[str, Any] | None = None) -> PolicyConfig:
    """Read a configuration file (YAML or JSON) and put single choices over it.

    Parameters
    ----------
    path : Path or None
        The file; None begins with the defaults.
    chosen : mapping, optional
        Field to value; texts are read as YAML.

    Raises
    ------
    ConfigError
        The file cannot be read, or a choice is unknown or out of range.
    """
    raw: dict[str, Any] = {}
    if path is not None:
        try:
            if path.stat().st_size > CONFIG_BYTES:
                raise ConfigError(f"'{path}' is longer than {CONFIG_BYTES} bytes (limit)")
            raw = yaml.safe_load(path.read_text()) or {}
        except OSError as error:
            raise ConfigError(f"'{path}' cannot be read: {error.strerror}") from None
        except (yaml.YAMLError, UnicodeDecodeError) as error:
            said = str(error).splitlines()[0]
            raise ConfigError(f"'{path}' is not valid YAML: {said}") from None
        if not isinstance(raw, dict):
            raise ConfigError(f"'{path}' is no list of choices; write e.g. kind: flow")
    return config_of({**raw, **{name: _value(value) for name, value in (chosen or {}).items()}})


def config_of(raw: dict[str, Any]) -> PolicyConfig:
    """Validate choices; raises ``ConfigError`` with one sentence."""
    try:
        return PolicyConfig.model_validate(raw)
    except ValidationError as error:
        first = error.errors()[0]
        key = ".".join(str(part) for part in first["loc"]) or "configuration"
        said = str(first["msg"]).removeprefix("Value error, ")
        if first["type"] == "extra_forbidden":
            said = "there is no such choice; see: thenar train --choices"
        raise ConfigError(f"'{key}': {said}") from None


def _value(value: Any) -> Any:
    if not isinstance(value, str):
        return value
    try:
        return yaml.safe_load(value)
    except yaml.YAMLError:
        return value
