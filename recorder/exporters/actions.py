"""What an exported row says the hand was told to do.

=============================  ==================================================================
``sent``                       joints that passed the gate to the hand, at the row's own time
``next_measured``              joints measured one row later
``next_measured_with_force``   the same, followed by one normal force per pad one row later, N
=============================  ==================================================================

In a kinesthetic take the motors give way and ``joints_sent`` only echoes the pose, so ``auto``
takes what was measured one row later there; wherever something was asked of the hand it takes what
was sent. A mixture in one export is refused, because the columns would mean different things.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Literal

import numpy as np

from recorder.exporters.plan import ActionDefinition, ExportError
from recorder.exporters.rows import Column

ACTION_MEANING: dict[ActionDefinition, str] = {
    "sent": "joints sent to the hand at the row's time",
    "next_measured": "joints measured one row later",
    "next_measured_with_force": "joints measured one row later, then one normal force per pad in N",
}


def action_of(
    wanted: ActionDefinition | Literal["auto"], operator_source: str, has_force: bool
) -> ActionDefinition:
    """Return the action definition of one episode; ``wanted`` unless it is ``auto``."""
    if wanted != "auto":
        return wanted
    if operator_source != "kinesthetic":
        return "sent"
    return "next_measured_with_force" if has_force else "next_measured"


def common_action(found: Iterable[tuple[int, str, ActionDefinition]]) -> ActionDefinition:
    """Return the one definition of all episodes.

    Parameters
    ----------
    found : iterable of (int, str, str)
        Episode number, operator source and definition.

    Raises
    ------
    ExportError
        When episodes differ; names the first two that do.
    """
    first: tuple[int, str, ActionDefinition] | None = None
    for number, source, action in found:
        if first is None:
            first = (number, source, action)
        elif action != first[2]:
            raise ExportError(
                f"episode {first[0]} ({first[1]}) would take '{first[2]}' as its action and "
                f"episode {number} ({source}) '{action}'; choose one action for all, or export "
                "one kind of take at a time"
            )
    if first is None:
        raise ExportError("no episode to export")
    return first[2]


def join(name: str, columns: Iterable[Column]) -> Column:
    """Return columns side by side as one; a row is valid where all of them are."""
    parts = list(columns)
    units = "|".join(dict.fromkeys(unit for part in parts for unit in part.unit.split("|")))
    data = np.concatenate([part.data for part in parts], axis=1)
    return Column(
        name=name,
        data=data,
        names=tuple(label for part in parts for label in part.names),
        unit=units,
        shape=(data.shape[1],),
        valid=np.logical_and.reduce([part.valid for part in parts]),
        stamp_ns=np.minimum.reduce([part.stamp_ns for part in parts]),
    )
