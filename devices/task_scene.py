"""What a simulated task is made of: objects, places, reset distribution and success test.

A task file (``resources/tasks``) carries one ``TaskScene``; a rig whose world has it
(``with_task``) puts the objects on its table, scatters them by seed and judges what becomes of
them. The scene travels with the rig, so a session, an episode and a checkpoint all say exactly
what was asked. Words only: ``devices.sim`` does the work.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

from devices.stream import StreamSpec

if TYPE_CHECKING:
    from devices.rig import Rig

Group = Literal["force-gated", "plain", "occluded", "free"]
Span = tuple[float, float]

OUTCOMES = ("running", "success", "failure")
REASONS = (
    "",
    "slipped",
    "broke",
    "pressed too little",
    "pressed too much",
    "too late",
    "wrong place",
    "knocked over",
)
TASK_FIELDS = ("outcome", "reason", "value", "low", "high", "held_s", "elapsed_s", "force_n")


class _Scene(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class PressTest(_Scene):
    """A spring is held inside a force window; a push beyond ``break_n`` is a failure."""

    test: Literal["press"] = "press"
    object: str
    joint: str
    stiffness_n_m: float = Field(gt=0)
    low_n: float = Field(gt=0)
    high_n: float
    break_n: float
    hold_s: float = Field(default=0.3, gt=0)


class LiftTest(_Scene):
    """An object is held ``height_m`` above its start; it may not be squeezed beyond ``break_n``."""

    test: Literal["lift"] = "lift"
    object: str
    height_m: float = Field(gt=0)
    hold_s: float = Field(default=0.5, gt=0)
    break_n: float | None = None


class TurnTest(_Scene):
    """A joint is turned by ``angle_rad`` (its sign is the direction) without crushing it."""

    test: Literal["turn"] = "turn"
    object: str
    joint: str
    angle_rad: float
    break_n: float


class SqueezeTest(_Scene):
    """The sum of joints is brought into ``low_m .. high_m`` and held; ``spill_m`` is too much."""

    test: Literal["squeeze"] = "squeeze"
    object: str
    joints: tuple[str, ...] = Field(min_length=1)
    low_m: float = Field(gt=0)
    high_m: float
    spill_m: float
    hold_s: float = Field(default=0.3, gt=0)


class InsertTest(_Scene):
    """The raised one of ``joints`` sinks by ``depth_m``, the others never below ``spare_m``."""

    test: Literal["insert"] = "insert"
    object: str
    joints: tuple[str, ...] = Field(min_length=2)
    depth_m: float
    spare_m: float
    hold_s: float = Field(default=0.1, gt=0)


SuccessTest = Annotated[
    PressTest | LiftTest | TurnTest | SqueezeTest | InsertTest, Field(discriminator="test")
]


class OneOf(_Scene):
    """One of ``joints``, drawn by the seed, starts at ``value``; the others at zero."""

    joints: tuple[str, ...] = Field(min_length=2)
    value: float


class TaskScene(_Scene):
    """Objects, reset distribution and success test of one simulated task.

    Attributes
    ----------
    group : str
        ``force-gated``, ``plain``, ``occluded`` or ``free``.
    objects : tuple of str
        Objects on the table; the first is the task's own.
    places_m : dict
        Object to x, y relative to the point below the closing fingers, metres; absent is (0, 0)
        for the first object and beside it for the others.
    reset : dict
        Name to range, drawn uniformly and independently from the seed, in this order:
        ``<object>.x_m``, ``.y_m``, ``.yaw_rad`` (about its place), ``hand.x_m``, ``.y_m``,
        ``.z_m`` (of every hand's wrist).
    one_of : OneOf, optional
        A joint that starts elsewhere, one of several.
    limit_s : float
        Time from the hand's first motion after which the task has failed.
    success : SuccessTest
        The test and its limits; it reads the state of the world alone.
    """

    group: Group
    objects: tuple[str, ...] = Field(min_length=1)
    places_m: dict[str, Span] = Field(default_factory=dict)
    reset: dict[str, Span] = Field(default_factory=dict)
    one_of: OneOf | None = None
    limit_s: float = Field(default=15.0, gt=0)
    success: SuccessTest

    @model_validator(mode="after")
    def _check(self) -> TaskScene:
        for what, names in (
            ("success.object", (self.success.object,)),
            ("places_m", tuple(self.places_m)),
            ("reset", tuple(key.partition(".")[0] for key in self.reset)),
        ):
            known = (*self.objects, "hand") if what == "reset" else self.objects
            for name in names:
                if name not in known:
                    raise ValueError(f"{what}: '{name}' is none of {', '.join(known)}")
        axes = {"object": ("x_m", "y_m", "yaw_rad"), "hand": ("x_m", "y_m", "z_m")}
        for key, (low, high) in self.reset.items():
            owner, _, axis = key.partition(".")
            allowed = axes["hand" if owner == "hand" else "object"]
            if axis not in allowed:
                raise ValueError(f"reset: '{key}' must end in {', '.join(allowed)}")
            if low > high:
                raise ValueError(f"reset: '{key}' goes from {low} to {high}; give low, high")
        return self


def task_stream() -> StreamSpec:
    """What the judge of a world's task says, with the indices of ``OUTCOMES`` and ``REASONS``."""
    return StreamSpec(
        name="world/task", kind="control", dtype="<f8", shape=(len(TASK_FIELDS),),
        axes=("field",), labels=TASK_FIELDS, unit="1", rate_hz=50.0, device="world",
    )  # fmt: skip


def with_task(rig: Rig, scene: TaskScene) -> Rig:
    """Return ``rig`` with the task's objects on its table.

    Raises
    ------
    ValueError
        When the rig has no simulated world.
    """
    if rig.world is None:
        raise ValueError(
            f"rig '{rig.name}' has no simulated world, so a simulated task cannot be put on it; "
            "choose a rig with key 'world'"
        )
    world = rig.world.model_copy(update={"objects": scene.objects, "task": scene})
    return rig.model_copy(update={"world": world})
