"""A made-up take with exact truth: table, robot, things, an operator from the edge."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from recorder.cleaning.clips import ArrayClip

WIDTH, HEIGHT = 320, 240
SKIN, DARK_SKIN = (205, 150, 120), (92, 60, 46)
BLUE_GLOVE, BLACK_GLOVE = (40, 90, 200), (25, 25, 28)
NAVY, TABLE_BROWN = (35, 50, 95), (150, 118, 84)


@dataclass
class Take:
    """A clip, where its operator is, and where its robot is."""

    clip: ArrayClip
    truth: NDArray[np.bool_]
    robot: NDArray[np.bool_]
    frames: NDArray[np.uint8]

    def silhouette(self, index: int) -> NDArray[np.bool_]:
        """The robot, two pixels off."""
        return np.roll(self.robot[index], 2, axis=1)


def make_take(
    count: int = 40,
    hand: tuple[int, int, int] = SKIN,
    sleeve: tuple[int, int, int] = NAVY,
    arms: int = 1,
    absent: int = 8,
    seed: int = 0,
    drift: float = 0.03,
    size: tuple[int, int] = (WIDTH, HEIGHT),
) -> Take:
    """Render a take; ``absent`` pictures at the start show no operator."""
    random = np.random.default_rng(seed)
    width, height = size
    table = _table(random, width, height)
    frames, truth, robots = [], [], []
    for index in range(count):
        image = table.copy()
        image[: height // 8] = (95, 108, 122)
        _thing(image, (60, 170), (40, 140, 60))
        _thing(image, (200, 190 + (index > count // 2) * 14), (215, 120, 40))
        x = 150 + 30 * np.sin(index / 9)
        robot = _robot(image, x, 70 + 0.6 * index)
        mask = np.zeros((height, width), np.uint8)
        if index >= absent:
            _arm(image, mask, (-20, height - 10), (x - 12, 105 + 0.6 * index), hand, sleeve)
            if arms == 2:
                _arm(
                    image, mask, (width + 15, height - 40), (x + 24, 95 + 0.6 * index), hand, sleeve
                )
        light = 1 + drift * np.sin(index / 6)
        noisy = image * light + random.normal(0, 2, image.shape)
        frames.append(np.clip(np.rint(noisy), 0, 255).astype(np.uint8))
        truth.append(mask > 0)
        robots.append(robot > 0)
    pictures = np.stack(frames)
    return Take(ArrayClip(pictures, name="front/rgb"), np.stack(truth), np.stack(robots), pictures)


def recall(found: NDArray[np.bool_], truth: NDArray[np.bool_]) -> float:
    """Share of ``truth`` in ``found``."""
    return float((found & truth).sum() / max(1, truth.sum()))


def overlap(found: NDArray[np.bool_], truth: NDArray[np.bool_]) -> float:
    """Intersection over union; 1 when both are empty."""
    union = (found | truth).sum()
    return float((found & truth).sum() / union) if union else 1.0


def _table(random: np.random.Generator, width: int, height: int) -> NDArray[np.float64]:
    grain = cv2.resize(random.normal(0, 7, (height, width // 16)), (width, height))
    spots = cv2.GaussianBlur(random.normal(0, 25, (height, width)), (0, 0), 2)
    return np.array([165.0, 130.0, 95.0]) + (grain + spots)[..., None]


def _thing(image: NDArray[np.float64], at: tuple[int, int], colour: tuple[int, int, int]) -> None:
    cv2.rectangle(image, (at[0] - 12, at[1] - 15), (at[0] + 12, at[1] + 15), colour, -1)


def _robot(image: NDArray[np.float64], x: float, y: float) -> NDArray[np.uint8]:
    mask = np.zeros(image.shape[:2], np.uint8)
    for drawn, pale, dark in ((image, (225, 225, 228), (45, 45, 48)), (mask, 255, 255)):
        cv2.ellipse(drawn, (round(x), round(y)), (26, 34), 0, 0, 360, pale, -1)
        for finger in range(-2, 3):
            top = (round(x + 10 * finger), round(y + 20))
            cv2.line(drawn, top, (top[0], top[1] + 26), pale, 7)
            cv2.circle(drawn, (top[0], top[1] + 14), 4, dark, -1)
    return mask


def _arm(
    image: NDArray[np.float64],
    mask: NDArray[np.uint8],
    start: tuple[int, int],
    end: tuple[float, float],
    hand: tuple[int, int, int],
    sleeve: tuple[int, int, int],
) -> None:
    """Sleeve from the picture's edge, hand at its end, rounder in the light than a flat colour."""
    first, last = np.array(start, float), np.array(end, float)
    wrist = first + 0.62 * (last - first)
    for drawn, cloth, bare in ((image, sleeve, hand), (mask, 255, 255)):
        cv2.line(drawn, _whole(first), _whole(wrist), cloth, 34)
        cv2.line(drawn, _whole(wrist), _whole(last), bare, 18)
        cv2.circle(drawn, _whole(last), 15, bare, -1)
    lit = _whole(wrist + (-1, -3)), _whole(last + (-1, -3))
    cv2.line(image, *lit, tuple(min(255, one + 14) for one in hand), 6)


def _whole(point: NDArray[np.float64]) -> tuple[int, int]:
    return round(float(point[0])), round(float(point[1]))
