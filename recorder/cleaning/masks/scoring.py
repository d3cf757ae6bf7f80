"""How much every pixel of one picture speaks for the operator.

Two things must both hold: the pixel is not the scene, and its colour is the operator's rather
than that of the robot or of things that are moved. Over the robot the first always holds, so
there the colour has to be plain; beside it an unknown colour is taken for the operator.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from cv2.typing import MatLike
from numpy.typing import NDArray

from recorder.cleaning.masks.colour_model import CLIP, ColourModel, lab_bins
from recorder.cleaning.masks.grow import shadow_pixels

NOISE_OF_USUAL = 1.2  # noise against the median difference of a picture from the scene
NOISE_LIMITS = (2.4, 8.0)  # of weighted L*a*b* after smoothing, grey levels
CHROMA_WEIGHT = 2.0  # skin and wood differ in colour more than in brightness, noise does not
_WEIGHTS = np.array([1.0, CHROMA_WEIGHT, CHROMA_WEIGHT])
_SQUARES = ((np.arange(256)[:, None] * _WEIGHTS) ** 2).astype(np.float32)[None]  # of L*a*b* steps
_SUM = np.ones((1, 3), np.float32)
CHANGED = 2.0  # noises; from here on a pixel is not the scene
SHAKEN_PX = 0.08  # reduced pixels: cameras tremble, and codecs blur edges
UNKNOWN_SCENE = 1.0
SHADOW = -1.0
NOT_HIS = -0.3  # log ratio below which a darkened scene is a shadow: dark skin on wood looks alike
BESIDE_ROBOT, OVER_ROBOT, WITHOUT_ROBOT = 1.0, -1.0, -0.3
ROBOT_EDGE_PX = 3  # reduced pixels: the silhouette is off by calibration, joints and their delay


@dataclass(frozen=True)
class OperatorColours:
    """The operator's colours against those of everything else.

    Attributes
    ----------
    beside : ColourModel
        Where the robot cannot be: gloves may look like it.
    over : ColourModel
        Where the robot is, or may be.
    """

    beside: ColourModel
    over: ColourModel


@dataclass
class Seen:
    """A reduced picture under the light of the scene, in the colours it is compared by.

    Attributes
    ----------
    image : (height, width, 3) uint8 array
        RGB.
    """

    image: NDArray[np.uint8]

    def __post_init__(self) -> None:
        lab = cv2.cvtColor(np.ascontiguousarray(self.image), cv2.COLOR_RGB2LAB)
        self.smooth_lab = cv2.blur(lab, (3, 3))
        self.bins = lab_bins(np.asarray(lab, np.uint8))


@dataclass
class Scene:
    """The scene without anybody, prepared for comparison.

    Attributes
    ----------
    colour : (height, width, 3) float32 array
    known : (height, width) bool array
    """

    colour: NDArray[np.float32]
    known: NDArray[np.bool_]

    def __post_init__(self) -> None:
        self.grey_levels = np.clip(np.rint(self.colour), 0, 255).astype(np.uint8)
        self.seen = Seen(self.grey_levels)
        smooth = self.seen.smooth_lab
        box = np.ones((3, 3), np.uint8)
        edge = cv2.subtract(cv2.dilate(smooth, box), cv2.erode(smooth, box))
        self._shaken = np.float32(SHAKEN_PX) * _length(edge)

    def change(self, seen: Seen) -> NDArray[np.float32]:
        """Difference from the scene in noises ``(height, width)``, under equal light."""
        step = cv2.absdiff(seen.smooth_lab, self.seen.smooth_lab)
        steps = cv2.subtract(_length(step), self._shaken).astype(np.float32, copy=False)
        usual = float(np.median(steps[::4, ::4]))  # most of a picture shows the scene
        steps *= np.float32(1 / np.clip(NOISE_OF_USUAL * usual, *NOISE_LIMITS))
        return steps

    def shadow(self, image: NDArray[np.uint8], where: NDArray[np.bool_]) -> NDArray[np.bool_]:
        """Pixels of ``where`` that are the scene in shadow ``(height, width)``."""
        shaded = np.zeros(where.size, np.bool_)
        at = np.flatnonzero(where)
        bare = self.grey_levels.reshape(-1, 3)
        shaded[at] = shadow_pixels(image.reshape(-1, 3).take(at, 0), bare.take(at, 0))
        return shaded.reshape(where.shape)


def operator_score(
    seen: Seen, scene: Scene, colours: OperatorColours, robot: NDArray[np.float32] | None
) -> NDArray[np.float32]:
    """Score of every pixel, above 0 for the operator; about a log ratio, -4 to 4.

    Parameters
    ----------
    seen : Seen
    scene : Scene
    colours : OperatorColours
    robot : (height, width) float32 array or None
        Share of the silhouette; None without one.
    """
    return scored(seen, scene.change(seen), scene, colours, robot)


def scored(
    seen: Seen,
    change: NDArray[np.float32],
    scene: Scene,
    colours: OperatorColours,
    robot: NDArray[np.float32] | None,
) -> NDArray[np.float32]:
    """``operator_score`` of a picture whose ``change`` from the scene is known."""
    differs = np.clip(change - np.float32(CHANGED), -CLIP, CLIP)
    differs[~scene.known] = UNKNOWN_SCENE
    evidence = colours.beside.evidence(seen.bins)
    bias: NDArray[np.float32] | np.float32 = np.float32(WITHOUT_ROBOT)
    if robot is not None:
        over = over_robot(robot)
        evidence += over * (colours.over.evidence(seen.bins) - evidence)
        bias = np.float32(BESIDE_ROBOT) + np.float32(OVER_ROBOT - BESIDE_ROBOT) * over
    shaded = scene.shadow(seen.image, (differs > SHADOW) & (evidence < NOT_HIS))
    differs[shaded] = np.minimum(differs[shaded], SHADOW)
    evidence += bias
    return np.minimum(differs, evidence, out=differs)


def _length(step: MatLike) -> NDArray[np.float32]:
    """Length of differences of L*a*b* ``(height, width, 3)``, weighted."""
    return np.asarray(cv2.sqrt(cv2.transform(cv2.LUT(step, _SQUARES), _SUM)), np.float32)


def over_robot(robot: NDArray[np.float32]) -> NDArray[np.float32]:
    """How much every pixel counts as over the robot, 0 to 1: less and less over its edge."""
    side = 2 * ROBOT_EDGE_PX + 1
    return np.asarray(
        cv2.blur(cv2.dilate(robot, np.ones((3, 3), np.uint8)), (side, side)), np.float32
    )
