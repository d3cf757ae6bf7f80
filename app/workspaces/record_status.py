"""What the newest status messages mean to the Record workspace."""

from __future__ import annotations

from devices.clock import NS_PER_S
from devices.messages import RecorderStatus, SupervisorStatus
from devices.rig import Rig
from widgets.episode_state import EpisodeState

STATUS_LIMIT_S = 2.0
LATCHED = ("STOPPED", "FAULT")
SILENT_S = 1.0  # a hand without feedback for this long is named with its reason


def fresh(status, at_ns: int):
    """The status, or None when it is older than two seconds."""
    if status is None or (at_ns - status.stamp_ns) / NS_PER_S > STATUS_LIMIT_S:
        return None
    return status


def cause_in_words(hand: SupervisorStatus, rig: Rig) -> str:
    """Why the hand is latched, held or silent when nobody asked for it; else empty."""
    if hand.state in LATCHED or (hand.cause and hand.cause_by == "program"):
        return hand.cause
    silent = [
        f"{config.side} hand: {hand.hand_detail.get(config.side, 'no answer')}"
        for config in rig.hands
        if hand.feedback_age_s.get(config.side, SILENT_S) >= SILENT_S
    ]
    return "; ".join(silent)


def episode_state(disk: RecorderStatus | None, last_episode: int | None) -> EpisodeState:
    """The recorder's status as the episode bar shows it."""
    if disk is None:
        return EpisodeState()
    return EpisodeState(
        recorder=disk.state,
        episode=disk.episode,
        next_episode=disk.next_episode,
        elapsed_s=disk.elapsed_s,
        outcome=disk.outcome,
        last_episode=last_episode,
        discarded=disk.discarded,
        finalising=len(disk.finalising),
        blocked=disk.message if disk.state == "error" else "",
    )
