"""How one press on a phase key changes the phases: never two at once, never an empty one.

Pressed at instant ``t`` with label ``L``:

==================================  ==========================================================
at ``t``                            then
==================================  ==========================================================
no phase                            ``L`` runs from ``t`` to the next phase, else to the limit
another phase began before ``t``    it ends at ``t``; ``L`` takes over what was left of it
another phase begins at ``t``       it becomes ``L``
``L`` began before ``t``            it ends at ``t``
``L`` begins at ``t``               it is taken away
``L`` ended at ``t``, none follows  it goes on again
==================================  ==========================================================

The limit is the end of the trim, or of the episode.
"""

from __future__ import annotations

from collections.abc import Callable

from recorder.review.state import Edit, LabelState, Phase

Stored = tuple[str, Phase]


def phase_limit(state: LabelState, time_ns: int, duration_ns: int) -> int:
    """Where a phase that begins at ``time_ns`` ends when nothing else ends it."""
    trim = state.trim
    return trim.stop_ns if trim is not None and time_ns < trim.stop_ns else duration_ns


def phase_at(state: LabelState, time_ns: int) -> Stored | None:
    """Id and phase that contain ``time_ns``."""
    return next(((i, p) for i, p in state.phases.items() if p.contains(time_ns)), None)


def press_phase(
    state: LabelState, label: str, time_ns: int, duration_ns: int, new_id: Callable[[], str]
) -> tuple[tuple[Edit, ...], str]:
    """Edits of one press, and the words for the history.

    Returns
    -------
    tuple of Edit
        Empty when nothing can begin here (the very end of the episode).
    str
        ``from``, ``until``, ``away`` or ``on`` for what happened.
    """
    running = phase_at(state, time_ns)
    if running is None:
        ended = next(
            ((i, p) for i, p in state.phases.items() if p.label == label and p.stop_ns == time_ns),
            None,
        )
        stop_ns = _free_until(state, time_ns, duration_ns)
        if stop_ns <= time_ns:
            return (), ""
        if ended is not None:
            return (_put(ended[0], label, ended[1].start_ns, stop_ns),), "on"
        return (_put(new_id(), label, time_ns, stop_ns),), "from"
    item, phase = running
    if phase.label == label:
        if phase.start_ns == time_ns:
            return (Edit("phases", item, None),), "away"
        return (_put(item, label, phase.start_ns, time_ns),), "until"
    if phase.start_ns == time_ns:
        return (_put(item, label, time_ns, phase.stop_ns),), "from"
    return (
        _put(item, phase.label, phase.start_ns, time_ns),
        _put(new_id(), label, time_ns, phase.stop_ns),
    ), "from"


def end_phase(state: LabelState, time_ns: int) -> tuple[tuple[Edit, ...], str]:
    """Edits that end the phase running at ``time_ns``, and its label; empty when none runs."""
    running = phase_at(state, time_ns)
    if running is None:
        return (), ""
    item, phase = running
    if phase.start_ns == time_ns:
        return (Edit("phases", item, None),), phase.label
    return (_put(item, phase.label, phase.start_ns, time_ns),), phase.label


def move_last_stop(state: LabelState, old_ns: int, new_ns: int) -> tuple[Edit, ...]:
    """Edits that let the last phase go on running to the limit, which moved from old to new."""
    if not state.phases:
        return ()
    item, last = max(state.phases.items(), key=lambda stored: stored[1].start_ns)
    if last.stop_ns != old_ns or new_ns <= last.start_ns or old_ns == new_ns:
        return ()
    return (_put(item, last.label, last.start_ns, new_ns),)


def _free_until(state: LabelState, time_ns: int, duration_ns: int) -> int:
    limit = phase_limit(state, time_ns, duration_ns)
    return min([limit, *(p.start_ns for p in state.phases.values() if p.start_ns > time_ns)])


def _put(item: str, label: str, start_ns: int, stop_ns: int) -> Edit:
    phase = Phase(label=label, start_ns=start_ns, stop_ns=stop_ns)
    return Edit("phases", item, phase.model_dump())
