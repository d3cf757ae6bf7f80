"""Names of actions and what an entry of the action table holds. Free of Qt."""

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
    PREVIEW_CLEAN = "view.preview_clean"
    SHOW_RECORD = "workspace.record"
    SHOW_REVIEW = "workspace.review"
    SHOW_CLEAN = "workspace.clean"
    CHEAT_SHEET = "help.keys"
    CHANGE_KEYS = "help.change_keys"
    QUIT = "app.quit"

    REVIEW_LIBRARY = "review.library"
    REVIEW_PLAYER = "review.player"
    REVIEW_ADJUDICATE = "review.adjudicate"
    REVIEW_STATISTICS = "review.statistics"
    REVIEW_SEARCH = "review.search"
    REVIEW_NEXT_EPISODE = "review.next_episode"
    REVIEW_PREVIOUS_EPISODE = "review.previous_episode"
    REVIEW_EXPORT = "review.export"
    REVIEW_IMPORT = "review.import"
    REVIEW_REPLAY_ON_HAND = "review.replay_on_hand"

    REVIEW_PLAY = "review.play"
    REVIEW_REVERSE = "review.reverse"
    REVIEW_STEP_BACK = "review.step_back"
    REVIEW_STEP_FORWARD = "review.step_forward"
    REVIEW_BACK_1S = "review.back_1s"
    REVIEW_FORWARD_1S = "review.forward_1s"
    REVIEW_BEGIN = "review.begin"
    REVIEW_END = "review.end"
    REVIEW_SLOWER = "review.slower"
    REVIEW_FASTER = "review.faster"
    REVIEW_SPEED_1 = "review.speed_1"
    REVIEW_LOOP = "review.loop"
    REVIEW_SKIP_IDLE = "review.skip_idle"
    REVIEW_NEXT_CANDIDATE = "review.next_candidate"
    REVIEW_PREVIOUS_CANDIDATE = "review.previous_candidate"
    REVIEW_NEXT_GAP = "review.next_gap"
    REVIEW_ZOOM_IN = "review.zoom_in"
    REVIEW_ZOOM_OUT = "review.zoom_out"
    REVIEW_ZOOM_FIT = "review.zoom_fit"
    REVIEW_NEXT_PICTURE = "review.next_picture"
    REVIEW_COMPARE = "review.compare"
    REVIEW_ALIGN = "review.align"

    REVIEW_ACCEPT = "review.accept"
    REVIEW_SUCCESS = "review.success"
    REVIEW_QUALIFIED = "review.qualified"
    REVIEW_FAILURE = "review.failure"
    REVIEW_CANNOT_JUDGE = "review.cannot_judge"
    REVIEW_QUALITY_1 = "review.quality_1"
    REVIEW_QUALITY_2 = "review.quality_2"
    REVIEW_QUALITY_3 = "review.quality_3"
    REVIEW_QUALITY_4 = "review.quality_4"
    REVIEW_QUALITY_5 = "review.quality_5"
    REVIEW_CHOICE_6 = "review.choice_6"
    REVIEW_CHOICE_7 = "review.choice_7"
    REVIEW_CHOICE_8 = "review.choice_8"
    REVIEW_CHOICE_9 = "review.choice_9"
    REVIEW_MARK_PHASE_END = "review.mark_phase_end"
    REVIEW_CONTACT = "review.contact"
    REVIEW_CONTACT_REJECT = "review.contact_reject"
    REVIEW_CONTACT_BY_HAND = "review.contact_by_hand"
    REVIEW_TRIM_START = "review.trim_start"
    REVIEW_TRIM_STOP = "review.trim_stop"
    REVIEW_TRIM_CLEAR = "review.trim_clear"
    REVIEW_RECOVERY = "review.recovery"
    REVIEW_INSTRUCTION = "review.instruction"
    REVIEW_NOTE = "review.note"
    REVIEW_REJECT = "review.reject"
    REVIEW_UNDO = "review.undo"
    REVIEW_REDO = "review.redo"
    REVIEW_DELETE = "review.delete"
    REVIEW_NUDGE_BACK = "review.nudge_back"
    REVIEW_NUDGE_FORWARD = "review.nudge_forward"
    REVIEW_PICK_A = "review.pick_a"
    REVIEW_PICK_B = "review.pick_b"
    REVIEW_NEXT_DISAGREEMENT = "review.next_disagreement"

    CLEAN_NEXT_EPISODE = "clean.next_episode"
    CLEAN_PREVIOUS_EPISODE = "clean.previous_episode"
    CLEAN_NEXT_CAMERA = "clean.next_camera"
    CLEAN_MARK = "clean.mark"
    CLEAN_BATCH = "clean.batch"
    CLEAN_THIS = "clean.this"
    CLEAN_PAUSE = "clean.pause"
    CLEAN_CANCEL = "clean.cancel"
    CLEAN_ACCEPT = "clean.accept"
    CLEAN_REDO = "clean.redo"
    CLEAN_SAVE_CAMERA = "clean.save_camera"
    CLEAN_SAVE_TASK = "clean.save_task"
    CLEAN_RESET_CHOICES = "clean.reset_choices"
    CLEAN_TAKE_BACK = "clean.take_back"

    CLEAN_PLAY = "clean.play"
    CLEAN_STEP_BACK = "clean.step_back"
    CLEAN_STEP_FORWARD = "clean.step_forward"
    CLEAN_BACK_1S = "clean.back_1s"
    CLEAN_FORWARD_1S = "clean.forward_1s"
    CLEAN_BEGIN = "clean.begin"
    CLEAN_END = "clean.end"
    CLEAN_SLOWER = "clean.slower"
    CLEAN_FASTER = "clean.faster"
    CLEAN_SPEED_1 = "clean.speed_1"
    CLEAN_WIPE = "clean.wipe"
    CLEAN_SIDE = "clean.side"
    CLEAN_ALONE = "clean.alone"
    CLEAN_WIPE_LEFT = "clean.wipe_left"
    CLEAN_WIPE_RIGHT = "clean.wipe_right"
    CLEAN_MASK = "clean.mask"
    CLEAN_LAYERS = "clean.layers"
    CLEAN_FIT = "clean.fit"
    CLEAN_PIXELS_1 = "clean.pixels_1"
    CLEAN_PIXELS_2 = "clean.pixels_2"
    CLEAN_PIXELS_4 = "clean.pixels_4"
    CLEAN_PAN_LEFT = "clean.pan_left"
    CLEAN_PAN_RIGHT = "clean.pan_right"
    CLEAN_PAN_UP = "clean.pan_up"
    CLEAN_PAN_DOWN = "clean.pan_down"

    CLEAN_LOOK = "clean.look"
    CLEAN_STROKE = "clean.stroke"
    CLEAN_OUTLINE = "clean.outline"
    CLEAN_BOX = "clean.box"
    CLEAN_NOBODY = "clean.nobody"
    CLEAN_REMOVE = "clean.remove"
    CLEAN_UNDO = "clean.undo"
    CLEAN_REDO_DRAWING = "clean.redo_drawing"
    CLEAN_NEXT_UNSURE = "clean.next_unsure"
    CLEAN_NEXT_DRAWN = "clean.next_drawn"
    CLEAN_PREVIOUS_DRAWN = "clean.previous_drawn"
    REVIEW_NEXT_PAIR = "review.next_pair"


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
        Whether a pedal or gamepad button may be bound to it.
    workspace : str
        Workspace in which it exists; empty for everywhere.
    """

    id: ActionId
    title: str
    menu: str
    key: str
    hint: str
    pedal: bool = True
    workspace: str = ""
