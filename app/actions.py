"""Every action of the window, once: title, keys, menu place and what a pedal may bind to.

Buttons, menus, shortcuts, the cheat sheet, pedals and gamepads all read this table. The same key
may mean different things in different workspaces. A test loops over the table, so an action without a
key or a handler cannot ship.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping

from app.action_ids import Action, ActionId
from app.clean_actions import CLEAN_ACTIONS
from app.review_actions import REVIEW_ACTIONS

__all__ = [
    "ACTIONS",
    "MENUS",
    "REPEATING",
    "STOP_KEYS",
    "Action",
    "ActionId",
    "action",
    "clashes",
    "key_fault",
    "normal_key",
    "resolve_keys",
]

RECORD = "Record"

ACTIONS: tuple[Action, ...] = (
    Action(ActionId.STOP, "STOP", "Hand", "F12", "Stop the hand now and latch. Not an emergency stop."),
    Action(ActionId.ENABLE, "Enable hand", "Hand", "F5", "Torque on, hold at the measured pose."),
    Action(ActionId.OFF, "Torque off", "Hand", "Ctrl+F5", "Let go: the motors have no torque until the hand is enabled again."),
    Action(ActionId.ARM_KINESTHETIC, "Teach by touch", "Hand", "F6", "Make the hand back-drivable and pull its links."),
    Action(ActionId.ARM_EXOSKELETON, "Teach by exoskeleton", "Hand", "F7", "Let the exoskeleton move the hand."),
    Action(ActionId.HOLD, "Hold", "Hand", "F8", "Hold at the measured pose; nobody moves the hand."),
    Action(ActionId.RESET, "Reset after STOP", "Hand", "F9", "Leave STOPPED or FAULT for HOLD, when the cause is gone."),
    Action(ActionId.RECORD, "Record", "Take", "R", "Begin a take; the last second before the press is kept.", workspace=RECORD),
    Action(ActionId.STOP_TAKE, "Stop take", "Take", "S", "End the take; it is verified while the next one may begin.", workspace=RECORD),
    Action(ActionId.SUCCESS, "Success", "Take", "Y", "Mark the take a success; ends it when it still runs.", workspace=RECORD),
    Action(ActionId.FAILURE, "Failure", "Take", "N", "Mark the take a failure; ends it when it still runs.", workspace=RECORD),
    Action(ActionId.DISCARD, "Discard", "Take", "X", "Press twice: move the take to the trash.", workspace=RECORD),
    Action(ActionId.UNDO_DISCARD, "Undo discard", "Take", "U", "Bring the last discarded take back.", workspace=RECORD),
    Action(ActionId.REDO, "Redo", "Take", "D", "Record again under the same episode number.", workspace=RECORD),
    Action(ActionId.PLAY_LAST, "Play last take", "Take", "P", "Show the last take again.", workspace=RECORD),
    Action(ActionId.AUTOPLAY, "Play every take once it is verified", "Take", "A", "Show each take by itself after it, while the hand is not moving.", pedal=False, workspace=RECORD),
    Action(ActionId.REPLAY_LAST, "Replay last take on the hand", "Take", "Shift+P", "The hand repeats the last take, eased in from where it is.", workspace=RECORD),
    Action(ActionId.NEXT_TASK, "Next task", "Take", "]", "Choose the next task of the list.", workspace=RECORD),
    Action(ActionId.PREVIOUS_TASK, "Previous task", "Take", "[", "Choose the previous task of the list.", workspace=RECORD),
    Action(ActionId.SYNERGY_OPEN, "Open", "Exoskeleton", "1", "Move the exoskeleton to the open hand.", workspace=RECORD),
    Action(ActionId.SYNERGY_POWER, "Power grasp", "Exoskeleton", "2", "Move the exoskeleton to a fist.", workspace=RECORD),
    Action(ActionId.SYNERGY_PINCH, "Pinch", "Exoskeleton", "3", "Move thumb and index together.", workspace=RECORD),
    Action(ActionId.SYNERGY_TRIPOD, "Tripod", "Exoskeleton", "4", "Move thumb, index and middle together.", workspace=RECORD),
    Action(ActionId.SYNERGY_SPREAD, "Spread", "Exoskeleton", "5", "Spread the fingers.", workspace=RECORD),
    Action(ActionId.SCRIPT, "Run scripted operator", "Demo", "F4", "A scripted operator performs the task in the armed mode.", workspace=RECORD),
    Action(ActionId.RESET_WORLD, "Reset world", "Demo", "Ctrl+W", "Put the hand and the objects back.", workspace=RECORD),
    Action(ActionId.TOGGLE_OPERATOR, "Show operator's hand", "View", "O", "Show or hide the simulated operator's hand in the images.", workspace=RECORD),
    Action(ActionId.RESET_VIEW, "Reset 3-D view", "View", "V", "Look at the hand from the front again.", workspace=RECORD),
    Action(ActionId.PREVIEW_CLEAN, "Preview without operator", "View", "Ctrl+P", "Show the running pictures with the operator taken out; recording is not changed.", workspace=RECORD),
    Action(ActionId.SHOW_RECORD, "Record", "Workspace", "Ctrl+1", "Show the live hand; nothing that runs is stopped by leaving it."),
    Action(ActionId.SHOW_REVIEW, "Review", "Workspace", "Ctrl+2", "Show the library, the player and the labels; a running take goes on."),
    Action(ActionId.SHOW_CLEAN, "Clean", "Workspace", "Ctrl+3", "Show recorded pictures without the operator; a running take goes on."),
    *REVIEW_ACTIONS,
    *CLEAN_ACTIONS,
    Action(ActionId.CHEAT_SHEET, "Keys", "Help", "?", "Show every key.", pedal=False),
    Action(ActionId.CHANGE_KEYS, "Change keys...", "Help", "Ctrl+K", "Give actions other keys, pedals or gamepad buttons.", pedal=False),
    Action(ActionId.QUIT, "Quit", "File", "Ctrl+Q", "Finish the running take, make the hand safe and leave.", pedal=False),
)  # fmt: skip

STOP_KEYS = ("F12", "F11", "F10", "Pause")
NAMED_KEYS = (
    *(f"F{number}" for number in range(1, 25)),
    "Space", "Return", "Enter", "Backspace", "Del", "Ins", "Home", "End", "PgUp", "PgDown", "Left",
    "Right", "Up", "Down", "Tab", "Esc", "Pause",
)  # fmt: skip
FOCUS_KEYS = ("Tab", "Esc")
REPEATING = frozenset(
    {
        ActionId.NEXT_TASK, ActionId.PREVIOUS_TASK, ActionId.REVIEW_STEP_BACK,
        ActionId.REVIEW_STEP_FORWARD, ActionId.REVIEW_BACK_1S, ActionId.REVIEW_FORWARD_1S,
        ActionId.REVIEW_SLOWER, ActionId.REVIEW_FASTER, ActionId.REVIEW_ZOOM_IN,
        ActionId.REVIEW_ZOOM_OUT, ActionId.REVIEW_NUDGE_BACK, ActionId.REVIEW_NUDGE_FORWARD,
        ActionId.CLEAN_STEP_BACK, ActionId.CLEAN_STEP_FORWARD, ActionId.CLEAN_BACK_1S,
        ActionId.CLEAN_FORWARD_1S, ActionId.CLEAN_SLOWER, ActionId.CLEAN_FASTER,
        ActionId.CLEAN_WIPE_LEFT, ActionId.CLEAN_WIPE_RIGHT, ActionId.CLEAN_PAN_LEFT,
        ActionId.CLEAN_PAN_RIGHT, ActionId.CLEAN_PAN_UP, ActionId.CLEAN_PAN_DOWN,
    }
)  # fmt: skip
MENUS: tuple[str, ...] = (
    "File", "Hand", "Take", "Exoskeleton", "Demo", "View", "Library", "Play", "Label", "Clean",
    "Pictures", "Show", "Draw", "Workspace", "Help",
)  # fmt: skip
MODIFIERS = ("Meta", "Ctrl", "Alt", "Shift")  # in the order of Qt's portable text


def action(action_id: ActionId) -> Action:
    """Look an action up by its id."""
    for item in ACTIONS:
        if item.id == action_id:
            return item
    raise KeyError(action_id)


def resolve_keys(overrides: Mapping[str, str]) -> tuple[dict[ActionId, str], list[str]]:
    """Combine default keys with the user's.

    Parameters
    ----------
    overrides : mapping of str to str
        Action id to key, from the settings. Their order does not matter, so two actions may swap.

    Returns
    -------
    dict of ActionId to str
        Key of every action; different wherever two actions exist at the same time.
    list of str
        One sentence per override that was refused (unknown action or key already taken).
    """
    keys = {item.id: item.key for item in ACTIONS}
    own: dict[ActionId, str] = {}
    problems = []
    for name, wanted in overrides.items():
        if name not in set(ActionId):
            problems.append(f"key setting for unknown action '{name}' ignored")
            continue
        key = normal_key(wanted)
        fault = key_fault(ActionId(name), key)
        if fault:
            problems.append(f"key '{wanted}' for '{name}' {fault}; default kept")
        elif key != keys[ActionId(name)]:
            own[ActionId(name)] = key
    while clash := _first_clash(keys | own, own):
        mine, other = clash
        key = own.pop(mine)
        problems.append(f"key '{key}' for '{mine}' is already used by '{other}'; default kept")
    return keys | own, problems


def _first_clash(
    keys: Mapping[ActionId, str], own: Collection[ActionId]
) -> tuple[ActionId, ActionId] | None:
    """The user's first key that another action has as well, and that action."""
    for mine in reversed(list(own)):
        others = clashes(mine, keys[mine], keys)
        if others:
            return mine, others[0]
    return None


def clashes(action_id: ActionId, key: str, keys: Mapping[ActionId, str]) -> list[ActionId]:
    """Actions that have ``key`` where ``action_id`` exists too."""
    if key == "Pause" and action_id is not ActionId.STOP:
        return [ActionId.STOP]
    place = _WORKSPACE[action_id]
    return [
        other
        for other, used in keys.items()
        if used == key and other != action_id and _meet(place, _WORKSPACE[other])
    ]


def _meet(first: str, second: str) -> bool:
    return not first or not second or first == second


def normal_key(key: str) -> str:
    """``key`` as Qt writes it: modifiers in one order, letters in capitals."""
    if len(key) == 1:
        return key.upper()
    *modifiers, last = key.split("+")
    if set(modifiers) - set(MODIFIERS):
        return key
    shown = [name for name in MODIFIERS if name in modifiers]
    return "+".join([*shown, last.upper() if len(last) == 1 else last])


def key_fault(action_id: ActionId, key: str) -> str:
    """Why ``key`` cannot be the key of an action; empty when it can."""
    if action_id is ActionId.STOP:
        if key not in STOP_KEYS:
            return f"is not one the STOP listener hears ({', '.join(STOP_KEYS)})"
        return ""
    *modifiers, last = key.split("+") if len(key) > 1 else [key]
    known = len(last) == 1 or last in NAMED_KEYS
    if not last or not known or set(modifiers) - set(MODIFIERS):
        return "is not a key"
    if last in FOCUS_KEYS:
        return "is kept for moving the focus and for leaving fields"
    return ""


_WORKSPACE = {item.id: item.workspace for item in ACTIONS}
