"""Two reviewers' labels of one episode side by side: where they differ, and picking one side.

The adjudicator works in a store of its own (``ADJUDICATOR``); both originals stay as they are.
Items are paired one to one: phases of one label by their temporal overlap (tIoU, intersection
over union, at least 0.5), then those left of one label; instants and contacts by their distance in
time.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal, cast

from pydantic import BaseModel

from recorder.review.folding import start_of
from recorder.review.journal import ADJUDICATOR
from recorder.review.state import (
    LIST_LANES,
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
    ScalarLane,
)

TOLERANCE_NS = 100_000_000  # 100 ms: boundary tolerance of the study's contact matching
SAME_TIOU = 0.5  # the customary threshold of segment F1@50
NEARBY = 10  # tolerances within which two instants are one that was set differently
COMPARED_SCALARS: tuple[ScalarLane, ...] = (
    "outcome",
    "failure_mode",
    "quality",
    "rejected",
    "trim",
    "instruction",
)
COMPARED: tuple[Lane, ...] = (*COMPARED_SCALARS, *LIST_LANES)
Side = Literal["a", "b"]
_Pair = tuple[str | None, str | None]


__all__ = [
    "ADJUDICATOR",
    "COMPARED",
    "TOLERANCE_NS",
    "Disagreement",
    "Side",
    "agreed",
    "disagreements",
    "pick",
    "tiou",
]


@dataclass(frozen=True)
class Disagreement:
    """One thing on which two reviewers differ.

    Attributes
    ----------
    lane : str
        Where.
    at_ns : int
        Where to look, ns after the episode's first sample; 0 for the whole episode.
    a, b : value of the lane, or item
        What each says; None when it says nothing.
    item_a, item_b : str or None
        Ids of the items in a list lane.
    reason : str
        How they differ, in words.
    """

    lane: Lane
    at_ns: int
    a: Any
    b: Any
    item_a: str | None = None
    item_b: str | None = None
    reason: str = ""


def tiou(a: Interval, b: Interval) -> float:
    """Temporal intersection over union of two half-open intervals, 0 to 1."""
    shared = min(a.stop_ns, b.stop_ns) - max(a.start_ns, b.start_ns)
    if shared <= 0:
        return 0.0
    return shared / (a.stop_ns - a.start_ns + b.stop_ns - b.start_ns - shared)


def disagreements(
    a: LabelState, b: LabelState, tolerance_ns: int = TOLERANCE_NS
) -> tuple[Disagreement, ...]:
    """Where two states differ, by time; what concerns the whole episode comes first.

    Something said against nothing said is a difference. Note, views, refused
    candidates and accepted are each reviewer's own and not compared.

    Parameters
    ----------
    tolerance_ns : int
        Boundaries and instants this far apart, or less, are the same.
    """
    found = [*_scalar_differences(a, b, tolerance_ns)]
    for lane in LIST_LANES:
        for pair in _pairs(lane, getattr(a, lane), getattr(b, lane), tolerance_ns):
            difference = _item_difference(lane, a, b, pair, tolerance_ns)
            if difference is not None:
                found.append(difference)
    return tuple(sorted(found, key=lambda each: (each.at_ns, COMPARED.index(each.lane))))


def agreed(a: LabelState, b: LabelState, tolerance_ns: int = TOLERANCE_NS) -> Change:
    """The change that puts everything both agree on into an empty state, in ``a``'s words."""
    differing = disagreements(a, b, tolerance_ns)
    lanes = {each.lane for each in differing}
    edits: list[Edit] = []
    for lane in COMPARED_SCALARS:
        if lane not in lanes and getattr(a, lane) is not None:
            edits.append(Edit(lane, None, _plain(getattr(a, lane))))
    for list_lane in LIST_LANES:
        disputed = {each.item_a for each in differing if each.lane == list_lane}
        for item, value in getattr(a, list_lane).items():
            if item not in disputed:
                edits.append(Edit(list_lane, item, _plain(value)))
    return Change("what both agree on", tuple(edits))


def pick(
    target: LabelState,
    disagreement: Disagreement,
    side: Side,
    said: LabelState | None = None,
) -> Change:
    """The change that copies one side into the adjudicator's state, in place of the other's.

    No label comes out that nobody gave. Phases of ``target`` that overlap a picked one give way
    whole: for what the same reviewer said of them where both agree within ``TOLERANCE_NS``, else
    they are taken away and their disagreement is open again.

    Parameters
    ----------
    target : LabelState
        The adjudicator's state.
    side : {"a", "b"}
        Whose value.
    said : LabelState or None
        Everything this side said of the episode.
    """
    lane = disagreement.lane
    value = disagreement.a if side == "a" else disagreement.b
    title = f"{lane} as {side.upper()}"
    if lane not in LIST_LANES:
        return Change(title, (Edit(lane, None, _plain(value)),))
    chosen, other = disagreement.item_a, disagreement.item_b
    if side == "b":
        chosen, other = other, chosen
    items: Mapping[str, BaseModel] = getattr(target, lane)
    edits = []
    if other is not None and other != chosen and other in items:
        edits.append(Edit(lane, other, None))
    if chosen is not None:
        if lane == "phases":
            rest = {
                name: phase for name, phase in target.phases.items() if name not in (chosen, other)
            }
            edits += _giving_way(rest, cast(Phase, value), said or LabelState())
        edits.append(Edit(lane, chosen, _plain(value)))
    return Change(title, tuple(edits))


def _scalar_differences(a: LabelState, b: LabelState, tolerance_ns: int) -> Iterator[Disagreement]:
    for lane in COMPARED_SCALARS:
        one, two = getattr(a, lane), getattr(b, lane)
        if lane == "instruction":
            one, two = one or None, two or None
        if one == two:
            continue
        at_ns = 0
        if isinstance(one, Interval) and isinstance(two, Interval):
            differing = _boundaries_apart(one, two, tolerance_ns)
            if not differing:
                continue
            at_ns = differing[0]
        yield Disagreement(lane, at_ns, one, two, reason=f"{_said(one)} against {_said(two)}")


def _item_difference(
    lane: ListLane, a: LabelState, b: LabelState, pair: _Pair, tolerance_ns: int
) -> Disagreement | None:
    id_a, id_b = pair
    one = None if id_a is None else getattr(a, lane)[id_a]
    two = None if id_b is None else getattr(b, lane)[id_b]
    if one is None or two is None:
        side = "A" if two is None else "B"
        at_ns = min(start_of(item) for item in (one, two) if item is not None)
        return Disagreement(lane, at_ns, one, two, id_a, id_b, f"only {side} has it")
    reason, at_ns = _difference(one, two, tolerance_ns)
    return Disagreement(lane, at_ns, one, two, id_a, id_b, reason) if reason else None


def _difference(one: Any, two: Any, tolerance_ns: int) -> tuple[str, int]:
    """How two paired items differ and where; empty when they are the same."""
    if isinstance(one, Recovery):
        apart = [
            *_boundaries_apart(one.failure, two.failure, tolerance_ns),
            *_boundaries_apart(one.recovery, two.recovery, tolerance_ns),
        ]
        name_a, name_b = one.mode, two.mode
    elif isinstance(one, Mark):
        apart = [min(one.at_ns, two.at_ns)] if abs(one.at_ns - two.at_ns) > tolerance_ns else []
        name_a, name_b = one.label, two.label
    elif isinstance(one, Contact):
        apart = _boundaries_apart(one, two, tolerance_ns)
        name_a, name_b = one.finger, two.finger
    else:
        apart = _boundaries_apart(one, two, tolerance_ns)
        name_a, name_b = one.label, two.label
    if name_a != name_b:
        return f"{_said(name_a)} against {_said(name_b)}", min(start_of(one), start_of(two))
    if apart:
        return f"boundaries more than {tolerance_ns / 1e6:g} ms apart", apart[0]
    return "", 0


def _boundaries_apart(
    one: Interval | Contact, two: Interval | Contact, tolerance_ns: int
) -> list[int]:
    """Earlier instant of each boundary that differs; one open end against a set one differs."""
    apart = []
    for first, second in ((one.start_ns, two.start_ns), (one.stop_ns, two.stop_ns)):
        if first is None or second is None:
            if first != second:
                apart.append(first if first is not None else second)
        elif abs(first - second) > tolerance_ns:
            apart.append(min(first, second))
    return apart


def _pairs(
    lane: ListLane, a: Mapping[str, Any], b: Mapping[str, Any], tolerance_ns: int
) -> list[_Pair]:
    """Every item of both sides once: with its partner, or with None."""
    if lane in ("phases", "recoveries"):
        extent: Callable[[Any], Interval] = (
            (lambda item: item) if lane == "phases" else (lambda item: item.failure)
        )
        scores = {(i, j): tiou(extent(a[i]), extent(b[j])) for i in a for j in b}
        close = {pair: score for pair, score in scores.items() if score >= SAME_TIOU}
    else:
        scores = {(i, j): -float(abs(start_of(a[i]) - start_of(b[j]))) for i in a for j in b}
        close = {
            (i, j): score
            for (i, j), score in scores.items()
            if -score <= NEARBY * tolerance_ns and _name(a[i]) == _name(b[j])
        }
    alike = [pair for pair in close if _name(a[pair[0]]) == _name(b[pair[1]])]
    unlike = [pair for pair in close if pair not in set(alike)]
    pairs: list[_Pair] = []
    left_a, left_b = dict.fromkeys(a), dict.fromkeys(b)
    for group in (alike, _further_apart(a, b) if lane == "phases" else [], unlike):
        for i, j in sorted(group, key=lambda pair: (-scores[pair], *_starts(a, b, pair), pair)):
            if i in left_a and j in left_b:
                pairs.append((i, j))
                del left_a[i], left_b[j]
    return [*pairs, *((i, None) for i in left_a), *((None, j) for j in left_b)]


def _starts(a: Mapping[str, Any], b: Mapping[str, Any], pair: tuple[str, str]) -> tuple[int, int]:
    """How far the starts of a pair are apart, and the first one's; to put pairs in order."""
    one, two = start_of(a[pair[0]]), start_of(b[pair[1]])
    return abs(one - two), one


def _further_apart(a: Mapping[str, Phase], b: Mapping[str, Phase]) -> list[tuple[str, str]]:
    """Phases of one label that are one phase said differently.

    They overlap somewhat, or each side has as many of that label.
    """
    count_a = Counter(phase.label for phase in a.values())
    count_b = Counter(phase.label for phase in b.values())
    return [
        (i, j)
        for i in a
        for j in b
        if (label := a[i].label) == b[j].label
        and (count_a[label] == count_b[label] or tiou(a[i], b[j]) > 0.0)
    ]


def _giving_way(phases: Mapping[str, Phase], picked: Phase, said: LabelState) -> list[Edit]:
    """Edits of the phases that cannot stand beside ``picked``, nor beside what they became."""
    standing, placed = dict(phases), [picked]
    edits: list[Edit] = []
    while placed:
        new = placed.pop()
        for item in [item for item, phase in standing.items() if tiou(phase, new) > 0.0]:
            phase = standing.pop(item)
            same = [
                each
                for each in said.phases.values()
                if not _difference(phase, each, TOLERANCE_NS)[0]
            ]
            words = same[0] if same and tiou(same[0], new) == 0.0 else None
            edits.append(Edit("phases", item, _plain(words)))
            placed += [words] if words is not None else []
    return edits


def _name(item: Any) -> str:
    if isinstance(item, Contact):
        return item.finger
    return item.mode if isinstance(item, Recovery) else item.label


def _plain(value: Any) -> Any:
    return value.model_dump(mode="json") if isinstance(value, BaseModel) else value


def _said(value: Any) -> str:
    if value is None or value == "":
        return "nothing"
    if isinstance(value, Interval):
        return f"{value.start_ns / 1e9:.2f} to {value.stop_ns / 1e9:.2f} s"
    return str(value)
