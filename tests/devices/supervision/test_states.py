"""States, latching, authority epochs and presses."""

from __future__ import annotations

import pytest

from devices.requests import Source
from devices.supervision.states import Refusal, State, StateMachine


def armed() -> StateMachine:
    machine = StateMachine()
    machine.enable("")
    machine.arm(Source.SCRIPTED, 1, "")
    return machine


def test_a_session_begins_off_and_unarmed() -> None:
    machine = StateMachine()
    assert (machine.state, machine.authority, machine.epoch) == (State.OFF, Source.NONE, 0)
    assert isinstance(machine.arm(Source.SCRIPTED, 1, ""), Refusal)
    assert machine.state is State.OFF


def test_enable_then_arm_gives_authority_under_a_new_epoch() -> None:
    machine = armed()
    assert (machine.state, machine.authority, machine.epoch) == (State.ACTIVE, Source.SCRIPTED, 1)


def test_change_of_source_while_active_is_a_new_epoch() -> None:
    machine = armed()
    assert machine.arm(Source.REPLAY, 2, "") is None
    assert (machine.authority, machine.epoch) == (Source.REPLAY, 2)


@pytest.mark.parametrize("press_id", [1, 0, -5])
def test_a_press_counts_once(press_id: int) -> None:
    machine = armed()
    machine.hold("pause")
    refusal = machine.arm(Source.SCRIPTED, press_id, "")
    assert refusal is not None
    assert "not newer" in refusal.reason
    assert machine.state is State.HOLD


def test_a_press_during_a_latched_state_is_used_up() -> None:
    machine = armed()
    machine.stop("STOP")
    machine.arm(Source.SCRIPTED, 5, "")
    machine.reset("")
    assert machine.arm(Source.SCRIPTED, 5, "") is not None
    assert machine.arm(Source.SCRIPTED, 6, "") is None


@pytest.mark.parametrize("latch", ["stop", "fault"])
def test_latched_states_are_left_by_reset_to_hold_only(latch: str) -> None:
    machine = armed()
    getattr(machine, latch)("something")
    state = machine.state
    assert machine.authority is Source.NONE
    assert machine.off() is not None
    assert machine.enable("") is not None
    assert machine.arm(Source.SCRIPTED, 9, "") is not None
    assert not machine.hold("hold")
    assert machine.reset("still hot") == Refusal("reset", "still hot")
    assert machine.state is state
    assert machine.reset("") is None
    assert machine.state is State.HOLD


def test_reset_does_nothing_outside_latched_states() -> None:
    machine = armed()
    assert machine.reset("") is not None
    assert machine.state is State.ACTIVE


def test_fault_overrides_stop_but_stop_does_not_override_fault() -> None:
    machine = armed()
    machine.stop("STOP")
    assert machine.fault("overload")
    assert machine.state is State.FAULT
    assert not machine.stop("STOP")
    assert machine.state is State.FAULT


def test_stop_latches_even_when_off() -> None:
    machine = StateMachine()
    assert machine.stop("STOP")
    assert machine.state is State.STOPPED


def test_a_hand_that_is_off_does_not_fault() -> None:
    machine = StateMachine()
    assert not machine.fault("no feedback yet")
    assert machine.state is State.OFF
