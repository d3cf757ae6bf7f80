"""Every action says why it is impossible, and sends exactly one order when it is possible."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from app.actions import ACTIONS, ActionId
from app.controls import Controls, TakePlan
from devices.clock import now_ns
from devices.messages import RecorderStatus, SupervisorStatus
from devices.rig import load_rig


class Recording:
    """Remembers every order sent to it."""

    def __init__(self, status=None) -> None:
        self.status = status
        self.orders: list[tuple] = []

    def __getattr__(self, name: str):
        return lambda *args, **fields: self.orders.append((name, *args, fields))


def hand_status(state: str, authority: str = "none", cause: str = "") -> SupervisorStatus:
    return SupervisorStatus(
        stamp_ns=now_ns(), state=state, authority=authority, epoch=1, cause=cause
    )


def disk_status(state: str = "idle", **fields) -> RecorderStatus:
    return RecorderStatus(stamp_ns=now_ns(), state=state, **fields)


@pytest.fixture
def session():
    return SimpleNamespace(
        supervisor=Recording(hand_status("HOLD")),
        recorder=Recording(disk_status()),
        operator=Recording(),
        sim=Recording(),
        rig=load_rig("sim-xhand"),
    )


@pytest.fixture
def said() -> list[str]:
    return []


@pytest.fixture
def controls(session, said) -> Controls:
    plan = TakePlan("pick_cube", "pick up the cube", "P07")
    return Controls(session, plan, said.append)


def test_every_action_is_either_performed_here_or_by_the_window(controls):
    window_actions = {
        ActionId.PLAY_LAST, ActionId.NEXT_TASK, ActionId.PREVIOUS_TASK, ActionId.RESET_VIEW,
        ActionId.CHEAT_SHEET, ActionId.QUIT, ActionId.AUTOPLAY, ActionId.CHANGE_KEYS,
        ActionId.SHOW_RECORD, ActionId.SHOW_REVIEW, ActionId.SHOW_CLEAN, ActionId.PREVIEW_CLEAN,
    }  # fmt: skip
    window_actions |= {item.id for item in ACTIONS if item.workspace in ("Review", "Clean")}
    window_actions |= {item for item in ActionId if item.value.startswith("exo.")}
    for item in ACTIONS:
        assert controls.handles(item.id) != (item.id in window_actions), item.id


@pytest.mark.parametrize("state", ["OFF", "HOLD", "ACTIVE", "FAULT", "STOPPED"])
def test_stop_is_possible_in_every_state_and_even_without_an_answer(controls, session, state):
    session.supervisor.status = hand_status(state)
    assert controls.perform(ActionId.STOP)
    session.supervisor.status = None
    assert controls.perform(ActionId.STOP)
    assert [order[0] for order in session.supervisor.orders] == ["stop", "stop"]


@pytest.mark.parametrize("state", ["FAULT", "STOPPED"])
def test_a_latched_hand_cannot_be_armed_and_the_cause_is_named(controls, session, said, state):
    session.supervisor.status = hand_status(state, cause="over-temperature 73 C")
    assert not controls.perform(ActionId.ARM_KINESTHETIC)
    assert session.supervisor.orders == []
    assert "over-temperature 73 C" in said[0]
    assert controls.perform(ActionId.RESET)


def test_an_old_status_counts_as_no_answer(controls, session, said):
    session.supervisor.status = session.supervisor.status.model_copy(
        update={"stamp_ns": now_ns() - 3_000_000_000}
    )
    assert not controls.perform(ActionId.ARM_KINESTHETIC)
    assert "does not answer" in said[0]


def test_a_take_carries_task_instruction_operator_and_source(controls, session):
    session.supervisor.status = hand_status("ACTIVE", "kinesthetic")
    assert controls.perform(ActionId.RECORD)
    name, fields = session.recorder.orders[0]
    assert name == "start_take"
    assert fields == {
        "task": "pick_cube",
        "instruction": "pick up the cube",
        "operator_code": "P07",
        "source": "kinesthetic",
        "redo_of": None,
    }


def test_recording_twice_is_refused_and_names_the_episode(controls, session, said):
    session.recorder.status = disk_status("recording", episode=12, last_episode=12)
    assert not controls.perform(ActionId.RECORD)
    assert "12" in said[0]


def test_success_ends_a_running_take_with_its_outcome(controls, session):
    session.recorder.status = disk_status("recording", episode=12, last_episode=12)
    controls.perform(ActionId.SUCCESS)
    assert session.recorder.orders == [("stop_take", "success", {})]


def test_failure_after_the_take_labels_the_last_episode(controls, session):
    session.recorder.status = disk_status(last_episode=4)
    controls.perform(ActionId.FAILURE)
    assert session.recorder.orders == [("set_outcome", 4, "failure", {})]


def test_discard_moves_the_last_take_to_the_trash_and_says_how_to_undo(controls, session, said):
    session.recorder.status = disk_status(last_episode=5)
    controls.perform(ActionId.DISCARD)
    assert session.recorder.orders == [("discard", 5, {})]
    assert "undo" in said[-1]


def test_redo_keeps_the_number(controls, session):
    session.recorder.status = disk_status(last_episode=5)
    controls.perform(ActionId.REDO)
    assert session.recorder.orders[0][1]["redo_of"] == 5


def test_undo_is_possible_only_after_a_discard(controls, session, said):
    assert not controls.perform(ActionId.UNDO_DISCARD)
    session.recorder.status = disk_status(discarded=5)
    assert controls.perform(ActionId.UNDO_DISCARD)


def test_the_world_cannot_be_reset_under_a_moving_hand(controls, session, said):
    session.supervisor.status = hand_status("ACTIVE", "kinesthetic")
    assert not controls.perform(ActionId.RESET_WORLD)
    session.supervisor.status = hand_status("HOLD")
    assert controls.perform(ActionId.RESET_WORLD)
