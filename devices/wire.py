"""The simulated wire between the hand driver and the physics world.

The driver writes goals and reads feedback over two private bus streams, just as a serial driver
would over its port; the supervisor therefore can be killed while the simulated hand lives on and
its own firmware watchdog (``WorldConfig.watchdog_s``) stops it.
"""

from __future__ import annotations

from enum import IntEnum

from devices.rig import MAX_PULLS, PULL_FIELDS, HandConfig, Rig
from devices.stream import StreamSpec


class HandMode(IntEnum):
    """What the hand's motors do."""

    OFF = 0  # no torque
    COMPLIANT = 1  # back-drivable, gravity compensated
    POSITION = 2  # follow the goal
    HOLD = 3  # stiff at the pose where it was when the mode began


class Firmware(IntEnum):
    """State of the simulated firmware, reported in the feedback."""

    READY = 0
    WATCHDOG = 1  # no goal for longer than the limit: holds, goals refused until cleared
    FAULT = 2


def goal_spec(hand: HandConfig) -> StreamSpec:
    """Driver to world: float64 ``(2 + J,)`` = mode, clear-watchdog flag, joint goals."""
    return StreamSpec(
        name=f"wire_{hand.side}/goal", kind="control", dtype="<f8", shape=(2 + hand.spec.size,),
        axes=("field",), rate_hz=hand.control_rate_hz, recorded=False, device="wire",
    )  # fmt: skip


def feedback_spec(hand: HandConfig) -> StreamSpec:
    """World to driver: float64 ``(4, J)`` = position, velocity, effort, and in the last row

    ``[firmware state, mode, temperature_c, real-time factor, 0...]``. ``device_stamp_ns`` is the
    simulation's own clock.
    """
    return StreamSpec(
        name=f"wire_{hand.side}/feedback", kind="joints", dtype="<f8", shape=(4, hand.spec.size),
        axes=("quantity", "joint"), rate_hz=500.0, recorded=False, device="wire",
    )  # fmt: skip


def scene_spec(rig: Rig, qpos_size: int) -> StreamSpec:
    """World to renderers and the 3-D view: the full MuJoCo ``qpos`` of the scene."""
    return StreamSpec(
        name="world/qpos", kind="pose", dtype="<f8", shape=(qpos_size,), axes=("qpos",),
        rate_hz=120.0, recorded=False, device="world",
    )  # fmt: skip


def pad_contact_spec(rig: Rig) -> StreamSpec:
    """World to tactile renderers: forces per pad, float64 ``(side, pad, fx fy fz cx cy)``.

    Forces in newtons in the pad frame; ``cx, cy`` the centre of pressure in metres.
    """
    pads = max(len(hand.spec.pads) for hand in rig.hands)
    return StreamSpec(
        name="world/pad_contacts", kind="force", dtype="<f8",
        shape=(len(rig.hands), max(pads, 1), 5),
        axes=("hand", "pad", "field"), unit="N, m", rate_hz=100.0, frame="pad", recorded=False,
        device="world",
    )  # fmt: skip


INTENT_FIELDS = 17


def intent_spec(side: str) -> StreamSpec:
    """Window to the simulated exoskeleton: the wearer's 17 joint angles, rad, plus 6 wrist axes."""
    return StreamSpec(
        name=f"{side}/exo_intent", kind="joints", dtype="<f8", shape=(INTENT_FIELDS + 6,),
        axes=("joint",), unit="rad|m", rate_hz=60.0, recorded=False, device="operator",
    )  # fmt: skip


def pull_request_spec() -> StreamSpec:
    """Window to operator process: the mouse's pulls, same layout as ``operator/pulls``.

    One row per pull: ``active, pinned, hand index in the rig, link index (-1 = palm), point on
    the link xyz (m, link frame), target xyz (m, world frame), spare, spare``. The operator
    process merges them with its script and publishes ``operator/pulls``, which the world obeys.
    """
    return StreamSpec(
        name="operator/pull_requests", kind="pulls", dtype="<f8", shape=(MAX_PULLS, PULL_FIELDS),
        axes=("pull", "field"), unit="m", rate_hz=60.0, frame="world", recorded=False,
        device="operator",
    )  # fmt: skip
