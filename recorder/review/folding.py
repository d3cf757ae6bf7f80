"""Edits applied to a label state, checked; and label states as JSON.

Ladder: a value that is not of its lane's type, an unknown name, an empty stretch or two phases
that overlap raise ``LabelError`` and change nothing. Labels read back from a journal are checked
for their type only: a schema may have changed since, and what was said stays said.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Annotated, Any, cast

from pydantic import BaseModel, Field, StrictBool, StrictStr, TypeAdapter, ValidationError

from recorder.review.schema import LabelSchema, Term
from recorder.review.state import (
    ITEMS,
    LIST_LANES,
    SCALAR_LANES,
    Change,
    Contact,
    Edit,
    Interval,
    LabelState,
    Lane,
    ListLane,
    Mark,
    Phase,
    Recovery,
    ReviewOutcome,
)

LONGEST_TEXT = 10_000  # characters of a note; a journal line stays one write of few pages
LONGEST_NAME = 128

_Text = Annotated[StrictStr, Field(max_length=LONGEST_TEXT)]
_Name = Annotated[StrictStr, Field(min_length=1, max_length=LONGEST_NAME)]
_SCALARS: dict[str, TypeAdapter[Any]] = {
    "outcome": TypeAdapter(ReviewOutcome),
    "failure_mode": TypeAdapter(_Name),
    "quality": TypeAdapter(Annotated[int, Field(ge=1, le=5, strict=True)]),
    "instruction": TypeAdapter(_Text),
    "note": TypeAdapter(_Text),
    "trim": TypeAdapter(Interval),
    "rejected": TypeAdapter(_Name),
    "views": TypeAdapter(tuple[_Name, ...]),
    "accepted": TypeAdapter(StrictBool),
    "refused": TypeAdapter(tuple[_Name, ...]),
}
_EMPTY: dict[str, Any] = {"views": (), "accepted": False, "refused": ()}


class LabelError(ValueError):
    """A label cannot be set like this; the message is one clear sentence."""


@dataclass(frozen=True)
class EditDone:
    """An edit with what it replaced, as JSON values: what a journal keeps.

    Attributes
    ----------
    lane : str
        Lane that was written.
    item : str or None
        Id within a list lane.
    old, new : JSON value
        None where nothing stood.
    """

    lane: Lane
    item: str | None
    old: Any
    new: Any

    @property
    def inverse(self) -> EditDone:
        """The edit that puts the old value back."""
        return EditDone(self.lane, self.item, self.new, self.old)


def fold(state: LabelState, edits: Iterable[Edit | EditDone]) -> tuple[LabelState, list[EditDone]]:
    """Apply edits in their order.

    Returns
    -------
    LabelState
        The new state; list lanes in the order of their times.
    list of EditDone
        What really changed; edits that change nothing are left out.

    Raises
    ------
    LabelError
        When a value is not of its lane's type, or phases overlap afterwards.
    """
    values: dict[str, Any] = {}
    done: list[EditDone] = []
    for edit in edits:
        lane = edit.lane
        if lane in LIST_LANES:
            items = dict(values.get(lane, getattr(state, lane)))
            record = _put_item(items, cast(ListLane, lane), edit)
            values[lane] = items
        elif lane in SCALAR_LANES:
            if edit.item is not None:
                raise LabelError(f"lane '{lane}' holds one value, item '{edit.item}' has no place")
            old = values.get(lane, getattr(state, lane))
            new = _EMPTY.get(lane) if edit.new is None else _scalar(lane, edit.new)
            values[lane] = new
            record = EditDone(lane, None, _as_json(lane, old), _as_json(lane, new))
        else:
            known = ", ".join((*SCALAR_LANES, *LIST_LANES))
            raise LabelError(f"lane '{lane}' is unknown; lanes: {known}")
        if record.old != record.new:
            done.append(record)
    for lane in set(values) & set(LIST_LANES):
        values[lane] = dict(sorted(values[lane].items(), key=lambda pair: _order(*pair)))
    if "phases" in values:
        _refuse_overlap(values["phases"])
    return replace(state, **values), done


def refuse_unknown(change: Change, schema: LabelSchema) -> None:
    """Check that every name a change sets is one of the schema's.

    Raises
    ------
    LabelError
        Naming the lane, the name and the names the schema knows.
    """
    for edit in change.edits:
        new = edit.new.model_dump() if isinstance(edit.new, BaseModel) else edit.new
        if new is None or new == "":
            continue
        if edit.lane == "failure_mode":
            _refuse(edit.lane, new, schema.failure_modes, schema)
        elif edit.lane == "rejected":
            _refuse(edit.lane, new, schema.reject_reasons, schema)
        elif edit.lane in ("phases", "events") and isinstance(new, Mapping):
            terms = schema.phases if edit.lane == "phases" else schema.events
            _refuse(edit.lane, new.get("label"), terms, schema)
        elif edit.lane == "recoveries" and isinstance(new, Mapping) and new.get("mode"):
            _refuse(edit.lane, new["mode"], schema.failure_modes, schema)


def state_as_json(state: LabelState) -> dict[str, Any]:
    """JSON object of a state, one key per lane; see ``docs/labels-format.md``."""
    scalars = {lane: _as_json(lane, getattr(state, lane)) for lane in SCALAR_LANES}
    lists = {
        lane: {name: item.model_dump(mode="json") for name, item in getattr(state, lane).items()}
        for lane in LIST_LANES
    }
    return {**scalars, **lists}


def state_from_json(raw: Mapping[str, Any]) -> LabelState:
    """The state that ``state_as_json`` wrote.

    Raises
    ------
    LabelError
        When a value is not of its lane's type.
    """
    edits = [Edit(lane, None, raw.get(lane)) for lane in SCALAR_LANES]
    for lane in LIST_LANES:
        edits += [Edit(lane, name, item) for name, item in (raw.get(lane) or {}).items()]
    return fold(LabelState(), edits)[0]


def start_of(item: BaseModel) -> int:
    """Time of an item's first instant, ns after the episode's first sample."""
    if isinstance(item, Mark):
        return item.at_ns
    if isinstance(item, Recovery):
        return item.failure.start_ns
    assert isinstance(item, Interval | Contact)
    return item.start_ns


def _put_item(items: dict[str, Any], lane: ListLane, edit: Edit | EditDone) -> EditDone:
    if not edit.item or len(edit.item) > LONGEST_NAME:
        raise LabelError(f"lane '{lane}' holds items, and an edit of it names one; got none")
    old = items.pop(edit.item, None)
    new = None if edit.new is None else _item(lane, edit.new)
    if new is not None:
        items[edit.item] = new
    return EditDone(
        lane,
        edit.item,
        None if old is None else old.model_dump(mode="json"),
        None if new is None else new.model_dump(mode="json"),
    )


def _item(lane: ListLane, value: Any) -> BaseModel:
    if isinstance(value, BaseModel):
        value = value.model_dump()
    try:
        item = ITEMS[lane].model_validate(value)
    except ValidationError as error:
        raise _label_error(lane, error) from None
    if isinstance(item, Contact) and item.stop_ns is not None and item.stop_ns <= item.start_ns:
        raise LabelError(
            f"contact of '{item.finger}' ends at {item.stop_ns} ns, not after its start "
            f"({item.start_ns} ns); leave the end out or set it later"
        )
    return item


def _scalar(lane: str, value: Any) -> Any:
    try:
        return _SCALARS[lane].validate_python(value)
    except ValidationError as error:
        raise _label_error(lane, error) from None


def _label_error(lane: str, error: ValidationError) -> LabelError:
    first = error.errors()[0]
    where = ".".join(str(part) for part in (lane, *first["loc"]))
    return LabelError(f"label '{where}': {first['msg']}, got {first.get('input')!r}")


def _as_json(lane: str, value: Any) -> Any:
    if value is None or value == _EMPTY.get(lane):
        return None
    return _SCALARS[lane].dump_python(value, mode="json")


def _order(name: str, item: BaseModel) -> tuple[int, str]:
    return start_of(item), name


def _refuse_overlap(phases: Mapping[str, Phase]) -> None:
    ordered = list(phases.values())
    for before, after in zip(ordered, ordered[1:], strict=False):
        if after.start_ns < before.stop_ns:
            raise LabelError(
                f"phase '{after.label}' from {after.start_ns} ns begins before phase "
                f"'{before.label}' ends ({before.stop_ns} ns); phases may touch, not overlap"
            )


def _refuse(lane: str, name: Any, terms: Iterable[Term], schema: LabelSchema) -> None:
    known = [term.name for term in terms]
    if name not in known:
        raise LabelError(
            f"{lane}: '{name}' is not in the label schema of task '{schema.task}' "
            f"(version {schema.version}); it knows {', '.join(known) or 'none'}"
        )
