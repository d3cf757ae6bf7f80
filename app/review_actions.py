# ruff: noqa: E501
"""The part of the action table that belongs to the Review workspace.

The letters A, S, D, F, W and E are left free: phases and events of the label schema use them.
"""

from __future__ import annotations

from app.action_ids import Action, ActionId

REVIEW = "Review"


def _action(
    action_id: ActionId, title: str, menu: str, key: str, hint: str, *, pedal: bool = True
) -> Action:
    return Action(action_id, title, menu, key, hint, pedal, REVIEW)


REVIEW_ACTIONS: tuple[Action, ...] = (
    _action(ActionId.REVIEW_LIBRARY, "Library", "Library", "Alt+1", "Search, filter and choose episodes."),
    _action(ActionId.REVIEW_PLAYER, "Player", "Library", "Alt+2", "Play and label the chosen episode."),
    _action(ActionId.REVIEW_ADJUDICATE, "Adjudicate", "Library", "Alt+3", "Settle what two reviewers said differently."),
    _action(ActionId.REVIEW_STATISTICS, "Statistics", "Library", "Alt+4", "Counts, lengths, outcomes, agreement."),
    _action(ActionId.REVIEW_SEARCH, "Search", "Library", "/", "Type into the library's search field.", pedal=False),
    _action(ActionId.REVIEW_NEXT_EPISODE, "Next episode", "Library", "Down", "Open the next episode of the queue, as it is."),
    _action(ActionId.REVIEW_PREVIOUS_EPISODE, "Previous episode", "Library", "Up", "Open the episode before this one."),
    _action(ActionId.REVIEW_EXPORT, "Export...", "Library", "Ctrl+E", "Write episodes in a format that training code reads.", pedal=False),
    _action(ActionId.REVIEW_IMPORT, "Import...", "Library", "Ctrl+I", "Bring a foreign dataset into the library.", pedal=False),
    _action(ActionId.REVIEW_REPLAY_ON_HAND, "Replay on the hand...", "Library", "Shift+P", "The connected hand repeats this episode through the gate.", pedal=False),
    _action(ActionId.REVIEW_PLAY, "Play or pause", "Play", "Space", "Play from here, or stop playing."),
    _action(ActionId.REVIEW_REVERSE, "Play backwards", "Play", "B", "Turn the direction of play."),
    _action(ActionId.REVIEW_STEP_BACK, "Step back", "Play", "Left", "Go to the recorded frame before this one."),
    _action(ActionId.REVIEW_STEP_FORWARD, "Step forward", "Play", "Right", "Go to the next recorded frame."),
    _action(ActionId.REVIEW_BACK_1S, "Back 1 s", "Play", "Shift+Left", "Go back one second."),
    _action(ActionId.REVIEW_FORWARD_1S, "Forward 1 s", "Play", "Shift+Right", "Go forward one second."),
    _action(ActionId.REVIEW_BEGIN, "Beginning", "Play", "Home", "Go to the first sample."),
    _action(ActionId.REVIEW_END, "End", "Play", "End", "Go to the last sample."),
    _action(ActionId.REVIEW_SLOWER, "Slower", "Play", "-", "Play slower, down to 0.1 times."),
    _action(ActionId.REVIEW_FASTER, "Faster", "Play", "=", "Play faster, up to 8 times."),
    _action(ActionId.REVIEW_SPEED_1, "Real speed", "Play", "0", "Play as fast as it was recorded."),
    _action(ActionId.REVIEW_LOOP, "Loop", "Play", "L", "Repeat the zoomed range, or the phase at this time."),
    _action(ActionId.REVIEW_SKIP_IDLE, "Skip idle", "Play", "I", "Leave out the parts in which nothing moves."),
    _action(ActionId.REVIEW_NEXT_CANDIDATE, "Next candidate", "Play", ".", "Go to the next proposed contact or boundary."),
    _action(ActionId.REVIEW_PREVIOUS_CANDIDATE, "Previous candidate", "Play", ",", "Go to the proposed contact or boundary before."),
    _action(ActionId.REVIEW_NEXT_GAP, "Next gap", "Play", "G", "Go to the next place where samples are missing."),
    _action(ActionId.REVIEW_ZOOM_IN, "Zoom in", "Play", "Ctrl+=", "Spread the timeline around this time."),
    _action(ActionId.REVIEW_ZOOM_OUT, "Zoom out", "Play", "Ctrl+-", "Show more of the timeline."),
    _action(ActionId.REVIEW_ZOOM_FIT, "Whole episode", "Play", "Ctrl+0", "Show the whole timeline."),
    _action(ActionId.REVIEW_NEXT_PICTURE, "Next picture", "Play", "`", "Make the next camera the large picture."),
    _action(ActionId.REVIEW_COMPARE, "Compare", "Play", "P", "Show the other marked episode beside this one."),
    _action(ActionId.REVIEW_ALIGN, "Line up at a phase", "Play", "Ctrl+P", "Both compared episodes from where the next phase begins that both have."),
    _action(ActionId.REVIEW_ACCEPT, "Accept, next", "Label", "Return", "Keep the labels as they are and open the next episode."),
    _action(ActionId.REVIEW_SUCCESS, "Success", "Label", "Y", "The task was done."),
    _action(ActionId.REVIEW_QUALIFIED, "Qualified success", "Label", "Q", "Done, but not as one would teach it."),
    _action(ActionId.REVIEW_FAILURE, "Failure", "Label", "N", "Not done; a digit then names the way it failed."),
    _action(ActionId.REVIEW_CANNOT_JUDGE, "Cannot judge", "Label", "J", "The recording does not show it."),
    *(
        _action(ActionId(f"review.quality_{digit}"), f"Quality {digit}", "Label", str(digit), f"Quality {digit} of 5, or entry {digit} of an open list.")
        for digit in range(1, 6)
    ),
    *(
        _action(ActionId(f"review.choice_{digit}"), f"Choice {digit}", "Label", str(digit), f"Entry {digit} of an open list.", pedal=False)
        for digit in range(6, 10)
    ),
    _action(ActionId.REVIEW_MARK_PHASE_END, "End phase here", "Label", "H", "The phase that runs ends at this time."),
    _action(ActionId.REVIEW_CONTACT, "Confirm contact", "Label", "C", "Confirm the nearest proposed contact."),
    _action(ActionId.REVIEW_CONTACT_REJECT, "Refuse contact", "Label", "Shift+C", "The nearest proposed contact is none."),
    _action(ActionId.REVIEW_CONTACT_BY_HAND, "Contact by hand", "Label", "M", "A contact of your own begins, or ends, here; a digit then names the finger."),
    _action(ActionId.REVIEW_TRIM_START, "Trim start", "Label", "[", "What lies before this time is left out of exports."),
    _action(ActionId.REVIEW_TRIM_STOP, "Trim end", "Label", "]", "What lies after this time is left out of exports."),
    _action(ActionId.REVIEW_TRIM_CLEAR, "Clear trim", "Label", "\\", "Use the whole episode again."),
    _action(ActionId.REVIEW_RECOVERY, "Failure and recovery", "Label", "R", "Press where it fails, where the recovery begins and where it ends."),
    _action(ActionId.REVIEW_INSTRUCTION, "Instruction", "Label", "T", "Choose the instruction text by a digit, or type one.", pedal=False),
    _action(ActionId.REVIEW_NOTE, "Note", "Label", "O", "Write a free note.", pedal=False),
    _action(ActionId.REVIEW_REJECT, "Reject", "Label", "K", "Leave the episode out; a digit then gives the reason."),
    _action(ActionId.REVIEW_UNDO, "Undo", "Label", "Ctrl+Z", "Take the last edit back."),
    _action(ActionId.REVIEW_REDO, "Redo", "Label", "Ctrl+Shift+Z", "Do the edit again that was taken back."),
    _action(ActionId.REVIEW_DELETE, "Delete item", "Label", "Del", "Remove the selected phase, event or contact."),
    _action(ActionId.REVIEW_NUDGE_BACK, "Boundary back", "Label", "Ctrl+Left", "Move the selected or last boundary one frame back."),
    _action(ActionId.REVIEW_NUDGE_FORWARD, "Boundary forward", "Label", "Ctrl+Right", "Move the selected or last boundary one frame forward."),
    _action(ActionId.REVIEW_PICK_A, "Take the first reviewer's", "Label", "Z", "Settle as the first reviewer said; take what another station said."),
    _action(ActionId.REVIEW_PICK_B, "Take the second reviewer's", "Label", "X", "Settle as the second reviewer said; or put yours over another station's."),
    _action(ActionId.REVIEW_NEXT_DISAGREEMENT, "Next disagreement", "Label", "V", "Go to the next place where reviewers differ."),
    _action(ActionId.REVIEW_NEXT_PAIR, "Next pair of reviewers", "Label", "U", "Compare the next two, where three or more finished an episode."),
)  # fmt: skip
