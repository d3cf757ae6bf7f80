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
    cost = -FREQUENCY_WEIGHT * np.log(np.maximum(modes.shares, np.float32(1e-3)))
    if penalty is not None:
        cost = cost + np.float32(COLOUR_WEIGHT) * penalty
    cost = np.where(there, cost, np.float32(NEVER)).astype(np.float32, copy=False)
    cost[:, ~known] = 0
    chosen = cost.argmin(axis=0)
    open_rows, open_columns = _open_part(there)
    part = (slice(None), open_rows, open_columns)
    if cost[part].size:
        free = _texture(modes)
        chosen[part[1:]] = _settled(cost[part], modes.colours[part], known[part[1:]], free)
    colour = np.take_along_axis(modes.colours, chosen[None, ..., None], axis=0)[0]
    return colour, known


def _open_part(there: NDArray[np.bool_]) -> tuple[slice, slice]:
    """Rows and columns around all pixels with a choice, and one more on every side."""
    choice = there[1]
    rows, columns = np.flatnonzero(choice.any(axis=1)), np.flatnonzero(choice.any(axis=0))
    if not len(rows):
        return slice(0, 0), slice(0, 0)
    return (
        slice(max(0, rows[0] - 1), rows[-1] + 2),
        slice(max(0, columns[0] - 1), columns[-1] + 2),
    )


def _settled(
    cost: NDArray[np.float32],
    colours: NDArray[np.float32],
    known: NDArray[np.bool_],
    free: float,
) -> NDArray[np.int64]:
    """Mode of every pixel ``(height, width)`` after sweeps right and left, down and up.

    Arrays are laid out ``(line, mode, along)``, the line being what a sweep goes over. The two
    ways of a sweep do not use each other's messages and run side by side.
    """
    seams = _seams(colours, known, 2, free), _seams(colours, known, 1, free)
    own = (
        np.ascontiguousarray(cost.transpose(2, 0, 1)),
        np.ascontiguousarray(cost.transpose(1, 0, 2)),
    )
    from_sides = np.zeros((2, *own[0].shape), np.float32)
    from_ends = np.zeros((2, *own[1].shape), np.float32)
    for _ in range(SWEEPS):
        _sweep(own[0] + (from_ends[0] + from_ends[1]).transpose(2, 1, 0), seams[0], from_sides)
        _sweep(own[1] + (from_sides[0] + from_sides[1]).transpose(2, 1, 0), seams[1], from_ends)
    belief = own[1] + from_ends[0] + from_ends[1]
    belief += (from_sides[0] + from_sides[1]).transpose(2, 1, 0)
    return belief.argmin(axis=1)


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
    """Cost of every pair of modes of neighbouring lines along ``axis``, both ways.

    Returns
    -------
    (lines - 1, 2, MODES, MODES, along) float32 array
        Sending mode first; the second way starts at the last line.
    """
    lines = np.ascontiguousarray(np.moveaxis(colours, axis, 0).transpose(0, 3, 1, 2))
    one, other = lines[:-1, :, :, None], lines[1:, :, None]
    step = np.abs(one[:, 0] - other[:, 0])
    for channel in (1, 2):
        np.maximum(step, np.abs(one[:, channel] - other[:, channel]), out=step)
    seen = np.moveaxis(known, axis - 1, 0)
    step -= np.float32(free)
    np.clip(step, 0, np.float32(SEAM_MOST), out=step)
    step *= (seen[:-1] & seen[1:])[:, None, None]
    return np.stack([step, step[::-1].swapaxes(1, 2)], axis=1)


def _sweep(
    cost: NDArray[np.float32], seams: NDArray[np.float32], messages: NDArray[np.float32]
) -> None:
    """Fill ``messages`` ``(2, lines, MODES, along)``: those that come from before and after."""
    both_ways = np.stack([cost, cost[::-1]], axis=1)
    sent = both_ways[0]
    for line in range(1, len(cost)):
        arriving = (sent[:, :, None] + seams[line - 1]).min(axis=1)
        arriving -= arriving.min(axis=1, keepdims=True)
        messages[0, line] = arriving[0]
        messages[1, -1 - line] = arriving[1]
        sent = both_ways[line] + arriving
