"""The action table: one key each, no conflicts, overrides checked."""

from __future__ import annotations

import pytest

from app.actions import ACTIONS, MENUS, ActionId, action, resolve_keys


def test_every_action_has_a_key_a_menu_and_a_hint():
    assert {item.id for item in ACTIONS} == set(ActionId)
    for item in ACTIONS:
        assert item.key, item.id
        assert item.menu in MENUS, item.id
        assert item.hint.endswith("."), item.id


def test_no_two_actions_share_a_key():
    keys = [item.key for item in ACTIONS]
    assert len(set(keys)) == len(keys)


def test_every_take_action_can_be_bound_to_a_pedal():
    switches = {ActionId.AUTOPLAY}
    teaching = [item for item in ACTIONS if item.menu in ("Take", "Hand")]
    assert {item.id for item in teaching if not item.pedal} == switches


def test_an_override_changes_one_key():
    keys, problems = resolve_keys({"take.record": "F2"})
    assert keys[ActionId.RECORD] == "F2"
    assert keys[ActionId.STOP_TAKE] == action(ActionId.STOP_TAKE).key
    assert problems == []


def test_an_override_that_takes_another_actions_key_is_refused():
    keys, problems = resolve_keys({"take.record": "S"})
    assert keys[ActionId.RECORD] == "R"
    assert "'S'" in problems[0]
    assert "take.stop" in problems[0]


def test_an_override_of_an_unknown_action_is_reported():
    _, problems = resolve_keys({"take.dance": "F2"})
    assert "take.dance" in problems[0]


@pytest.mark.parametrize("key", ["", "Ctrl+Shift+Foo", "Hyper+A", "Ctrl+"])
def test_an_override_that_is_no_key_is_refused(key):
    keys, problems = resolve_keys({"take.record": key})
    assert keys[ActionId.RECORD] == "R"
    assert "is not a key" in problems[0]


def test_stop_accepts_only_keys_its_listener_hears():
    keys, problems = resolve_keys({"stop": "K"})
    assert keys[ActionId.STOP] == "F12"
    assert "Pause" in problems[0]
    assert resolve_keys({"stop": "Pause"})[0][ActionId.STOP] == "Pause"
