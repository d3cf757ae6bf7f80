"""Likely: plate, flow from both sides and a guess from round about, mixed by a contest.

Which of them is right is told for blocks of four pixels (``recorder.cleaning.contest``); the pixels
are then taken from the full pictures.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from recorder.cleaning.contest import Answer, Seen, weigh
from recorder.cleaning.flow_layer import FADE, SIDES, FlowLayer, blocks_of, to_pixels
from recorder.cleaning.layers import Layer
from recorder.cleaning.plate import Plate
from recorder.cleaning.residue import bounds
from recorder.cleaning.sources import Followed
from recorder.cleaning.views import GRID, View, Views

SURROUNDINGS = 8  # blocks round the hole that are compared
GUESS_RADIUS = 3  # blocks
AGREES = 10.0  # grey levels; two answers this far apart are different things
LAST = 1e-3  # weight of the guess: where no other answer reaches


@dataclass(frozen=True)
class Mixed:
    """A filled box of a picture.

    Attributes
    ----------
    part : tuple of slices
        The box.
    colour : (h, w, 3) uint8 array
        Valid in the hole.
    layers : (h, w) uint8 array
        The ``Layer`` that weighed most.
    """

    part: tuple[slice, slice]
    colour: NDArray[np.uint8]
    layers: NDArray[np.uint8]


class Likely:
    """Fills what is not known for certain.

    Parameters
    ----------
    views : Views
    flow : FlowLayer or None
    plate : Plate or None
        None for a camera that moves.
    """

    def __init__(self, views: Views, flow: FlowLayer | None, plate: Plate | None) -> None:
        self._views, self._flow, self._plate = views, flow, plate

    def fill(self, index: int, image: NDArray[np.uint8], hole: NDArray[np.bool_]) -> Mixed:
        """Mix of all answers in ``hole`` of picture ``index``."""
        top, bottom, left, right = bounds(hole)
        part = (slice(top, bottom), slice(left, right))
        view = self._views(index)
        box = blocks_of(part, view.hidden.shape, SURROUNDINGS)
        hidden, picture = view.hidden[box], view.small[box]
        answers: list[Answer] = []
        if self._plate is not None and self._views.plate is not None:
            known = np.asarray(self._views.known)
            answers.append(Answer(Layer.PLATE, known[box], self._views.plate[box]))
        followed: list[Followed] = []
        elsewhen: list[Seen] = []
        for side in SIDES if self._flow is not None else ():
            assert self._flow is not None
            one = self._flow.followed(index, side)
            followed.append(one)
            ages = self._flow.ages(index, one)[box]
            shift = one.shift[box]
            way_px = GRID * cv2.magnitude(shift[..., 0], shift[..., 1])
            answers.append(Answer(Layer.FLOW, ages > 0, self._flow.blocks(one)[box], ages, way_px))
            if self._plate is not None:
                still = self._flow.still(index, side)
                ages = self._flow.ages(index, still)[box]
                elsewhen.append(Seen(self._flow.blocks(still)[box], ages))
        lost = hidden.copy()
        for answer in answers:
            if answer.layer == Layer.FLOW:
                lost &= ~answer.found
        guess = guessed(carried(picture, hidden, answers), lost)
        wanted = np.ones_like(hidden) if self._plate is not None else lost  # flow beats a guess
        answers.append(Answer(Layer.RESIDUE, wanted, guess))
        weights = weigh(answers, picture, hidden, elsewhen)
        share_of_flow(weights, answers, lost)
        share_of_plate(weights, answers)
        return self._mixed(index, image, hole, part, box, answers, weights, followed, guess, view)

    def _mixed(
        self,
        index: int,
        image: NDArray[np.uint8],
        hole: NDArray[np.bool_],
        part: tuple[slice, slice],
        box: tuple[slice, slice],
        answers: list[Answer],
        weights: NDArray[np.float32],
        followed: list[Followed],
        guess: NDArray[np.float32],
        view: View,
    ) -> Mixed:
        inside = hole[part]
        total = np.full(inside.shape, 1e-9, np.float32)
        colour = np.zeros((*inside.shape, 3), np.float32)
        best, layers = np.zeros(inside.shape, np.float32), np.zeros(inside.shape, np.uint8)
        paths = iter(followed)
        for answer, weight in zip(answers, weights, strict=True):
            share = to_pixels(weight, part, cv2.INTER_LINEAR, box)
            where = inside & (share > 0)
            if answer.layer == Layer.PLATE:
                assert self._plate is not None
                asked = np.zeros_like(hole)
                asked[part] = where
                made, filled = self._plate.fill(index, image, asked)
                value, where = made[part], filled[part]
            elif answer.layer == Layer.FLOW:
                assert self._flow is not None
                value, where = self._flow.colours(index, next(paths), part, where)
            else:
                lit = view.gain.apply(guess)
                value, where = to_pixels(lit, part, cv2.INTER_LINEAR, box), inside
                share = np.maximum(share, LAST)
            share = np.where(where, share, 0)
            colour += share[..., None] * value
            total += share
            more = share > best
            best[more], layers[more] = share[more], answer.layer
        colour /= total[..., None]
        return Mixed(part, np.clip(np.rint(colour), 0, 255).astype(np.uint8), layers)


def carried(
    picture: NDArray[np.float32], hidden: NDArray[np.bool_], answers: list[Answer]
) -> NDArray[np.float32]:
    """``picture`` with what flow found in ``hidden``, the nearer in time the more."""
    total = np.zeros(hidden.shape, np.float32)
    colour = np.zeros_like(picture)
    for answer in answers:
        if answer.layer == Layer.FLOW:
            age = np.asarray(answer.age, np.float32)
            weight = np.where(answer.found & hidden, np.exp(-age / FADE), np.float32(0))
            colour += weight[..., None] * answer.colour
            total += weight
    return np.where((total > 0)[..., None], colour / np.maximum(total, 1e-9)[..., None], picture)


def share_of_flow(
    weights: NDArray[np.float32], answers: list[Answer], lost: NDArray[np.bool_]
) -> None:
    """Give the weight of the guess to flow wherever the guess was made of flow."""
    sides = [at for at, answer in enumerate(answers) if answer.layer == Layer.FLOW]
    shares = [
        np.where(answers[at].found, np.exp(-np.asarray(answers[at].age) / FADE), 0) for at in sides
    ]
    given = np.where(lost, 0, weights[-1])
    whole = np.maximum(sum(shares), 1e-9)
    for at, share in zip(sides, shares, strict=True):
        weights[at] += given * share / whole
    if sides:
        weights[-1] -= given


def share_of_plate(weights: NDArray[np.float32], answers: list[Answer]) -> None:
    """Give the weight of flow to the plate wherever both agree: it has less noise and no seams."""
    plate = answers[0]
    if plate.layer != Layer.PLATE:
        return
    for at, answer in enumerate(answers):
        if answer.layer == Layer.FLOW:
            apart = cv2.absdiff(answer.colour, plate.colour).max(axis=2)
            given = weights[at] * np.clip(1 - apart / AGREES, 0, 1) * plate.found
            weights[0] += given
            weights[at] -= given


def guessed(picture: NDArray[np.float32], hidden: NDArray[np.bool_]) -> NDArray[np.float32]:
    """``picture`` ``(h, w, 3)`` with ``hidden`` guessed from round about.

    Notes
    -----
    Telea's fast marching inpainting, as in ``recorder.cleaning.residue``, of blocks: it is smooth
    anyway, and sixteen times as quick. Mid-grey where nothing is seen at all.
    """
    if hidden.all():
        return np.full_like(picture, 127)
    seen = np.clip(np.rint(picture), 0, 255).astype(np.uint8)
    filled = cv2.inpaint(seen, hidden.view(np.uint8), GUESS_RADIUS, cv2.INPAINT_TELEA)
    return np.asarray(filled, np.float32)
