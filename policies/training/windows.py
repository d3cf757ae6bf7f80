"""Windows over episodes, all in memory: what was seen, and the chunk that was done after it.

::

    rows      . . . . . x . . . . . .        x: a gap
    runs      [1 2 3 4 5] [1 2 3 4 5 6]      windows lie within one run
    window      s s a a a p p p              seen, action, padding (marked, not learned from)

Before the first row of a run the first one is repeated; after the last one the last action is
repeated and marked as padding.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import psutil
from numpy.typing import NDArray

from policies.data_account import DataAccount, TrainingError
from policies.normaliser import (
    FELT_N,
    FORCE_FLOOR_N,
    TAXEL_FELT_N,
    TAXEL_FLOOR_N,
    Normaliser,
    felt_scale,
    joined,
    no_scale,
    position_scale,
    velocity_scale,
)
from policies.policy_config import PolicyConfig
from policies.policy_layout import PolicyLayout
from policies.training.augmentation import (
    colour_changes,
    crop_places,
    cropped,
    hidden_modalities,
)
from policies.training.episode_rows import EpisodeRows, cached_bytes, read_rows
from policies.training.selection import ChosenEpisode, ChosenEpisodes, choose_episodes
from recorder.dataset import Dataset
from recorder.progress import ProgressMeter, Report, quiet

MEMORY_SHARE = 0.7  # of what is free may be taken by pictures and numbers
TOUCH = ("taxels", "force", "visuotactile")
Batch = dict[str, NDArray]


class Windows:
    """Windows of some episodes.

    Parameters
    ----------
    episodes : sequence of EpisodeRows
    config : PolicyConfig
    layout : PolicyLayout
    normaliser : Normaliser

    Attributes
    ----------
    rows_seen : (W, S) int64 array
        Rows each window sees.
    rows_done : (W, T) int64 array
        Rows of its chunk.
    pad : (W, T) bool array
    """

    def __init__(
        self,
        episodes: Sequence[EpisodeRows],
        config: PolicyConfig,
        layout: PolicyLayout,
        normaliser: Normaliser,
    ) -> None:
        self._config, self._layout = config, layout
        self.rows_seen, self.rows_done, self.pad = _window_rows(episodes, layout)
        self._state = normaliser.state.normalised(_stacked(episodes, "state"))
        self._force = normaliser.force.normalised(_stacked(episodes, "force"))
        self._taxels = normaliser.taxels.normalised(_stacked(episodes, "taxels"))
        ahead = _stacked(episodes, "force_ahead")
        actions = _actions(_stacked(episodes, "action"), ahead, layout)
        self._action = normaliser.action.normalised(actions)
        self._ahead = (ahead / _normal_scale(normaliser)).astype(np.float32)
        self._weight = _stacked(episodes, "weight")
        self._pictures = {
            name: np.concatenate([one.pictures[name] for one in episodes])
            for name in (episodes[0].pictures if episodes else ())
        }
        self.modalities = modalities_of(layout)

    def __len__(self) -> int:
        return len(self.rows_seen)

    @property
    def nbytes(self) -> int:
        """Memory taken, bytes."""
        arrays = (self._state, self._force, self._taxels, self._action, *self._pictures.values())
        return sum(array.nbytes for array in arrays)

    def batch(self, windows: NDArray[np.int64], random: np.random.Generator | None = None) -> Batch:
        """Arrays of some windows, as ``PolicyNetwork`` takes them.

        Parameters
        ----------
        windows : (B,) int array
        random : numpy Generator, optional
            Augments pictures and hides modalities; without it nothing is changed.
        """
        seen, done = self.rows_seen[windows], self.rows_done[windows]
        pad = self.pad[windows]
        found: Batch = {
            "action": self._action[done],
            "pad": pad,
            "weight": self._weight[done],
        }
        if self._layout.pads:
            found["force_ahead"] = self._ahead[done]
        if self._state.shape[1]:
            found["state"] = self._state[seen]
        if self._layout.taxels_per_pad:
            found["taxels"] = self._taxels[seen]
        if self._layout.force:
            found["force"] = self._force[seen].reshape(*seen.shape, -1)
        for camera in self._layout.pictures:
            places = crop_places(camera.size, camera.crop, len(windows), random)
            colours = colour_changes(len(windows), self._config.colour, random)
            pictures = self._pictures[camera.stream]
            found[camera.stream] = cropped(pictures, seen, camera.crop, places, colours)
        if random is not None:
            found["hidden"] = hidden_modalities(
                self.modalities,
                TOUCH,
                len(windows),
                self._config.modality_dropout,
                self._config.camera_dropout,
                random,
            )
        return found


def modalities_of(layout: PolicyLayout) -> tuple[str, ...]:
    """What a policy sees, in the order of ``ObservationEncoder.modalities``."""
    touch = (
        ("taxels", layout.taxels_per_pad > 0),
        ("force", layout.force),
        ("visuotactile", bool(layout.visuotactile)),
    )
    return (
        *(("state",) if layout.state_names else ()),
        *(name for name, there in touch if there),
        *(one.stream for one in layout.cameras),
    )


class BatchOrder:
    """Which windows are in the batch of a step: a shuffle per epoch, a function of the step alone.

    Parameters
    ----------
    windows, batch : int
        How many there are, and per step (over all ranks).
    seed : int
    """

    def __init__(self, windows: int, batch: int, seed: int) -> None:
        self._windows, self.batch, self._seed = windows, min(batch, windows), seed
        self.steps_per_epoch = max(1, windows // self.batch)
        self._epoch, self._order = -1, np.empty(0, np.int64)

    def windows(self, step: int) -> NDArray[np.int64]:
        """Windows of step ``step`` (from 0)."""
        epoch, place = divmod(step, self.steps_per_epoch)
        if epoch != self._epoch:
            self._order = np.random.default_rng((self._seed, 1, epoch)).permutation(self._windows)
            self._epoch = epoch
        return self._order[place * self.batch : (place + 1) * self.batch]

    def random(self, step: int, rank: int = 0) -> np.random.Generator:
        """Random numbers of the augmentation of step ``step``."""
        return np.random.default_rng((self._seed, 2, step, rank))


@dataclass(frozen=True)
class TrainingData:
    """Everything a training reads.

    Attributes
    ----------
    config : PolicyConfig
        With everything automatic written out.
    layout : PolicyLayout
    normaliser : Normaliser
        Of the training episodes alone.
    training, validation : Windows
    account : DataAccount
    """

    config: PolicyConfig
    layout: PolicyLayout
    normaliser: Normaliser
    training: Windows
    validation: Windows
    account: DataAccount


def load_data(
    dataset: Dataset, task: str, config: PolicyConfig, report: Report = quiet
) -> TrainingData:
    """Read the episodes of a task into memory.

    Raises
    ------
    TrainingError
        There is nothing to learn from, it does not go together, holds what is not a number, or
        does not fit into memory.
    """
    chosen = choose_episodes(dataset, task, config, report)
    config, layout = chosen.config, chosen.layout
    both = (*chosen.training, *chosen.validation)
    _check_memory(both, config, layout)
    meter = ProgressMeter(len(both), report)
    rows: dict[int, EpisodeRows] = {}
    for one in both:
        rows[one.number] = read_rows(dataset, one, config, layout)
        meter.advance(1, f"reading episode {one.number}")
    training = [rows[one.number] for one in chosen.training]
    validation = [rows[one.number] for one in chosen.validation]
    normaliser = measure(training, layout)
    found = TrainingData(
        config,
        layout,
        normaliser,
        Windows(training, config, layout, normaliser),
        Windows(validation, config, layout, normaliser),
        _account(dataset, task, chosen, rows),
    )
    for windows, what in ((found.training, "training"), (found.validation, "validation")):
        if not len(windows):
            numbers = chosen.training if what == "training" else chosen.validation
            raise TrainingError(
                f"the {what} episodes ({_listed(numbers)}) have no row without a gap; record them "
                f"again, or raise max_age_s above {config.max_age_s:g} s"
            )
    account = found.account.model_copy(
        update={
            "windows": len(found.training),
            "validation_windows": len(found.validation),
        }
    )
    return TrainingData(config, layout, normaliser, found.training, found.validation, account)


def measure(episodes: Sequence[EpisodeRows], layout: PolicyLayout) -> Normaliser:
    """Statistics of the usable rows of some episodes.

    Raises
    ------
    TrainingError
        There is no usable row.
    """
    seen = np.concatenate([one.seen for one in episodes])
    done = np.concatenate([one.done for one in episodes])
    if not seen.any() or not done.any():
        raise TrainingError(
            f"episodes {', '.join(str(one.number) for one in episodes)} have no usable row: a "
            "stream has a gap everywhere; look at them in Review, or raise max_age_s"
        )
    state = _stacked(episodes, "state")[seen]
    parts = []
    if layout.state:
        parts.append(position_scale(state[:, : layout.joints]))
    if layout.velocity:
        parts.append(velocity_scale(state[:, -layout.joints :]))
    ahead = _stacked(episodes, "force_ahead")[done]
    action = [position_scale(_stacked(episodes, "action")[done])]
    if layout.forces_in_action:
        action.append(felt_scale(ahead, FELT_N, FORCE_FLOOR_N))
    force, taxels = _stacked(episodes, "force")[seen], _stacked(episodes, "taxels")[seen]
    return Normaliser(
        state=joined(parts) if parts else no_scale(),
        action=joined(action),
        force=_axes(force, FELT_N, FORCE_FLOOR_N),
        taxels=_axes(taxels, TAXEL_FELT_N, TAXEL_FLOOR_N),
    )


def _axes(values: NDArray, felt: float, floor: float):
    flat = values.reshape(-1, 3)
    return felt_scale(flat if len(flat) else np.zeros((1, 3)), felt, floor)


def _normal_scale(normaliser: Normaliser) -> float:
    return normaliser.force.scale[2]


def _actions(joints: NDArray, ahead: NDArray, layout: PolicyLayout) -> NDArray:
    return np.concatenate([joints, ahead], axis=1) if layout.forces_in_action else joints


def _stacked(episodes: Sequence[EpisodeRows], name: str) -> NDArray:
    return np.concatenate([getattr(one, name) for one in episodes])


def _window_rows(
    episodes: Sequence[EpisodeRows], layout: PolicyLayout
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.bool_]]:
    seen: list[NDArray[np.int64]] = []
    done: list[NDArray[np.int64]] = []
    pad: list[NDArray[np.bool_]] = []
    back = np.arange(1 - layout.observation_steps, 1)
    ahead = np.arange(layout.chunk)
    first_row = 0
    for one in episodes:
        for start, stop in runs(one.seen & one.done):
            at = np.arange(start, stop)
            rows = at[:, None] + ahead
            learned = (one.weight[np.minimum(rows, stop - 1)] * (rows < stop)).any(axis=1)
            at, rows = at[learned], rows[learned]
            seen.append(first_row + np.maximum(at[:, None] + back, start))
            done.append(first_row + np.minimum(rows, stop - 1))
            pad.append(rows >= stop)
        first_row += len(one)
    if not seen:
        return (
            np.empty((0, layout.observation_steps), np.int64),
            np.empty((0, layout.chunk), np.int64),
            np.empty((0, layout.chunk), bool),
        )
    return np.concatenate(seen), np.concatenate(done), np.concatenate(pad)


def runs(usable: NDArray[np.bool_]) -> list[tuple[int, int]]:
    """Stretches of usable rows, ``(start, stop)``, half-open."""
    edges = np.flatnonzero(np.diff(np.concatenate(([False], usable, [False])).astype(np.int8)))
    return [(int(start), int(stop)) for start, stop in edges.reshape(-1, 2)]


def _check_memory(
    chosen: Sequence[ChosenEpisode], config: PolicyConfig, layout: PolicyLayout
) -> None:
    needed = 2 * cached_bytes([one.path for one in chosen], config, layout)  # once more to join
    free = psutil.virtual_memory().available
    if needed > MEMORY_SHARE * free:
        raise TrainingError(
            f"the rows of {len(chosen)} episodes need about {needed / 1e9:.1f} GB of memory and "
            f"{free / 1e9:.1f} GB are free; choose smaller pictures, fewer cameras or a lower rate"
        )


def _account(
    dataset: Dataset, task: str, chosen: ChosenEpisodes, rows: Mapping[int, EpisodeRows]
) -> DataAccount:
    return DataAccount(
        dataset=dataset.uuid,
        hash=chosen.hash,
        task=task,
        training=tuple(one.number for one in chosen.training),
        validation=tuple(one.number for one in chosen.validation),
        left_out=chosen.left_out,
        rows=sum(len(one) for one in rows.values()),
        gap_rows=sum(int((~(one.seen & one.done)).sum()) for one in rows.values()),
        seconds=round(
            sum(len(rows[one.number]) for one in chosen.training) / chosen.layout.rate_hz, 2
        ),
    )


def _listed(chosen: Sequence[ChosenEpisode]) -> str:
    return ", ".join(str(one.number) for one in chosen[:5]) + (", ..." if len(chosen) > 5 else "")
