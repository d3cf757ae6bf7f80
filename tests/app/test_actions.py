"""The action table: one key each, no conflicts, overrides checked."""

from __future__ import annotations

import pytest
from PySide6.QtGui import QKeySequence

from app.actions import (
    ACTIONS,
    MENUS,
    ActionId,
    action,
    clashes,
    key_fault,
    normal_key,
    resolve_keys,
)
from recorder.review.schema import key_conflicts, load_label_schemas


def test_every_action_has_a_key_a_menu_and_a_hint():
    assert {item.id for item in ACTIONS} == set(ActionId)
    for item in ACTIONS:
        assert item.key, item.id
        assert item.menu in MENUS, item.id
        assert item.hint.endswith("."), item.id


def test_no_two_actions_that_exist_together_share_a_key():
    keys = {item.id: item.key for item in ACTIONS}
    for item in ACTIONS:
        assert clashes(item.id, item.key, keys) == [], item.id


def test_a_key_may_mean_one_thing_in_record_and_another_in_review():
    keys, problems = resolve_keys({"take.record": "C"})
    assert problems == []
    assert keys[ActionId.RECORD] == keys[ActionId.REVIEW_CONTACT] == "C"


@pytest.mark.parametrize("name", ["take.record", "review.play"])
def test_a_key_that_works_everywhere_is_free_in_no_workspace(name):
    keys, problems = resolve_keys({name: "F8"})
    assert keys[ActionId(name)] == action(ActionId(name)).key
    assert "hand.hold" in problems[0]


def test_the_second_stop_key_is_not_given_away():
    _, problems = resolve_keys({"review.play": "Pause"})
    assert "'stop'" in problems[0]


@pytest.mark.parametrize("names", [("take.record", "take.stop"), ("take.stop", "take.record")])
def test_two_actions_swap_their_keys_whatever_the_order(names):
    swapped = {"take.record": "S", "take.stop": "R"}
    keys, problems = resolve_keys({name: swapped[name] for name in names})
    assert problems == []
    assert (keys[ActionId.RECORD], keys[ActionId.STOP_TAKE]) == ("S", "R")


def test_a_refused_key_does_not_drag_a_good_one_with_it():
    keys, problems = resolve_keys({"take.record": "S", "take.discard": "M"})
    assert keys[ActionId.RECORD] == "R"
    assert keys[ActionId.DISCARD] == "M"
    assert len(problems) == 1


@pytest.mark.parametrize(
    ("written", "normal"), [("a", "A"), ("Shift+Ctrl+z", "Ctrl+Shift+Z"), ("?", "?")]
)
def test_keys_are_compared_as_qt_writes_them(written, normal):
    assert normal_key(written) == normal
    assert QKeySequence(normal).toString() == normal


def test_every_key_of_the_table_is_one_that_qt_knows():
    for item in ACTIONS:
        assert QKeySequence(item.key).toString() == item.key, item.id
        assert normal_key(item.key) == item.key, item.id
        assert not key_fault(item.id, item.key), item.id


@pytest.mark.parametrize("key", ["Tab", "Esc"])
def test_keys_that_move_the_focus_are_kept_for_it(key):
    _, problems = resolve_keys({"review.play": key})
    assert "focus" in problems[0]


def test_letters_of_the_built_in_label_schemas_are_free_in_review():
    reserved = {item.key for item in ACTIONS if item.workspace in ("", "Review")}
    for schema in load_label_schemas().values():
        assert key_conflicts(schema, reserved) == []


def test_menus_belong_to_one_workspace_or_to_all():
    for name in MENUS:
        assert len({item.workspace for item in ACTIONS if item.menu == name}) == 1, name


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
