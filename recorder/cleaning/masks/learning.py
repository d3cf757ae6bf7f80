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
from typing import Literal

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
from recorder.cleaning.masks.parts import SMALLEST_PART, Parts, parts_at_edge, parts_with
from recorder.cleaning.masks.samples import Samples
from recorder.cleaning.masks.scoring import (
    CHANGED,
    ROBOT_EDGE_PX,
    OperatorColours,
    Scene,
    Seen,
    scored,
)

Doubt = Literal["", "skin", "always", "few"]

_BOX = np.ones((3, 3), np.uint8)

ROUNDS = 2
AREA_OF_SOMEBODY = 0.002  # share of the picture that changed at its edge
REALLY_GONE = 0.45  # of what changed: the colours that pictures without him miss
FEWEST_SAMPLES = 4  # by which a person who comes and goes is told from the scene
MOSTLY = 0.6
LEAST_ADDED = 0.05
SURE = 0.7  # score from which a pixel teaches colours
ROBOT_QUANTILE = 0.1  # of the samples may show less of a colour that is the robot's
FEWEST_PIXELS = 200  # of all samples together, to know the operator's colours
SCENE_WEIGHT = 0.1  # of the scene's colours among the others: they are told by place
DRAWN_WEIGHT = 3.0  # a person's strokes against what was found, in pictures
LIKE_HIS = 0.7  # mean log ratio from which a part has the colours of those at the edge
MOST_OF_PICTURE = 0.25  # an operator who stands still covers no more of it
STILL = 0.98  # share of the samples that show the same
LIKE_STILL = 0.1  # mean log ratio around a pixel of the scene that may be his, beside what is
AS_FULL = 1.0  # of the share of a colour among what changed
STILL_WEIGHT = 0.5  # of what never changes against what changed at the edge
SKIN_STILL_WEIGHT = 3.0  # the same, against what changed and could be skin: wood could be, too
FAINT = 0.5  # log ratio that does not yet speak against a colour of the scene
SLEEVE_OR_ROBOT = 0.3  # weight of what changed at the edge and is no skin
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
    colours : OperatorColours or None
        None when no operator was found.
    doubt : str
        Why nothing found with it is sure: ``skin``, where nothing but its colour told the operator
        from the robot; ``always``, where no sample shows the scene without him; ``few`` samples.
    telling : int
        Sample that shows most of what is not the scene.
    """

    scene: Scene
    colours: OperatorColours | None
    doubt: Doubt
    telling: int


def learn(samples: Samples, drawn: Sequence[Drawn] = ()) -> Learned:
    """Scene and colours from samples and drawings."""
    away = samples.robot < 0.01
    if samples.has_robot:
        side = 2 * ROBOT_EDGE_PX + 1
        box = np.ones((side, side), np.uint8)
        away = np.stack([cv2.dilate(one, box) < 0.01 for one in samples.robot])
    modes = find_modes(samples.stack, away)
    scene = Scene(*choose_scene(modes))
    seen = [Seen(one) for one in samples.stack]
    bins = np.stack([one.bins for one in seen])
    regions = _changed_parts(samples, seen, scene, away)
    somebody = any(at_edge.mean() > AREA_OF_SOMEBODY for at_edge, _ in regions)
    if samples.has_robot and not somebody and not drawn:
        regions = [_skin_first(one, inner) for one, (_, inner) in zip(seen, regions, strict=True)]
    still = _still_colours(modes)
    added = _added_colours(bins, regions, samples.robot < 0.5, scene.seen.bins, still)
    alone = np.array([at_edge.mean() <= AREA_OF_SOMEBODY for at_edge, _ in regions])
    robot = _robot_colours(samples, bins, alone if added is not None else ~alone)
    mine, others = _first_colours(samples, bins, regions, added, drawn, robot, still)
    if added is None and samples.has_robot:
        robot.counts = _beyond(robot, mine)
    doubt = _doubt(samples, somebody, added is None) if not drawn else ""
    telling = int(np.argmax([at_edge.sum() + inner.sum() for at_edge, inner in regions]))
    colours: OperatorColours | None = None
    for _ in range(ROUNDS + 1):
        if colours is not None:
            mine, others = _colours_again(samples, seen, scene, colours)
        if added is not None:
            mine.counts *= added
        _add_drawn(mine, others, drawn)
        if mine.total < FEWEST_PIXELS:
            return Learned(scene, None, doubt, telling)
        apart = ColourModel(mine, others)
        others.counts += robot.counts
        over = ColourModel(mine, _with_scene(others, scene))
        beside = apart if samples.has_robot else over
        colours = OperatorColours(beside, over)
        scene = _scene_again(modes, over)
    return Learned(scene, colours, doubt, telling)


def _doubt(samples: Samples, somebody: bool, always: bool) -> Doubt:
    if not somebody or (always and not samples.has_robot):
        return "skin"
    if always:
        return "always"
    return "few" if len(samples.stack) < FEWEST_SAMPLES else ""


def _changed_parts(
    samples: Samples, seen: Sequence[Seen], scene: Scene, away: NDArray[np.bool_]
) -> list[tuple[NDArray[np.bool_], NDArray[np.bool_]]]:
    """What changed beside the robot in every sample: parts at the picture's edge, and others."""
    found = []
    for one, free in zip(seen, away, strict=True):
        changed = scene.change(one) > CHANGED  # shadows too: a sleeve like the table is one
        if samples.has_robot:
            changed &= free
        opened = cv2.morphologyEx(changed.view(np.uint8), cv2.MORPH_OPEN, _BOX) > 0
        at_edge = parts_at_edge(opened)
        found.append((at_edge, opened & ~at_edge))
    return found


def _skin_first(
    seen: Seen, inner: NDArray[np.bool_]
) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """Inner parts that are mostly skin, and the others: hands whose arms are out of the picture."""
    parts = Parts(inner)
    skin = parts.pixels(parts.alike(skin_likeness(seen.image), MOSTLY, SMALLEST_PART))
    return skin, inner & ~skin


def _added_colours(
    bins: NDArray[np.uint16],
    regions: Sequence[tuple[NDArray[np.bool_], NDArray[np.bool_]]],
    free: NDArray[np.bool_],
    scene: NDArray[np.uint16],
    still: ColourCounts,
) -> NDArray[np.float64] | None:
    """How much of every colour the operator brought along, 0 to 1; None when always there.

    Things are in the pictures without the operator too, and only move: a colour that became no
    more with him, where the robot is not, is not his. Where he hides a colour the scene is full
    of, as much of it is missed. Pictures without him that miss little of his colours show him, too:
    he stands where the scene was taken to be.
    """
    with_him = np.array([at_edge.mean() > AREA_OF_SOMEBODY for at_edge, _ in regions])
    changed = np.stack([at_edge | inner for at_edge, inner in regions])
    if with_him.all() or not with_him.any():
        return None
    mine, there, before = (
        _mean_colours(bins[with_him], changed[with_him]),
        _mean_colours(bins[with_him], free[with_him]),
        _mean_colours(bins[~with_him], free[~with_him]),
    )
    appeared = there - before
    if np.maximum(appeared, 0).sum() < REALLY_GONE * mine.sum():
        return None
    if not free.all():  # without silhouettes the robot hides as much, with him and without
        hidden = _mean_colours(np.broadcast_to(scene, bins.shape)[with_him], changed[with_him])
        appeared += np.minimum(hidden, still.probability() * still.total)
    return np.clip(appeared / np.maximum(0.5 * mine, 1e-9), LEAST_ADDED, 1.0)


def _mean_colours(bins: NDArray[np.uint16], where: NDArray[np.bool_]) -> NDArray[np.float64]:
    """Pixels of every colour per picture, smoothed."""
    counts = ColourCounts()
    counts.add(bins[where])
    return counts.probability() * (counts.total / len(bins))


def _first_colours(
    samples: Samples,
    bins: NDArray[np.uint16],
    regions: Sequence[tuple[NDArray[np.bool_], NDArray[np.bool_]]],
    added: NDArray[np.float64] | None,
    drawn: Sequence[Drawn],
    robot: ColourCounts,
    still: ColourCounts,
) -> tuple[ColourCounts, ColourCounts]:
    if added is None and samples.has_robot:
        return _colours_of_parts(bins, regions, robot, still)
    mine, others = ColourCounts(), ColourCounts()
    for image, found, (at_edge, inner) in zip(samples.stack, bins, regions, strict=True):
        if added is not None:
            mine.add(found[at_edge | inner])
            others.add(found[at_edge | inner])
        elif drawn:
            others.add(found[at_edge | inner], 0.2)
        else:
            skin = skin_likeness(image)
            mine.add(found[at_edge & skin])
            others.add(found[inner])
            others.add(found[at_edge & ~skin], SLEEVE_OR_ROBOT)
    if added is None and not drawn:
        others.counts += still.counts * (SKIN_STILL_WEIGHT * mine.total / max(still.total, 1.0))
    if added is not None:
        others.counts *= 1 - added
    return mine, others


def _colours_of_parts(
    bins: NDArray[np.uint16],
    regions: Sequence[tuple[NDArray[np.bool_], NDArray[np.bool_]]],
    robot: ColourCounts,
    still: ColourCounts,
) -> tuple[ColourCounts, ColourCounts]:
    """Colours of parts at the edge, and of inner ones: fingers behind the robot are cut off.

    Where the operator hides the scene most of the time it is the scene that changes; its colours
    are known from where nothing ever changes.
    """
    mine, others = ColourCounts(), ColourCounts()
    for found, (at_edge, _) in zip(bins, regions, strict=True):
        mine.add(found[at_edge])
    mine.counts = _beyond(mine, still)
    others.counts += still.counts * (STILL_WEIGHT * mine.total / max(still.total, 1.0))
    first = ColourModel(mine, ColourCounts(others.counts + robot.counts))
    for found, (_, inner) in zip(bins, regions, strict=True):
        parts = Parts(inner)
        his = parts.pixels(parts.means(first.evidence(found)) > LIKE_HIS)
        mine.add(found[his])
        others.add(found[inner & ~his])
    return mine, others


def _beyond(counts: ColourCounts, others: ColourCounts) -> NDArray[np.float64]:
    """Counts without the colours that ``others`` are as full of."""
    his, bare = counts.probability(), others.probability()
    return counts.counts * np.clip(1.0 - AS_FULL * bare / np.maximum(his, 1e-12), LEAST_ADDED, 1.0)


def _colours_again(
    samples: Samples, seen: Sequence[Seen], scene: Scene, colours: OperatorColours
) -> tuple[ColourCounts, ColourCounts]:
    mine, others = ColourCounts(), ColourCounts()
    for one, robot in zip(seen, samples.robot, strict=True):
        change = scene.change(one)
        score = scored(one, change, scene, colours, robot if samples.has_robot else None)
        score = cv2.blur(score, (3, 3))
        mine.add(one.bins[score > SURE])
        near = cv2.dilate((score > 0).view(np.uint8), np.ones((9, 9), np.uint8)) > 0
        moved = (change > CHANGED) & (robot < 0.01) & (score < -SURE) & ~near
        moved &= ~scene.shadow(one.image, moved)
        others.add(one.bins[moved])
    return mine, others


def _robot_colours(
    samples: Samples, bins: NDArray[np.uint16], chosen: NDArray[np.bool_]
) -> ColourCounts:
    """Colours inside the silhouettes of most chosen samples: hands over it come and go."""
    total = ColourCounts()
    each = []
    for found, robot, wanted in zip(bins, samples.robot, chosen, strict=True):
        inside = found[robot > 0.95]
        if wanted and inside.size >= FEWEST_PIXELS:
            total.add(inside)
            one = ColourCounts()
            one.add(inside)
            each.append(one.probability().astype(np.float32))
    if each:
        common = np.quantile(np.stack(each), ROBOT_QUANTILE, axis=0)
        total.counts = common.astype(np.float64) * total.total / max(float(chosen.mean()), 1e-9)
    return total


def _add_drawn(mine: ColourCounts, others: ColourCounts, drawn: Sequence[Drawn]) -> None:
    box = np.ones((5, 5), np.uint8)
    for one in drawn:
        bins = colour_bins(one.image)
        inside = one.mask.view(np.uint8)
        mine.add(bins[cv2.erode(inside, box) > 0], DRAWN_WEIGHT)
        others.add(bins[cv2.dilate(inside, box) == 0], DRAWN_WEIGHT)


def _still_colours(modes: Modes) -> ColourCounts:
    """Colours of pixels that never change."""
    counts = ColourCounts()
    still = np.rint(modes.colours[0]).astype(np.uint8)
    counts.add(colour_bins(still)[modes.shares[0] > STILL])
    return counts


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
            np.maximum(colours.evidence(colour_bins(np.rint(one).astype(np.uint8))) - FAINT, 0)
            for one in modes.colours
        ]
    )
    colour, known = choose_scene(modes, penalty)
    like = colours.evidence(colour_bins(np.rint(colour).astype(np.uint8)))
    his = (like > OPERATOR_LIKE) & known
    still = modes.shares[0] > STILL
    likely = cv2.blur(like, (7, 7)) > LIKE_STILL
    around = parts_at_edge(parts_with(likely & known, his))
    if around.mean() > MOST_OF_PICTURE:
        around = np.zeros_like(his)
    return Scene(colour, known & ~(his & ~still) & ~around)
