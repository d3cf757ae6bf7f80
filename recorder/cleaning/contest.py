"""Contest: several answers to what is hidden, weighted by how wrong each is likely to be.

What is seen round the hole tells: an answer that is given for pixels that are seen, too, is
compared with them, and its error there is taken as its error nearby. What was seen in the same
place a little before and after tells, too: a plate that is unlike both shows what stood there at
other times. To that comes what is known of its kind: something followed for long gets less sure.

The likely error is ``exp(cost)`` with ``cost = constant + a log(1 + error round about) + b log(1 +
pictures away) + r (c log(1 + change since the place was seen) + d)``, where ``r`` falls from 1 to 0
with the time since then. Answers are averaged with weights ``exp(-SHARPNESS cost)``. The numbers
were fitted to the truth of moved masks on a recorded clip and on rendered takes; fitted to only one
of the two they lose 0.15 dB on the other.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from recorder.cleaning.layers import Layer
from recorder.cleaning.motion import spread

SHARPNESS = 1.5
STOOD, STOOD_PX = 0.65, 2.0  # what was not moved ages so much less
MOST_ERROR = 80.0  # grey levels; more is as bad
UNTRIED = 10.0  # error of an answer nothing of which can be compared
RECENT = 12.0  # pictures; what is this much older counts for a third
LEAST = 0.03  # weight; less is left out


@dataclass(frozen=True)
class Kind:
    """How the error of a kind of answer grows; see the formula above."""

    constant: float
    error: float
    age: float
    change: float
    recent: float


KINDS = {
    Layer.PLATE: Kind(0.15, 0.7, 0.0, 0.5, 0.35),
    Layer.FLOW: Kind(-0.4, 0.5, 0.8, 0.5, -0.25),
    Layer.RESIDUE: Kind(1.85, 0.0, 0.0, 0.65, -0.1),
}


@dataclass(frozen=True)
class Answer:
    """One answer for the blocks of a box.

    Attributes
    ----------
    layer : Layer
        Its kind.
    found : (h, w) bool array
        Where it says anything.
    colour : (h, w, 3) float32 array
        In the light of the plate, where there is one.
    age : (h, w) float32 array or float
        Pictures away.
    way_px : (h, w) float32 array or float
        How far it was followed; what stood still all the time is surer.
    """

    layer: Layer
    found: NDArray[np.bool_]
    colour: NDArray[np.float32]
    age: NDArray[np.float32] | float = 0.0
    way_px: NDArray[np.float32] | float = 0.0


@dataclass(frozen=True)
class Seen:
    """What a place showed at another time.

    Attributes
    ----------
    colour : (h, w, 3) float32 array
    age : (h, w) float32 array
        Pictures between; 0 where it was not seen.
    """

    colour: NDArray[np.float32]
    age: NDArray[np.float32]


def weigh(
    answers: list[Answer],
    picture: NDArray[np.float32],
    hidden: NDArray[np.bool_],
    elsewhen: list[Seen],
) -> NDArray[np.float32]:
    """Weights of the answers ``(answers, h, w)``, 1 in all wherever there is any.

    Parameters
    ----------
    answers : list of Answer
    picture : (h, w, 3) float32 array
        What is seen, in the light of the answers.
    hidden : (h, w) bool array
    elsewhen : list of Seen
        The same places before and after; empty for a camera that moves.
    """
    costs = np.empty((len(answers), *hidden.shape), np.float32)
    for at, answer in enumerate(answers):
        kind, cost = KINDS[answer.layer], costs[at]
        cost[...] = kind.constant
        if kind.error:
            cost += kind.error * np.log1p(_error(answer, picture, hidden))
        if elsewhen:
            change, recent = _change(answer, elsewhen)
            cost += recent * (kind.change * change + kind.recent)
        if kind.age:
            still = STOOD * np.exp(-np.asarray(answer.way_px) / STOOD_PX)
            cost += kind.age * np.log1p(answer.age) * (1 - still)
        cost[~answer.found] = np.inf
    least = costs.min(axis=0)
    costs -= np.where(np.isfinite(least), least, 0)
    weights = np.exp(-SHARPNESS * costs)
    weights /= np.maximum(weights.sum(axis=0), 1e-9)
    weights[weights < LEAST] = 0
    weights /= np.maximum(weights.sum(axis=0), 1e-9)
    return weights


def _error(
    answer: Answer, picture: NDArray[np.float32], hidden: NDArray[np.bool_]
) -> NDArray[np.float32]:
    compared = answer.found & ~hidden
    if not compared.any():
        return np.full(hidden.shape, UNTRIED, np.float32)
    apart = np.where(compared, _apart(answer.colour, picture), 0)
    return np.maximum(spread(apart[..., None], compared.astype(np.float32))[..., 0], 0)


def _change(
    answer: Answer, elsewhen: list[Seen]
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Log of how unlike what was seen here before and after, and how recent that is, 0 to 1."""
    total = np.zeros(answer.found.shape, np.float32)
    apart = np.zeros_like(total)
    for seen in elsewhen:
        weight = np.where(seen.age > 0, np.exp(-seen.age / RECENT), 0).astype(np.float32)
        total += weight
        apart += weight * _apart(answer.colour, seen.colour)
    apart /= np.maximum(total, 1e-6)
    return np.log1p(apart), np.sqrt(np.minimum(total, 1))


def _apart(one: NDArray[np.float32], other: NDArray[np.float32]) -> NDArray[np.float32]:
    apart = cv2.absdiff(one, other)
    largest = np.maximum(np.maximum(apart[..., 0], apart[..., 1]), apart[..., 2])
    return np.minimum(largest, MOST_ERROR)
