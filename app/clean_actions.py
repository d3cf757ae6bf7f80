# ruff: noqa: E501
"""The part of the action table that belongs to the Clean workspace."""

from __future__ import annotations

from app.action_ids import Action, ActionId

CLEAN = "Clean"


def _action(
    action_id: ActionId, title: str, menu: str, key: str, hint: str, *, pedal: bool = True
) -> Action:
    return Action(action_id, title, menu, key, hint, pedal, CLEAN)


CLEAN_ACTIONS: tuple[Action, ...] = (
    _action(ActionId.CLEAN_NEXT_EPISODE, "Next episode", "Clean", "Down", "Show the next episode of the list."),
    _action(ActionId.CLEAN_PREVIOUS_EPISODE, "Previous episode", "Clean", "Up", "Show the episode before this one."),
    _action(ActionId.CLEAN_NEXT_CAMERA, "Next camera", "Clean", "C", "Show the next camera of the dataset."),
    _action(ActionId.CLEAN_MARK, "Mark episode", "Clean", "T", "Mark the episode for the next batch, or take the mark away."),
    _action(ActionId.CLEAN_BATCH, "Clean marked or all", "Clean", "Ctrl+B", "Clean the marked episodes, or all of them; what is finished is passed over."),
    _action(ActionId.CLEAN_THIS, "Clean this episode", "Clean", "Ctrl+Return", "Clean the shown episode with what was drawn and chosen."),
    _action(ActionId.CLEAN_PAUSE, "Pause or go on", "Clean", "P", "Let the batch wait between two pictures, or go on."),
    _action(ActionId.CLEAN_CANCEL, "Cancel the batch", "Clean", "Shift+X", "End the batch; finished episodes are kept."),
    _action(ActionId.CLEAN_ACCEPT, "Accept, next", "Clean", "Return", "The cleaned pictures are good; show the next episode."),
    _action(ActionId.CLEAN_REDO, "Redo", "Clean", "R", "The cleaned pictures are not good: clean the episode again."),
    _action(ActionId.CLEAN_TAKE_BACK, "Take verdict back", "Clean", "U", "Take the last verdict back: accepted or sent back by mistake."),
    _action(ActionId.CLEAN_SAVE_CAMERA, "Save for this camera", "Clean", "Ctrl+S", "Use these choices for this camera in every task.", pedal=False),
    _action(ActionId.CLEAN_SAVE_TASK, "Save for this task", "Clean", "Ctrl+Shift+S", "Use these choices for this camera in this task only.", pedal=False),
    _action(ActionId.CLEAN_RESET_CHOICES, "Reset choices", "Clean", "Ctrl+Backspace", "Back to the saved choices; pressed again, forget those saved for the task, then for the camera.", pedal=False),
    _action(ActionId.CLEAN_PLAY, "Play or pause", "Pictures", "Space", "Play from here, or stop playing."),
    _action(ActionId.CLEAN_STEP_BACK, "Step back", "Pictures", "Left", "Go to the picture before this one."),
    _action(ActionId.CLEAN_STEP_FORWARD, "Step forward", "Pictures", "Right", "Go to the next picture."),
    _action(ActionId.CLEAN_BACK_1S, "Back 1 s", "Pictures", "Shift+Left", "Go back one second."),
    _action(ActionId.CLEAN_FORWARD_1S, "Forward 1 s", "Pictures", "Shift+Right", "Go forward one second."),
    _action(ActionId.CLEAN_BEGIN, "Beginning", "Pictures", "Home", "Go to the first picture."),
    _action(ActionId.CLEAN_END, "End", "Pictures", "End", "Go to the last picture."),
    _action(ActionId.CLEAN_SLOWER, "Slower", "Pictures", "-", "Play slower, down to 0.1 times."),
    _action(ActionId.CLEAN_FASTER, "Faster", "Pictures", "=", "Play faster, up to 8 times."),
    _action(ActionId.CLEAN_SPEED_1, "Real speed", "Pictures", "0", "Play as fast as it was recorded."),
    _action(ActionId.CLEAN_WIPE, "Wipe", "Show", "W", "Before on the left, after on the right of one picture."),
    _action(ActionId.CLEAN_SIDE, "Side by side", "Show", "S", "Before and after beside each other."),
    _action(ActionId.CLEAN_ALONE, "Cleaned alone", "Show", "A", "The cleaned picture only."),
    _action(ActionId.CLEAN_WIPE_LEFT, "Wipe to the left", "Show", "[", "Show more of after."),
    _action(ActionId.CLEAN_WIPE_RIGHT, "Wipe to the right", "Show", "]", "Show more of before."),
    _action(ActionId.CLEAN_MASK, "Mask", "Show", "M", "Show or hide where the operator was found, and what is filled."),
    _action(ActionId.CLEAN_LAYERS, "Layers", "Show", "L", "Show or hide where every filled pixel came from."),
    _action(ActionId.CLEAN_FIT, "Whole picture", "Show", "F", "Fit the picture into its place."),
    _action(ActionId.CLEAN_PIXELS_1, "1:1", "Show", "1", "One pixel of the screen for every pixel of the picture."),
    _action(ActionId.CLEAN_PIXELS_2, "2:1", "Show", "2", "Every pixel of the picture as a square of two."),
    _action(ActionId.CLEAN_PIXELS_4, "4:1", "Show", "4", "Every pixel of the picture as a square of four."),
    _action(ActionId.CLEAN_PAN_LEFT, "Look further left", "Show", "Ctrl+Left", "Move the magnified picture."),
    _action(ActionId.CLEAN_PAN_RIGHT, "Look further right", "Show", "Ctrl+Right", "Move the magnified picture."),
    _action(ActionId.CLEAN_PAN_UP, "Look further up", "Show", "Ctrl+Up", "Move the magnified picture."),
    _action(ActionId.CLEAN_PAN_DOWN, "Look further down", "Show", "Ctrl+Down", "Move the magnified picture."),
    _action(ActionId.CLEAN_LOOK, "Look", "Draw", "V", "Dragging moves the wipe.", pedal=False),
    _action(ActionId.CLEAN_STROKE, "Strokes", "Draw", "D", "Drag on the operator; with the right button or Shift, on what is not the operator.", pedal=False),
    _action(ActionId.CLEAN_OUTLINE, "Outline", "Draw", "O", "Click around the operator; right click or double click closes.", pedal=False),
    _action(ActionId.CLEAN_BOX, "Box", "Draw", "B", "Drag a rectangle that holds the operator.", pedal=False),
    _action(ActionId.CLEAN_NOBODY, "Nobody here", "Draw", "K", "The operator is not in this picture."),
    _action(ActionId.CLEAN_REMOVE, "Remove drawing", "Draw", "Del", "Forget what was drawn on this picture."),
    _action(ActionId.CLEAN_UNDO, "Undo", "Draw", "Ctrl+Z", "Take the last stroke back."),
    _action(ActionId.CLEAN_REDO_DRAWING, "Redo stroke", "Draw", "Ctrl+Shift+Z", "Draw again what was taken back."),
    _action(ActionId.CLEAN_NEXT_UNSURE, "Next unsure picture", "Draw", "G", "Go to the next picture that is worth drawing on."),
    _action(ActionId.CLEAN_NEXT_DRAWN, "Next drawn picture", "Draw", ".", "Go to the next picture that was drawn on."),
    _action(ActionId.CLEAN_PREVIOUS_DRAWN, "Previous drawn picture", "Draw", ",", "Go to the drawn picture before this one."),
)  # fmt: skip
