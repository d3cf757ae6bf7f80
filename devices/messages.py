"""Messages of the control plane: small JSON orders and reports between processes.

Samples travel on streams; orders travel in mailboxes (``Bus.outbox`` / ``Bus.inbox``), in this
vocabulary only. Every model forbids unknown fields, so a misspelt order is refused, not ignored.

==========================  =======================================================
mailbox                     carries
==========================  =======================================================
``supervisor/control``      ``SupervisorOrder``: STOP, reset, enable, arm, hold, heartbeat
``supervisor/status``       ``SupervisorStatus`` at 20 Hz and on every change
``operator/control``        ``OperatorOrder``: scripts, replay, operator's hand visible
``operator/status``         ``OperatorStatus`` at 10 Hz and on every change
``recorder/control``        ``RecorderOrder``: start, stop, outcome, discard, undo
``recorder/status``         ``RecorderStatus`` at 10 Hz and on every change
``sim/control``             ``SimOrder``: reset the world, show or hide the operator's hand
``health``                  every process, 5 Hz: process, pid, stamp_ns, figures of its own
==========================  =======================================================
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter

HandState = Literal["OFF", "HOLD", "ACTIVE", "FAULT", "STOPPED"]
SourceName = Literal[
    "none", "kinesthetic", "exoskeleton", "keyboard", "scripted", "replay", "policy"
]
Outcome = Literal["unlabelled", "success", "failure"]
CauseBy = Literal["person", "program"]


class _Message(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Stop(_Message):
    """Stop and latch; always obeyed, from any client, in every state."""

    type: Literal["stop"] = "stop"
    client: str = "?"


class Heartbeat(_Message):
    """Liveness of the client that holds the deadman (the window, at 10 Hz).

    ``stamp_ns`` is when the client's own event loop ran; an old stamp counts as silence.
    """

    type: Literal["heartbeat"] = "heartbeat"
    client: str
    stamp_ns: int


class Enable(_Message):
    """OFF -> HOLD at the measured pose."""

    type: Literal["enable"] = "enable"


class Reset(_Message):
    """FAULT or STOPPED -> HOLD, if the cause is gone. Never leads to ACTIVE."""

    type: Literal["reset"] = "reset"


class Arm(_Message):
    """HOLD -> ACTIVE under ``source``; also a change of authority while ACTIVE.

    ``press_id`` must be larger than that of every earlier arm order: a fresh press.
    """

    type: Literal["arm"] = "arm"
    source: SourceName
    press_id: int
    client: str = "?"


class Hold(_Message):
    """ACTIVE -> HOLD at the measured pose."""

    type: Literal["hold"] = "hold"


class Off(_Message):
    """Any state except a latched one -> OFF: torque off."""

    type: Literal["off"] = "off"


SupervisorOrder = Annotated[
    Stop | Heartbeat | Enable | Reset | Arm | Hold | Off, Field(discriminator="type")
]


class SupervisorStatus(_Message):
    """What the supervisor says of itself.

    ``rejects`` and ``clamps`` count by reason since start; ``late_p99_ms`` and ``missed_ticks``
    describe the control loop over its last 10 s and since start.

    ``cause`` says why the state is what it is, or for 4 s why an order was refused; in FAULT it
    ends with "ready to reset" once nothing stands against a reset. ``cause_by`` is ``person`` when
    the cause is an order obeyed (armed, hold, reset, STOP ...), ``program`` when the supervisor
    decided it; a HOLD of its own keeps its cause until somebody arms, holds or resets.
    """

    stamp_ns: int
    state: HandState
    authority: SourceName
    epoch: int
    cause: str = ""
    cause_by: CauseBy = "program"
    ticks: int = 0
    missed_ticks: int = 0
    late_p99_ms: float = 0.0
    rejects: dict[str, int] = Field(default_factory=dict)
    clamps: dict[str, int] = Field(default_factory=dict)
    feedback_age_s: dict[str, float] = Field(default_factory=dict)
    hand_detail: dict[str, str] = Field(default_factory=dict)
    temperature_c: dict[str, float] = Field(default_factory=dict)
    real_time_factor: float | None = None
    ramp: float = 1.0


class RunScript(_Message):
    """Start the scripted operator: pulls fingers or moves the exoskeleton, seeded."""

    type: Literal["run_script"] = "run_script"
    mode: Literal["kinesthetic", "exoskeleton"]
    seconds: float = Field(gt=0)
    seed: int = Field(default=0, ge=0)
    name: str = "grasp"


class StopScript(_Message):
    """End the running script or replay; the hand goes to HOLD by the supervisor's own rule."""

    type: Literal["stop_script"] = "stop_script"


class RunReplay(_Message):
    """Replay an episode through the gate, eased in from the measured pose.

    It waits up to 5 s for its authority once ``OperatorStatus.activity`` says ``replay``; arm the
    hand then. ``with_forces`` shifts each pad's target along its normal by the recorded force.
    """

    type: Literal["run_replay"] = "run_replay"
    episode: str
    speed: float = Field(default=1.0, ge=0.1, le=1.0)
    start_s: float = Field(default=0.0, ge=0.0)
    with_forces: bool = False


class PauseReplay(_Message):
    """Stay where the replay is, or go on from there."""

    type: Literal["pause_replay"] = "pause_replay"
    paused: bool


OperatorOrder = Annotated[
    RunScript | StopScript | RunReplay | PauseReplay, Field(discriminator="type")
]


class OperatorStatus(_Message):
    """What the operator process does.

    ``episode_s`` is the time within the replayed episode at ``stamp_ns``, None before the ease-in
    has ended; ``speed`` is how fast it passes, 0 while paused.
    """

    stamp_ns: int
    activity: Literal["idle", "script", "replay"]
    name: str = ""
    progress: float = 0.0
    error: str = ""
    episode_s: float | None = None
    speed: float = 0.0


class StartTake(_Message):
    """Begin a take; samples from ``pre_roll_s`` before ``press_ns`` are kept."""

    type: Literal["start"] = "start"
    press_ns: int
    task: str = ""
    instruction: str = ""
    operator_code: str = ""
    source: SourceName = "none"
    redo_of: int | None = None  # record again under this episode number
    pre_roll_s: float = Field(default=1.0, ge=0, le=5)
    calibration: dict[str, Any] = Field(default_factory=dict)  # by device, as in force
    notes: dict[str, Any] = Field(default_factory=dict)


class StopTake(_Message):
    """End the running take; it is finalised and verified in the background."""

    type: Literal["stop"] = "stop"
    press_ns: int
    outcome: Outcome = "unlabelled"


class SetOutcome(_Message):
    """Set the outcome of the running take or of a published episode."""

    type: Literal["outcome"] = "outcome"
    episode: int
    outcome: Outcome


class Discard(_Message):
    """Move a take or episode to the dataset's trash; ``UndoDiscard`` brings it back."""

    type: Literal["discard"] = "discard"
    episode: int


class UndoDiscard(_Message):
    """Bring back what was discarded last.

    It comes back under its number, or under the next free one when its own was recorded again.
    """

    type: Literal["undo_discard"] = "undo_discard"


RecorderOrder = Annotated[
    StartTake | StopTake | SetOutcome | Discard | UndoDiscard, Field(discriminator="type")
]


class RecorderStatus(_Message):
    """What the recorder says of itself.

    ``written`` counts samples acknowledged on disk per stream for the running take, ``gaps`` lost
    samples per stream (from ``seq``), ``rates_hz`` the rate over the last two seconds and
    ``ages_s`` the age of each stream's newest sample; a stream that was never heard is in neither.

    ``last_episode`` is the number that outcome, discard and redo mean: the running take, else the
    newest take or episode recorded or published in this session that is not discarded.
    ``outcome`` is its outcome, also after redo, discard and undo.
    """

    stamp_ns: int
    state: Literal["idle", "recording", "stopping", "error"]
    episode: int | None = None
    last_episode: int | None = None
    outcome: Outcome = "unlabelled"
    next_episode: int = 0
    elapsed_s: float = 0.0
    written: dict[str, int] = Field(default_factory=dict)
    gaps: dict[str, int] = Field(default_factory=dict)
    rates_hz: dict[str, float] = Field(default_factory=dict)
    ages_s: dict[str, float] = Field(default_factory=dict)
    queue_fill: float = 0.0
    bytes_written: int = 0
    disk_free_bytes: int = 0
    disk_minutes: float = 0.0
    finalising: tuple[int, ...] = ()
    published: tuple[int, ...] = ()  # last few verified numbers, newest last, discarded or not
    last_path: str = ""
    discarded: int | None = None  # what UndoDiscard would bring back
    recovered: tuple[int, ...] = ()  # episodes recovered from orphaned logs at start
    message: str = ""


class ResetWorld(_Message):
    """Put hand and objects back to their start poses (only in HOLD or OFF)."""

    type: Literal["reset_world"] = "reset_world"
    seed: int | None = Field(default=None, ge=0)


class ShowOperator(_Message):
    """Show or hide the simulated operator's hand in the camera images."""

    type: Literal["show_operator"] = "show_operator"
    visible: bool


SimOrder = Annotated[ResetWorld | ShowOperator, Field(discriminator="type")]

SUPERVISOR_ORDERS: TypeAdapter[SupervisorOrder] = TypeAdapter(SupervisorOrder)
OPERATOR_ORDERS: TypeAdapter[OperatorOrder] = TypeAdapter(OperatorOrder)
RECORDER_ORDERS: TypeAdapter[RecorderOrder] = TypeAdapter(RecorderOrder)
SIM_ORDERS: TypeAdapter[SimOrder] = TypeAdapter(SimOrder)
