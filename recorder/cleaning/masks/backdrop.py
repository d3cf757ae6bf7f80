"""The scene without anybody, as far as it can be told before the operator is known.

Every pixel of a standing camera takes a few colours over time. The most frequent one need not be
the scene: an operator who holds his arm still for most of a take hides it. So the colour is chosen
for all pixels together: it should be frequent, should continue what is seen beside it, and should
not be the operator's colour.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

MODES = 3
SAME = 14  # grey levels within which samples of a pixel show the same thing
FEWEST_SAMPLES = 2
TILE_PIXELS = 4096
FREQUENCY_WEIGHT = 0.3
COLOUR_WEIGHT = 8.0  # per unit of log ratio of the operator's colours
SEAM_FREE = (10.0, 28.0)  # grey levels: texture is free, between these limits
TEXTURE_QUANTILE = 0.95
SEAM_MOST = 45.0  # grey levels beyond the free ones: a stronger edge costs no more
SWEEPS = 3
NEVER = 1e4


@dataclass
class Modes:
    """Colours every pixel takes over time, the most frequent first.

    Attributes
    ----------
    colours : (MODES, height, width, 3) float32 array
        Grey levels under the light of the reference picture.
    shares : (MODES, height, width) float32 array
        Part of the samples in which the pixel could be seen; 0 for a mode that is not there.
    """

    colours: NDArray[np.float32]
    shares: NDArray[np.float32]


def find_modes(stack: NDArray[np.uint8], visible: NDArray[np.bool_]) -> Modes:
    """Modes of every pixel, a few thousand at a time.

    Parameters
    ----------
    stack : (K, height, width, 3) uint8 array
        Samples under equal light.
    visible : (K, height, width) bool array
        Which samples count.
    """
    count, height, width = visible.shape
    colours = np.zeros((MODES, height * width, 3), np.float32)
    shares = np.zeros((MODES, height * width), np.float32)
    values = stack.reshape(count, -1, 3)
    seen = visible.reshape(count, -1)
    still = seen.all(axis=0) & (np.ptp(values, axis=0).max(axis=1) <= SAME)
    colours[0, still] = values[:, still].mean(axis=0)
    shares[0, still] = 1.0
    active = np.flatnonzero(~still)
    for first in range(0, len(active), TILE_PIXELS):
        pixels = active[first : first + TILE_PIXELS]
        found = _modes_of(values[:, pixels].astype(np.int16), seen[:, pixels])
        colours[:, pixels], shares[:, pixels] = found
    shape = (MODES, height, width)
    return Modes(colours.reshape(*shape, 3), shares.reshape(shape))


def _modes_of(
    tile: NDArray[np.int16], visible: NDArray[np.bool_]
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Colours ``(MODES, P, 3)`` and shares ``(MODES, P)`` of samples ``(K, P, 3)``."""
    count, pixels = visible.shape
    near = np.empty((count, count, pixels), np.bool_)
    red, green, blue = (np.ascontiguousarray(tile[..., channel]) for channel in range(3))
    for at in range(count):
        near[at] = np.abs(red - red[at]) <= SAME
        near[at] &= np.abs(green - green[at]) <= SAME
        near[at] &= np.abs(blue - blue[at]) <= SAME
    left = visible.copy()
    seen = np.maximum(left.sum(axis=0), 1)
    colours = np.zeros((MODES, pixels, 3), np.float32)
    shares = np.zeros((MODES, pixels), np.float32)
    for mode in range(MODES):
        votes = np.einsum("ijp,jp->ip", near.view(np.uint8), left.view(np.uint8)) * left
        members = near[votes.argmax(axis=0), :, np.arange(pixels)].T & left
        number = members.sum(axis=0)
        summed = np.einsum("kpc,kp->pc", tile, members, dtype=np.float32)
        colours[mode] = summed / np.maximum(number, 1)[:, None]
        shares[mode] = np.where(number >= min(FEWEST_SAMPLES, count), number / seen, 0)
        left &= ~members
    return colours, shares


def choose_scene(
    modes: Modes, penalty: NDArray[np.float32] | None = None
) -> tuple[NDArray[np.float32], NDArray[np.bool_]]:
    """The mode of every pixel that fits best with frequency, neighbours and colour.

    Parameters
    ----------
    modes : Modes
    penalty : (MODES, height, width) float32 array, optional
        How much every mode looks like the operator; log ratio, 0 or more.

    Returns
    -------
    colour : (height, width, 3) float32 array
    known : (height, width) bool array
        False where no sample ever showed the same thing twice.

    Notes
    -----
    Min-sum belief propagation on the four-neighbour grid, swept over rows and columns; the seam
    between neighbours is their difference, free up to what is usual where nothing ever moves.
    """
    there = modes.shares > 0
    known = np.asarray(there.any(axis=0), np.bool_)
    cost = -FREQUENCY_WEIGHT * np.log(np.maximum(modes.shares, 1e-3))
    if penalty is not None:
        cost = cost + COLOUR_WEIGHT * penalty
    cost = np.where(there, cost, NEVER)
    cost[:, ~known] = 0
    cost = np.ascontiguousarray(np.moveaxis(cost, 0, -1), np.float32)
    colours = np.ascontiguousarray(np.moveaxis(modes.colours, 0, -2))
    free = _texture(modes)
    belief = _swept(cost, _seams(colours, known, 1, free), _seams(colours, known, 0, free))
    chosen = belief.argmin(axis=-1)
    colour = np.take_along_axis(colours, chosen[..., None, None], axis=2)[:, :, 0]
    return colour, known


def _texture(modes: Modes) -> float:
    """Usual step between neighbours that never change, grey levels."""
    still = modes.shares[0] > 0.99
    both = still[:, 1:] & still[:, :-1]
    if not both.any():
        return SEAM_FREE[0]
    steps = np.abs(np.diff(modes.colours[0], axis=1))[both].max(axis=-1)
    return float(np.clip(np.quantile(steps, TEXTURE_QUANTILE), *SEAM_FREE))


def _seams(
    colours: NDArray[np.float32], known: NDArray[np.bool_], axis: int, free: float
) -> NDArray[np.float32]:
    """Cost of every pair of modes of a pixel and the next one along ``axis``."""
    size = colours.shape[axis]
    one = np.take(colours, range(size - 1), axis)
    other = np.take(colours, range(1, size), axis)
    step = np.abs(one[:, :, :, None, 0] - other[:, :, None, :, 0])
    for channel in (1, 2):
        np.maximum(
            step, np.abs(one[:, :, :, None, channel] - other[:, :, None, :, channel]), out=step
        )
    both = np.take(known, range(size - 1), axis) & np.take(known, range(1, size), axis)
    cost = np.clip(step - np.float32(free), 0, SEAM_MOST) * both[..., None, None]
    return cost.astype(np.float32, copy=False)


def _swept(
    cost: NDArray[np.float32], across: NDArray[np.float32], down: NDArray[np.float32]
) -> NDArray[np.float32]:
    """Beliefs ``(height, width, MODES)`` after sweeps right, left, down and up."""
    height, width = cost.shape[:2]
    right, left, below, above = (np.zeros_like(cost) for _ in range(4))  # messages that come so
    for _ in range(SWEEPS):
        for x in range(1, width):
            sent = cost[:, x - 1] + right[:, x - 1] + below[:, x - 1] + above[:, x - 1]
            right[:, x] = _message(sent, across[:, x - 1])
        for x in range(width - 2, -1, -1):
            sent = cost[:, x + 1] + left[:, x + 1] + below[:, x + 1] + above[:, x + 1]
            left[:, x] = _message(sent, across[:, x].swapaxes(-1, -2))
        for y in range(1, height):
            sent = cost[y - 1] + below[y - 1] + right[y - 1] + left[y - 1]
            below[y] = _message(sent, down[y - 1])
        for y in range(height - 2, -1, -1):
            sent = cost[y + 1] + above[y + 1] + right[y + 1] + left[y + 1]
            above[y] = _message(sent, down[y].swapaxes(-1, -2))
    return cost + right + left + below + above


def _message(sent: NDArray[np.float32], seam: NDArray[np.float32]) -> NDArray[np.float32]:
    message = sent[:, 0, None] + seam[:, 0]
    for mode in range(1, MODES):
        message = np.minimum(message, sent[:, mode, None] + seam[:, mode])
    return message - np.minimum.reduce([message[:, mode] for mode in range(MODES)])[:, None]
