"""Statistics of a column over an episode, and of many episodes from those of each.

Numeric columns: exact within the episode. Pictures: at most ``SAMPLED_PICTURES`` evenly spread ones
through a histogram of their 256 values, exact for those, scaled to 0 to 1.

Merged over episodes, ``min``, ``max``, ``count``, ``mean`` and ``std`` are exact (the parallel
variance of Chan, Golub and LeVeque, 1983). Quantiles cannot be merged: ``q01`` and ``q10`` are the
smallest, ``q90`` and ``q99`` the largest of any episode, so they bound the true ones; ``q50`` is
the mean of the medians weighted by rows.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

QUANTILES = {"q01": 0.01, "q10": 0.10, "q50": 0.50, "q90": 0.90, "q99": 0.99}
SAMPLED_PICTURES = 100
SAMPLED_SIDE_PX = 160  # larger pictures are looked at with a stride

Stats = dict[str, NDArray[np.float64]]


def column_stats(data: NDArray) -> Stats:
    """Return the statistics of a column.

    Parameters
    ----------
    data : (N, D) array
        Numbers or booleans, at least one row.

    Returns
    -------
    dict of str to (D,) float64 array
        ``min max mean std q01 q10 q50 q90 q99``, and ``count`` of shape (1,).
    """
    values = data.astype(np.float64)
    quantiles = np.quantile(values, list(QUANTILES.values()), axis=0)
    return {
        "min": values.min(axis=0),
        "max": values.max(axis=0),
        "mean": values.mean(axis=0),
        "std": values.std(axis=0),
        "count": np.array([len(values)], np.float64),
        **dict(zip(QUANTILES, quantiles, strict=True)),
    }


class PictureStats:
    """Gathers the values of an episode's pictures.

    Parameters
    ----------
    count : int
        How many pictures will be shown.
    """

    def __init__(self, count: int) -> None:
        wanted = np.linspace(0, count - 1, min(count, SAMPLED_PICTURES))
        self._wanted = frozenset(int(n) for n in np.rint(wanted))
        self._seen = 0
        self._sampled = 0
        self._histogram = np.zeros((3, 256), np.int64)

    def add(self, picture: NDArray[np.uint8]) -> None:
        """Show the next picture, RGB ``(height, width, 3)``."""
        if self._seen in self._wanted:
            stride = max(1, max(picture.shape[:2]) // SAMPLED_SIDE_PX)
            sparse = picture[::stride, ::stride].reshape(-1, 3)
            for channel in range(3):
                self._histogram[channel] += np.bincount(sparse[:, channel], minlength=256)
            self._sampled += 1
        self._seen += 1

    def result(self) -> Stats:
        """Return the statistics per channel, each ``(3, 1, 1)``; ``count`` is of pictures."""
        shade = np.arange(256) / 255.0
        total = self._histogram.sum(axis=1)
        mean = self._histogram @ shade / total
        square = self._histogram @ shade**2 / total
        running = np.cumsum(self._histogram, axis=1)
        found = {
            "min": shade[(running > 0).argmax(axis=1)],
            "max": shade[(running >= total[:, None]).argmax(axis=1)],
            "mean": mean,
            "std": np.sqrt(np.maximum(square - mean**2, 0.0)),
        }
        for name, share in QUANTILES.items():
            found[name] = shade[(running >= share * total[:, None]).argmax(axis=1)]
        shaped: Stats = {name: value.reshape(3, 1, 1) for name, value in found.items()}
        return shaped | {"count": np.array([self._sampled], np.float64)}


def merge_stats(parts: Sequence[Mapping[str, Any]]) -> Stats:
    """Return the statistics over all episodes; see the top of the file for what is exact."""
    stacked = {name: np.array([part[name] for part in parts], np.float64) for name in parts[0]}
    count = stacked["count"].reshape(len(parts), *([1] * (stacked["mean"].ndim - 1)))
    total = count.sum()
    mean = (stacked["mean"] * count).sum(axis=0) / total
    spread = stacked["std"] ** 2 + (stacked["mean"] - mean) ** 2
    return {
        "min": stacked["min"].min(axis=0),
        "max": stacked["max"].max(axis=0),
        "mean": mean,
        "std": np.sqrt((spread * count).sum(axis=0) / total),
        "count": np.array([total]),
        "q01": stacked["q01"].min(axis=0),
        "q10": stacked["q10"].min(axis=0),
        "q50": (stacked["q50"] * count).sum(axis=0) / total,
        "q90": stacked["q90"].max(axis=0),
        "q99": stacked["q99"].max(axis=0),
    }


def stats_as_json(stats: Mapping[str, NDArray]) -> dict[str, Any]:
    """Return statistics as nested lists; counts as integers."""
    return {
        name: [int(n) for n in value] if name == "count" else value.tolist()
        for name, value in stats.items()
    }
