"""A few reduced pictures of a clip under equal light, with the robot's silhouette."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from recorder.cleaning.clip import CleanError, Clip
from recorder.cleaning.gain import Gain, fit_gain

Silhouette = Callable[[int], NDArray[np.bool_] | None]

WORK_WIDTH_PX = 320
LIGHT_APART = 5  # reduced pixels between those by which light is compared
BRIGHT, MOST_BOOST = 180.0, 4.0  # grey levels of the brightest twentieth; times
DARK = 8.0  # grey levels: below, light says little
FOLLOWS = (0.3, 0.15, 0.1, 0.08)  # logarithm of the light, from fit to fit
FEWEST_LIT = 300
STEEPEST = 0.5
EVEN = 0.015  # slopes below are not worth the work
_LEVELS = np.repeat(np.arange(256, dtype=np.float32)[:, None], 3, axis=1)


@dataclass
class Samples:
    """Pictures spread over a clip.

    Attributes
    ----------
    indices : (K,) int64 array
        Ascending.
    stack : (K, height, width, 3) uint8 array
        Reduced, under the light of the reference.
    robot : (K, height, width) float32 array
        Share of every pixel that the silhouette covers; all 0 without silhouettes.
    has_robot : bool
        Whether there are silhouettes.
    """

    indices: NDArray[np.int64]
    stack: NDArray[np.uint8]
    robot: NDArray[np.float32]
    has_robot: bool


def work_size(size: tuple[int, int]) -> tuple[int, int]:
    """Width and height at which masks are looked for, pixels."""
    scale = min(1.0, WORK_WIDTH_PX / size[0])
    return max(8, round(size[0] * scale)), max(8, round(size[1] * scale))


def reduced(image: NDArray[np.uint8], size: tuple[int, int]) -> NDArray[np.uint8]:
    """``image`` at ``size``, averaged."""
    return cv2.resize(image, size, interpolation=cv2.INTER_AREA).astype(np.uint8, copy=False)


def reduced_silhouette(
    silhouette: Silhouette | None, index: int, clip: Clip, size: tuple[int, int]
) -> NDArray[np.float32] | None:
    """Share of every reduced pixel covered by the robot, or None when nothing is known.

    Raises
    ------
    CleanError
        The silhouette has another size than the pictures.
    """
    whole = silhouette(index) if silhouette is not None else None
    if whole is None:
        return None
    if whole.shape != (clip.size[1], clip.size[0]):
        found = "x".join(str(n) for n in whole.shape[::-1])
        raise CleanError(
            f"the robot's silhouette is {found} pixels, the pictures of '{clip.name}' are "
            f"{clip.size[0]}x{clip.size[1]}; calibrate the camera at the size it records"
        )
    small = cv2.resize(whole.astype(np.float32), size, interpolation=cv2.INTER_AREA)
    return small.astype(np.float32, copy=False)


def brightened(image: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """A dim picture as if exposed longer, so that its colours can be told apart; others as is."""
    brightest = float(np.quantile(image[::2, ::2].max(axis=2), 0.95))
    boost = min(BRIGHT / max(brightest, 1.0), MOST_BOOST)
    if boost < 1.2:
        return image.copy()
    return np.clip(np.rint(image * np.float32(boost)), 0, 255).astype(np.uint8)


@dataclass(frozen=True)
class Light:
    """Light of a picture against a reference.

    Attributes
    ----------
    gain : Gain
        Of the whole picture, per channel.
    slopes : (3,) float32 array
        How the logarithm of the light grows to the right, down and to both, from the middle of
        the picture to its edge: a window or a lamp at one side.
    """

    gain: Gain
    slopes: NDArray[np.float32]


def lit_like(image: NDArray[np.uint8], light: Light) -> NDArray[np.uint8]:
    """``image`` brought back from ``light`` to the light of the reference."""
    levels = light.gain.inverse().apply(_LEVELS)
    if np.abs(light.slopes).sum() < EVEN:
        lit = cv2.LUT(image, np.clip(np.rint(levels), 0, 255).astype(np.uint8)[None])
        return np.asarray(lit, np.uint8)
    height, width = image.shape[:2]
    growth = np.exp(-np.tensordot(light.slopes, _directions(height, width, 1), 1))
    lit = cv2.LUT(image, levels[None].astype(np.float32)) * growth[..., None]
    return np.clip(np.rint(lit), 0, 255).astype(np.uint8)


def light_of(reference: NDArray[np.uint8], image: NDArray[np.uint8]) -> Light:
    """Light of ``image`` against ``reference``, also after a jump of exposure.

    The median of the channels' ratios comes first, so that the fit starts near enough; the slopes
    are fitted last, by least squares without what does not follow them.
    """
    height, width = image.shape[:2]
    before = reference[::LIGHT_APART, ::LIGHT_APART].reshape(-1, 3).astype(np.float32)
    now = image[::LIGHT_APART, ::LIGHT_APART].reshape(-1, 3)
    ratios = (now + np.float32(4)) / (before + np.float32(4))
    ratio = np.median(ratios, axis=0).astype(np.float32)
    rest = fit_gain(np.clip(np.rint(before * ratio), 0, 255), now)
    gain = Gain(rest.gain * ratio, rest.offset)
    expected = np.clip(gain.apply(before), 0, 255).sum(axis=1)
    usable = (now.max(axis=1) < 250) & (expected > 3 * DARK)
    seen = now.sum(axis=1, dtype=np.float32)[usable]
    left = np.log((seen + np.float32(DARK)) / (expected[usable] + np.float32(DARK)))
    directions = _directions(height, width, LIGHT_APART).reshape(3, -1)[:, usable]
    return Light(gain, _slopes(left, directions))


def _slopes(left: NDArray[np.float32], directions: NDArray[np.float32]) -> NDArray[np.float32]:
    """Slopes of a logarithm ``(P,)`` along ``directions`` ``(3, P)``."""
    basis = np.vstack([np.ones_like(directions[:1]), directions])
    found = np.zeros(4, np.float32)
    for follows in FOLLOWS:
        kept = np.abs(left - found @ basis) < follows
        if np.count_nonzero(kept) < FEWEST_LIT:
            break
        part = basis[:, kept]
        square = (part @ part.T).astype(np.float64) + np.eye(4)
        found = np.linalg.solve(square, (part @ left[kept]).astype(np.float64)).astype(np.float32)
    return np.clip(found[1:], -STEEPEST, STEEPEST)


def _directions(height: int, width: int, apart: int) -> NDArray[np.float32]:
    """Right, down and their product ``(3, rows, columns)``, -1 to 1 over the picture."""
    right = np.linspace(-1, 1, width, dtype=np.float32)[None, ::apart]
    down = np.linspace(-1, 1, height, dtype=np.float32)[::apart, None]
    right, down = np.broadcast_arrays(right, down)
    return np.stack([right, down, right * down])


def take_samples(
    clip: Clip, silhouette: Silhouette | None, most: int, advance: Callable[[float], None]
) -> Samples:
    """Evenly spread samples.

    Parameters
    ----------
    clip : Clip
    silhouette : callable, optional
        Index to the robot's pixels.
    most : int
        Most samples.
    advance : callable
        Told the share of this work that is newly done.
    """
    size = work_size(clip.size)
    indices = np.unique(np.linspace(0, clip.count - 1, min(most, clip.count)).astype(np.int64))
    shape = (len(indices), size[1], size[0])
    stack, robot = np.empty((*shape, 3), np.uint8), np.zeros(shape, np.float32)
    has_robot = False
    for at, index in enumerate(indices):
        stack[at] = reduced(clip.frame(int(index)), size)
        covered = reduced_silhouette(silhouette, int(index), clip, size)
        if covered is not None:
            robot[at] = covered
            has_robot = True
        advance(1.0 / len(indices))
    reference = brightened(stack[len(stack) // 2])
    for at in range(len(stack)):
        stack[at] = lit_like(stack[at], light_of(reference, stack[at]))
    return Samples(indices, stack, robot, has_robot)
