"""Pedals and gamepad buttons of actions, from the same action table as keys.

A control is written ``pedal:KEY_B``, ``gamepad:BTN_SOUTH`` or, for a direction of a stick, hat or
trigger, ``gamepad:ABS_X+``. Like a key, it may mean different things in different workspaces.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from app.actions import ActionId, action

CONTROL = re.compile(r"(pedal|gamepad):(KEY|BTN|ABS)_[A-Z0-9_]+[+-]?")


def resolve_bindings(wanted: Mapping[str, str]) -> tuple[dict[ActionId, str], list[str]]:
    """Check the user's bindings.

    Parameters
    ----------
    wanted : mapping of str to str
        Action id to control, from the settings.

    Returns
    -------
    dict of ActionId to str
        Bindings that hold; a control means one thing at a time.
    list of str
        One sentence per binding that was refused.
    """
    held: dict[ActionId, str] = {}
    problems = []
    for name, control in wanted.items():
        fault = binding_fault(name, control)
        others = [] if fault else bound_as_well(ActionId(name), control, held)
        if fault:
            problems.append(f"binding '{control}' for '{name}' {fault}; it is not used")
        elif others:
            problems.append(
                f"binding '{control}' for '{name}' is already used by '{others[0]}'; it is not used"
            )
        else:
            held[ActionId(name)] = control
    return held, problems


def binding_fault(name: str, control: str) -> str:
    """Why ``control`` cannot be bound to the action ``name``; empty when it can."""
    if name not in set(ActionId):
        return "names an unknown action"
    if not CONTROL.fullmatch(control):
        return "is no pedal or gamepad button"
    if not action(ActionId(name)).pedal:
        return "is for an action that needs the keyboard"
    return ""


def bound_as_well(
    action_id: ActionId, control: str, held: Mapping[ActionId, str]
) -> list[ActionId]:
    """Other actions with ``control`` that exist where ``action_id`` exists."""
    place = action(action_id).workspace
    return [
        other
        for other, used in held.items()
        if used == control
        and other != action_id
        and (not place or action(other).workspace in ("", place))
    ]
