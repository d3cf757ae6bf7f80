"""Moving a boundary: everything that shares the instant moves together, and nothing overlaps."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from recorder.review.state import LIST_LANES, Edit, LabelState


def boundaries_ns(state: LabelState) -> list[int]:
    """Every instant at which a phase, event, contact, recovery or the trim begins or ends."""
    found = {stretch[edge] for stretch in _stretches(state) for edge in ("start_ns", "stop_ns")}
    return sorted(
        {time_ns for time_ns in found if time_ns is not None}
        | {mark.at_ns for mark in state.events.values()}
    )


def move_boundary(
    state: LabelState, old_ns: int, new_ns: int, duration_ns: int
) -> tuple[tuple[Edit, ...], int]:
    """Move everything at ``old_ns`` as far towards ``new_ns`` as there is room.

    Every interval keeps at least one nanosecond, phases may touch and never overlap, and nothing
    leaves the episode.

    Returns
    -------
    tuple of Edit
        Empty when there is no room at all.
    int
        Where the boundary is then, ns.
    """
    low, high = _room(state, old_ns, duration_ns)
    new_ns = max(low, min(high, new_ns))
    if new_ns == old_ns:
        return (), old_ns
    return tuple(_moved(state, old_ns, new_ns)), new_ns


def _room(state: LabelState, old_ns: int, duration_ns: int) -> tuple[int, int]:
    low, high = 0, duration_ns
    for stretch in _stretches(state):
        start_ns, stop_ns = stretch["start_ns"], stretch["stop_ns"]
        if stop_ns is None:
            continue
        if start_ns == old_ns:
            high = min(high, stop_ns - 1)
        elif stop_ns == old_ns:
            low = max(low, start_ns + 1)
    edges = [edge for p in state.phases.values() for edge in (p.start_ns, p.stop_ns)]
    if old_ns in edges:
        low = max([low, *(edge for edge in edges if edge < old_ns)])
        high = min([high, *(edge for edge in edges if edge > old_ns)])
    for pair in state.recoveries.values():
        if pair.failure.stop_ns == old_ns != pair.recovery.start_ns:
            high = min(high, pair.recovery.start_ns)
        elif pair.recovery.start_ns == old_ns != pair.failure.stop_ns:
            low = max(low, pair.failure.stop_ns)
    return low, high


def _stretches(state: LabelState) -> Iterator[dict[str, Any]]:
    for stored in (state.phases, state.contacts):
        for item in stored.values():
            yield {"start_ns": item.start_ns, "stop_ns": item.stop_ns}
    for pair in state.recoveries.values():
        yield pair.failure.model_dump()
        yield pair.recovery.model_dump()
    if state.trim is not None:
        yield state.trim.model_dump()


def _moved(state: LabelState, old_ns: int, new_ns: int) -> Iterator[Edit]:
    for lane in LIST_LANES:
        for item, value in getattr(state, lane).items():
            before = value.model_dump()
            after = _replaced(before, old_ns, new_ns)
            if after != before:
                yield Edit(lane, item, after)
    if state.trim is not None:
        before = state.trim.model_dump()
        after = _replaced(before, old_ns, new_ns)
        if after != before:
            yield Edit("trim", None, after)


def _replaced(value: Any, old_ns: int, new_ns: int) -> Any:
    if not isinstance(value, dict):
        return value
    return {
        name: new_ns if name.endswith("_ns") and part == old_ns else _replaced(part, old_ns, new_ns)
        for name, part in value.items()
    }
