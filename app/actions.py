"""Every action of the window, once: title, keys, menu place and what a pedal may bind to.

Buttons, menus, shortcuts, the cheat sheet and (later) pedals all read this table. A test loops over
it, so an action without a key or a handler cannot ship.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class ActionId(StrEnum):
    """Stable names of actions; key overrides and pedal bindings refer to them."""

    STOP = "stop"
    ENABLE = "hand.enable"
    OFF = "hand.off"
    ARM_KINESTHETIC = "hand.arm_kinesthetic"
    ARM_EXOSKELETON = "hand.arm_exoskeleton"
    HOLD = "hand.hold"
    RESET = "hand.reset"
    RECORD = "take.record"
    STOP_TAKE = "take.stop"
    SUCCESS = "take.success"
    FAILURE = "take.failure"
    DISCARD = "take.discard"
    UNDO_DISCARD = "take.undo_discard"
    REDO = "take.redo"
    PLAY_LAST = "take.play"
    AUTOPLAY = "take.autoplay"
    REPLAY_LAST = "take.replay"
    NEXT_TASK = "task.next"
    PREVIOUS_TASK = "task.previous"
    SYNERGY_OPEN = "exo.open"
    SYNERGY_POWER = "exo.power"
    SYNERGY_PINCH = "exo.pinch"
    SYNERGY_TRIPOD = "exo.tripod"
    SYNERGY_SPREAD = "exo.spread"
    SCRIPT = "demo.script"
    RESET_WORLD = "demo.reset_world"
    TOGGLE_OPERATOR = "view.operator"
    RESET_VIEW = "view.reset"
    CHEAT_SHEET = "help.keys"
    QUIT = "app.quit"


@dataclass(frozen=True, slots=True)
class Action:
    """One thing the user can do.

    Attributes
    ----------
    id : ActionId
        Stable name.
    title : str
        What the menu says.
    menu : str
        Menu it stands in.
    key : str
        Default shortcut in Qt's portable text form.
    hint : str
        One sentence for the tooltip.
    pedal : bool
        Whether a pedal may be bound to it.
    """

    id: ActionId
    title: str
    menu: str
    key: str
    hint: str
    pedal: bool = True


ACTIONS: tuple[Action, ...] = (
    Action(ActionId.STOP, "STOP", "Hand", "F12", "Stop the hand now and latch. Not an emergency stop."),
    Action(ActionId.ENABLE, "Enable hand", "Hand", "F5", "Torque on, hold at the measured pose."),
    Action(ActionId.OFF, "Torque off", "Hand", "Ctrl+F5", "Let go: the motors have no torque until the hand is enabled again."),
    Action(ActionId.ARM_KINESTHETIC, "Teach by touch", "Hand", "F6", "Make the hand back-drivable and pull its links."),
    Action(ActionId.ARM_EXOSKELETON, "Teach by exoskeleton", "Hand", "F7", "Let the exoskeleton move the hand."),
    Action(ActionId.HOLD, "Hold", "Hand", "F8", "Hold at the measured pose; nobody moves the hand."),
    Action(ActionId.RESET, "Reset after STOP", "Hand", "F9", "Leave STOPPED or FAULT for HOLD, when the cause is gone."),
    Action(ActionId.RECORD, "Record", "Take", "R", "Begin a take; the last second before the press is kept."),
    Action(ActionId.STOP_TAKE, "Stop take", "Take", "S", "End the take; it is verified while the next one may begin."),
    Action(ActionId.SUCCESS, "Success", "Take", "Y", "Mark the take a success; ends it when it still runs."),
    Action(ActionId.FAILURE, "Failure", "Take", "N", "Mark the take a failure; ends it when it still runs."),
    Action(ActionId.DISCARD, "Discard", "Take", "X", "Press twice: move the take to the trash."),
    Action(ActionId.UNDO_DISCARD, "Undo discard", "Take", "U", "Bring the last discarded take back."),
    Action(ActionId.REDO, "Redo", "Take", "D", "Record again under the same episode number."),
    Action(ActionId.PLAY_LAST, "Play last take", "Take", "P", "Show the last take again."),
    Action(ActionId.AUTOPLAY, "Play every take once it is verified", "Take", "A", "Show each take by itself after it, while the hand is not moving.", pedal=False),
    Action(ActionId.REPLAY_LAST, "Replay last take on the hand", "Take", "Shift+P", "The hand repeats the last take, eased in from where it is."),
    Action(ActionId.NEXT_TASK, "Next task", "Take", "]", "Choose the next task of the list."),
    Action(ActionId.PREVIOUS_TASK, "Previous task", "Take", "[", "Choose the previous task of the list."),
    Action(ActionId.SYNERGY_OPEN, "Open", "Exoskeleton", "1", "Move the exoskeleton to the open hand."),
    Action(ActionId.SYNERGY_POWER, "Power grasp", "Exoskeleton", "2", "Move the exoskeleton to a fist."),
    Action(ActionId.SYNERGY_PINCH, "Pinch", "Exoskeleton", "3", "Move thumb and index together."),
    Action(ActionId.SYNERGY_TRIPOD, "Tripod", "Exoskeleton", "4", "Move thumb, index and middle together."),
    Action(ActionId.SYNERGY_SPREAD, "Spread", "Exoskeleton", "5", "Spread the fingers."),
    Action(ActionId.SCRIPT, "Run scripted operator", "Demo", "F4", "A scripted operator performs the task in the armed mode."),
    Action(ActionId.RESET_WORLD, "Reset world", "Demo", "Ctrl+W", "Put the hand and the objects back."),
    Action(ActionId.TOGGLE_OPERATOR, "Show operator's hand", "View", "O", "Show or hide the simulated operator's hand in the images."),
    Action(ActionId.RESET_VIEW, "Reset 3-D view", "View", "V", "Look at the hand from the front again."),
    Action(ActionId.CHEAT_SHEET, "Keys", "Help", "?", "Show every key.", pedal=False),
    Action(ActionId.QUIT, "Quit", "File", "Ctrl+Q", "Finish the running take, make the hand safe and leave.", pedal=False),
)  # fmt: skip

STOP_KEYS = ("F12", "F11", "F10", "Pause")
NAMED_KEYS = (
    *(f"F{number}" for number in range(1, 25)),
    "Space", "Return", "Enter", "Backspace", "Del", "Ins", "Home", "End", "PgUp", "PgDown", "Left",
    "Right", "Up", "Down", "Tab", "Esc", "Pause",
)  # fmt: skip
MENUS: tuple[str, ...] = ("File", "Hand", "Take", "Exoskeleton", "Demo", "View", "Help")


def action(action_id: ActionId) -> Action:
    """Look an action up by its id."""
    for item in ACTIONS:
        if item.id == action_id:
            return item
    raise KeyError(action_id)


def resolve_keys(overrides: dict[str, str]) -> tuple[dict[ActionId, str], list[str]]:
    """Combine default keys with the user's.

    Parameters
    ----------
    overrides : dict of str to str
        Action id to key, from the settings.

    Returns
    -------
    dict of ActionId to str
        Key of every action; all different.
    list of str
        One sentence per override that was refused (unknown action or key already taken).
    """
    keys = {item.id: item.key for item in ACTIONS}
    problems = []
    for name, key in overrides.items():
        if name not in set(ActionId):
            problems.append(f"key setting for unknown action '{name}' ignored")
            continue
        fault = _key_fault(ActionId(name), key)
        if fault:
            problems.append(f"key '{key}' for '{name}' {fault}; default kept")
            continue
        taken = [other for other, used in keys.items() if used == key and other != name]
        if taken:
            problems.append(
                f"key '{key}' for '{name}' is already used by '{taken[0]}'; default kept"
            )
            continue
        keys[ActionId(name)] = key
    return keys, problems


def _key_fault(action_id: ActionId, key: str) -> str:
    """Why ``key`` cannot be the key of an action; empty when it can."""
    if action_id is ActionId.STOP:
        if key not in STOP_KEYS:
            return f"is not one the STOP listener hears ({', '.join(STOP_KEYS)})"
        return ""
    *modifiers, last = key.split("+") if len(key) > 1 else [key]
    known = len(last) == 1 or last in NAMED_KEYS
    if not last or not known or set(modifiers) - {"Ctrl", "Alt", "Shift", "Meta"}:
        return "is not a key"
    return ""
