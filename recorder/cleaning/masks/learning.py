"""Learning the scene and the operator's colours together from a few pictures of the clip.

What changes and hangs together with the picture's edge outside the robot is the operator: arms
come from somewhere. That gives first colours; with them the scene is chosen again, every sample is
looked at again, and the colours are learned from what is now sure. Without a silhouette the robot
changes as well and may touch the edge, so the first colours come from a person's strokes, or
from what could be skin.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from recorder.cleaning.masks.backdrop import Modes, choose_scene, find_modes
from recorder.cleaning.masks.colour_model import (
    ColourCounts,
    ColourModel,
    colour_bins,
    skin_likeness,
)
from recorder.cleaning.masks.samples import Samples
from recorder.cleaning.masks.scoring import CHANGED, ROBOT_EDGE_PX, Scene, operator_score

ROUNDS = 2
SURE = 1.0  # score from which a pixel teaches colours
SMALLEST_PART = 0.001  # share of the picture: smaller parts at its edge are noise
FEWEST_PIXELS = 200  # of all samples together, to know the operator's colours
SCENE_WEIGHT = 0.1  # of the scene's colours among the others: they are told by place
DRAWN_WEIGHT = 3.0  # a person's strokes against what was found, in pictures
OPERATOR_LIKE = 2.0  # log ratio: a scene of such a colour is the operator standing still


@dataclass
class Drawn:
    """A picture on which a person drew.

    Attributes
    ----------
    image : (height, width, 3) uint8 array
        Reduced, under the light of the samples.
    mask : (height, width) bool array
        The operator.
    """

    image: NDArray[np.uint8]
    mask: NDArray[np.bool_]


@dataclass
class Learned:
    """What the second pass needs.

    Attributes
    ----------
    scene : Scene
    colours : ColourModel or None
        None when no operator was found.
    """

    scene: Scene
    colours: ColourModel | None


def learn(samples: Samples, drawn: Sequence[Drawn] = ()) -> Learned:
    """Scene and colours from samples and drawings."""
    away = samples.robot < 0.01
    if samples.has_robot:
        side = 2 * ROBOT_EDGE_PX + 1
        box = np.ones((side, side), np.uint8)
        away = np.stack([cv2.dilate(one, box) < 0.01 for one in samples.robot])
    modes = find_modes(samples.stack, away)
    scene = Scene(*choose_scene(modes))
    bins = np.stack([colour_bins(one) for one in samples.stack])
    mine, others = _first_colours(samples, scene, bins, away, drawn)
    if mine.total < FEWEST_PIXELS:
        return Learned(scene, None)
    colours = ColourModel(mine, _with_scene(others, scene))
    for _ in range(ROUNDS):
        scene = _scene_again(modes, colours)
        mine, others = _colours_again(samples, scene, colours, bins)
        if mine.total < FEWEST_PIXELS:
            return Learned(scene, None)
        _add_drawn(mine, others, drawn)
        colours = ColourModel(mine, _with_scene(others, scene))
    return Learned(_scene_again(modes, colours), colours)


def parts_at_edge(mask: NDArray[np.bool_], smallest: float = SMALLEST_PART) -> NDArray[np.bool_]:
    """Connected parts of ``mask`` that reach the edge of the picture and are not tiny."""
    _, parts, stats, _ = cv2.connectedComponentsWithStats(mask.view(np.uint8), connectivity=8)
    height, width = mask.shape
    left, top, wide, high, area = stats.T
    at_edge = (left <= 1) | (top <= 1) | (left + wide >= width - 1) | (top + high >= height - 1)
    kept = at_edge & (area >= smallest * mask.size)
    kept[0] = False
    return kept[parts]


def _first_colours(
    samples: Samples,
    scene: Scene,
    bins: NDArray[np.int32],
    away: NDArray[np.bool_],
    drawn: Sequence[Drawn],
) -> tuple[ColourCounts, ColourCounts]:
    mine, others = ColourCounts(), ColourCounts()
    box = np.ones((3, 3), np.uint8)
    for image, found, robot, free in zip(samples.stack, bins, samples.robot, away, strict=True):
        changed = (scene.change(image) > CHANGED) & ~scene.shadow(image)
        if samples.has_robot:
            others.add(found[robot > 0.95])
            changed &= free
        opened = cv2.morphologyEx(changed.view(np.uint8), cv2.MORPH_OPEN, box) > 0
        at_edge = parts_at_edge(opened)
        if samples.has_robot:
            mine.add(found[at_edge])
            others.add(found[opened & ~at_edge])
        elif drawn:
            others.add(found[opened], 0.2)
        else:
            skin = skin_likeness(image)
            mine.add(found[at_edge & skin])
            others.add(found[opened & ~skin])
    _add_drawn(mine, others, drawn)
    return mine, others


def _colours_again(
    samples: Samples, scene: Scene, colours: ColourModel, bins: NDArray[np.int32]
) -> tuple[ColourCounts, ColourCounts]:
    mine, others = ColourCounts(), ColourCounts()
    for image, found, robot in zip(samples.stack, bins, samples.robot, strict=True):
        score = operator_score(image, scene, colours, robot if samples.has_robot else None)
        score = cv2.blur(score, (3, 3))
        mine.add(found[score > SURE])
        changed = scene.change(image) > CHANGED
        others.add(found[(score < -SURE) & changed])
    return mine, others


def _add_drawn(mine: ColourCounts, others: ColourCounts, drawn: Sequence[Drawn]) -> None:
    box = np.ones((5, 5), np.uint8)
    for one in drawn:
        bins = colour_bins(one.image)
        inside = one.mask.view(np.uint8)
        mine.add(bins[cv2.erode(inside, box) > 0], DRAWN_WEIGHT)
        others.add(bins[cv2.dilate(inside, box) == 0], DRAWN_WEIGHT)


def _with_scene(others: ColourCounts, scene: Scene) -> ColourCounts:
    """``others`` and a little of the scene."""
    every = ColourCounts(others.counts.copy())
    bins = colour_bins(scene.grey_levels)[scene.known]
    if bins.size:
        every.add(bins, SCENE_WEIGHT * max(others.total, 1.0) / bins.size)
    return every


def _scene_again(modes: Modes, colours: ColourModel) -> Scene:
    """The scene chosen with the operator's colours known."""
    penalty = np.stack(
        [
            np.maximum(colours.evidence(colour_bins(np.rint(one).astype(np.uint8))), 0)
            for one in modes.colours
        ]
    )
    colour, known = choose_scene(modes, penalty)
    like = colours.evidence(colour_bins(np.rint(colour).astype(np.uint8)))
    still = modes.shares[0] > 0.98
    return Scene(colour, known & ((like < OPERATOR_LIKE) | still))
