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


def lit_like(image: NDArray[np.uint8], light: Gain) -> NDArray[np.uint8]:
    """``image`` brought back from ``light`` to the light of the reference."""
    table = light.inverse().apply(_LEVELS)
    lit = cv2.LUT(image, np.clip(np.rint(table), 0, 255).astype(np.uint8)[None])
    return np.asarray(lit, np.uint8)


def light_of(reference: NDArray[np.uint8], image: NDArray[np.uint8]) -> Gain:
    """Light of ``image`` against ``reference``, also after a jump of exposure.

    The median of the channels' ratios comes first, so that the fit starts near enough.
    """
    before = reference[::LIGHT_APART, ::LIGHT_APART].reshape(-1, 3).astype(np.float32)
    now = image[::LIGHT_APART, ::LIGHT_APART].reshape(-1, 3)
    ratios = (now + np.float32(4)) / (before + np.float32(4))
    ratio = np.median(ratios, axis=0).astype(np.float32)
    rest = fit_gain(np.clip(np.rint(before * ratio), 0, 255), now)
    return Gain(rest.gain * ratio, rest.offset)


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
    reference = stack[len(stack) // 2].copy()
    for at in range(len(stack)):
        stack[at] = lit_like(stack[at], light_of(reference, stack[at]))
    return Samples(indices, stack, robot, has_robot)
