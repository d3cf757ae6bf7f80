"""How much every pixel of one picture speaks for the operator.

Two things must both hold: the pixel is not the scene, and its colour is the operator's rather
than that of the robot or of things that are moved. Over the robot the first always holds, so
there the colour has to be plain; beside it an unknown colour is taken for the operator.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from recorder.cleaning.masks.colour_model import CLIP, ColourModel, colour_bins
from recorder.cleaning.masks.grow import shadow_pixels

NOISE = 4.0  # of weighted L*a*b* after smoothing, grey levels; covers JPEG and sensor noise
CHROMA_WEIGHT = 2.0  # skin and wood differ in colour more than in brightness, noise does not
_WEIGHTS = np.diag([1.0, CHROMA_WEIGHT, CHROMA_WEIGHT]).astype(np.float32)
CHANGED = 2.0  # noises; from here on a pixel is not the scene
UNKNOWN_SCENE = 1.0
SHADOW = -1.0
NOT_HIS = -0.3  # log ratio below which a darkened scene is a shadow: dark skin on wood looks alike
BESIDE_ROBOT, OVER_ROBOT, WITHOUT_ROBOT = 1.0, -1.0, -0.3
ROBOT_EDGE_PX = 3  # reduced pixels: the silhouette is off by calibration, joints and their delay


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
        self._weighted = _weighted_lab(self.grey_levels)

    def change(self, image: NDArray[np.uint8]) -> NDArray[np.float32]:
        """Difference from the scene in noises ``(height, width)``, under equal light."""
        step = cv2.subtract(_weighted_lab(image), self._weighted)
        squares = cv2.transform(cv2.multiply(step, step), np.ones((1, 3), np.float32))
        return (cv2.sqrt(squares) / NOISE).astype(np.float32, copy=False)

    def shadow(self, image: NDArray[np.uint8], where: NDArray[np.bool_]) -> NDArray[np.bool_]:
        """Pixels of ``where`` that are the scene in shadow ``(height, width)``."""
        shaded = np.zeros(where.shape, np.bool_)
        shaded[where] = shadow_pixels(image[where], self.grey_levels[where])
        return shaded


def operator_score(
    image: NDArray[np.uint8],
    scene: Scene,
    colours: ColourModel,
    robot: NDArray[np.float32] | None,
) -> NDArray[np.float32]:
    """Score of every pixel, above 0 for the operator; about a log ratio, -4 to 4.

    Parameters
    ----------
    image : (height, width, 3) uint8 array
        Reduced, under the light of the scene.
    scene : Scene
    colours : ColourModel
    robot : (height, width) float32 array or None
        Share of the silhouette; None without one.
    """
    change = np.clip(scene.change(image) - CHANGED, -CLIP, CLIP)
    change[~scene.known] = UNKNOWN_SCENE
    evidence = colours.evidence(colour_bins(image))
    shaded = scene.shadow(image, (change > SHADOW) & (evidence < NOT_HIS))
    change[shaded] = np.minimum(change[shaded], SHADOW)
    if robot is None:
        return np.minimum(change, evidence + np.float32(WITHOUT_ROBOT))
    return np.minimum(change, evidence + robot_bias(robot))


def robot_bias(robot: NDArray[np.float32]) -> NDArray[np.float32]:
    """What is added to the evidence of colour: from beside to over the robot over its edge."""
    side = 2 * ROBOT_EDGE_PX + 1
    inside = cv2.blur(cv2.dilate(robot, np.ones((3, 3), np.uint8)), (side, side))
    return np.float32(BESIDE_ROBOT) + np.float32(OVER_ROBOT - BESIDE_ROBOT) * inside


def _weighted_lab(image: NDArray[np.uint8]) -> NDArray[np.float32]:
    lab = cv2.blur(cv2.cvtColor(image, cv2.COLOR_RGB2LAB), (3, 3)).astype(np.float32)
    return cv2.transform(lab, _WEIGHTS).astype(np.float32, copy=False)
