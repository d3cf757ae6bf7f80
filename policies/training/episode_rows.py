"""One episode as rows on the policy's clock: what was seen at a row, and what was done a row later.

Row ``k`` is at ``k / rate_hz`` seconds after the first sample. What is seen is held: the newest
sample at or before the row, which is what a running policy has (``recorder.align``). Joints of the
action are interpolated at the next row, forces are the nearest ones; taxels and pictures are never
interpolated. A row is usable only if everything in it is there and young enough.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from devices.requests import Source
from policies.data_account import TrainingError
from policies.picture_size import scaled
from policies.policy_config import CameraChoice, PolicyConfig
from policies.policy_layout import TRUTH_SUFFIX, PolicyLayout
from policies.training.selection import ChosenEpisode, numeric_streams
from recorder.align import Policy, pick_samples
from recorder.cleaning.place import CleanError
from recorder.cleaning.result import open_cleaned
from recorder.dataset import Dataset
from recorder.episode import Episode

CONTROL = "supervisor/control"
PEOPLE = (Source.KINESTHETIC, Source.EXOSKELETON, Source.KEYBOARD)
HELD: dict[str, Policy] = {
    "joints": "hold",
    "taxels": "hold",
    "force": "hold",
    "image": "hold",
    "visuotactile": "hold",
}
PLANNED: dict[str, Policy] = {"joints": "interpolate", "force": "nearest"}


@dataclass(frozen=True)
class EpisodeRows:
    """Rows of one episode, in physical units.

    Attributes
    ----------
    number : int
        Of the episode.
    state : (N, Ds) float32 array
        As ``PolicyLayout.state_names``.
    force : (N, P, 3) float32 array
        N; no pads without touch.
    taxels : (N, P, T, 3) float32 array
        N; no taxels where the policy sees none.
    action : (N, J) float32 array
        Joints one row later, rad or m.
    force_ahead : (N, P) float32 array
        Normal force per pad one row later, N.
    weight : (N,) float32 array
        How much a row counts as something to do.
    seen, done : (N,) bool array
        Whether what is seen at the row, and what is done after it, is really there.
    pictures : mapping of str to (N, H, W, 3) uint8 array
        By stream, made to their size and not yet cropped.
    """

    number: int
    state: NDArray[np.float32]
    force: NDArray[np.float32]
    taxels: NDArray[np.float32]
    action: NDArray[np.float32]
    force_ahead: NDArray[np.float32]
    weight: NDArray[np.float32]
    seen: NDArray[np.bool_]
    done: NDArray[np.bool_]
    pictures: dict[str, NDArray[np.uint8]]

    def __len__(self) -> int:
        return len(self.state)


def read_rows(
    dataset: Dataset, chosen: ChosenEpisode, config: PolicyConfig, layout: PolicyLayout
) -> EpisodeRows:
    """Read one episode.

    Raises
    ------
    TrainingError
        A value is not a number, or a picture cannot be read; the sentence names where.
    """
    with Episode(chosen.path) as episode:
        try:
            return _Reader(dataset, chosen, config, layout, episode).rows()
        except CleanError as error:
            raise TrainingError(f"episode {chosen.number}: {error}") from None
        except (KeyError, OSError) as error:
            said = error.args[0] if isinstance(error, KeyError) else error
            raise TrainingError(f"episode {chosen.number} cannot be read: {said}") from None


class _Reader:
    def __init__(
        self,
        dataset: Dataset,
        chosen: ChosenEpisode,
        config: PolicyConfig,
        layout: PolicyLayout,
        episode: Episode,
    ) -> None:
        self._dataset, self._chosen, self._config = dataset, chosen, config
        self._layout, self._episode = layout, episode
        rate = layout.rate_hz
        count = int(np.floor(episode.duration_s * rate)) + 1
        self._time_s = np.arange(count) / rate

    def rows(self) -> EpisodeRows:
        layout, episode = self._layout, self._episode
        sides = tuple(layout.hands)
        names = [name for side in sides for name in numeric_streams(layout, side)]
        policy = {**HELD, **self._config.alignment}
        limit_s = self._config.max_age_s
        now = episode.aligned(float(layout.rate_hz), names, policy, limit_s)
        later_names = [name for name in names if name.rpartition("/")[2] != "taxels"]
        later = episode.aligned(float(layout.rate_hz), later_names, PLANNED, limit_s)
        count = min(len(self._time_s), min(len(one.data) for one in now.values()))
        seen, done = np.ones(count, bool), np.ones(count, bool)
        for name, one in now.items():
            if self._is_seen(name):
                seen &= one.valid[:count]
            self._check(name, one.data)
        action_name = "joints_sent" if layout.action == "sent" else "joints_measured"
        for name, one in later.items():
            quantity = name.rpartition("/")[2]
            if quantity == action_name or (quantity == "fingertip_force" and layout.pads):
                done &= one.valid[:count]

        def side_by_side(found: dict, quantity: str) -> NDArray[np.float32]:
            parts = [
                found[f"{side}/{quantity}"].data[:count].astype(np.float32)
                for side in sides
                if f"{side}/{quantity}" in found
            ]
            return np.concatenate(parts, axis=1) if parts else np.zeros((count, 0), np.float32)

        states = [np.zeros((count, 0), np.float32)]
        if layout.state:
            states.append(side_by_side(now, "joints_measured"))
        if layout.velocity:
            states.append(side_by_side(now, "joints_velocity_measured"))
        pads = len(layout.pads)
        force = side_by_side(now, "fingertip_force").reshape(count, pads, 3)
        ahead = side_by_side(later, "fingertip_force").reshape(count, pads, 3)[..., 2]
        per_pad = layout.taxels_per_pad
        taxels = side_by_side(now, "taxels").reshape(count, pads if per_pad else 0, per_pad, 3)
        pictures = {}
        for choice in (*(self._config.cameras or ()), *(self._config.visuotactile or ())):
            pictures[choice.stream], valid = self._pictures(choice, count, policy)
            seen &= valid
        inside = (self._time_s[:count] >= self._chosen.start_s) & (
            self._time_s[:count] < self._chosen.stop_s
        )
        keep = slice(0, count - 1)  # the last row has nothing after it
        return EpisodeRows(
            number=self._chosen.number,
            state=np.concatenate(states, axis=1)[keep]
            if states
            else np.zeros((count - 1, 0), "f4"),
            force=force[keep],
            taxels=taxels[keep],
            action=side_by_side(later, action_name)[1:],
            force_ahead=np.maximum(ahead[1:], 0.0),
            weight=self._weights(count)[1:],
            seen=(seen & inside)[keep],
            done=(done & inside)[1:],
            pictures={name: value[keep] for name, value in pictures.items()},
        )

    def _is_seen(self, name: str) -> bool:
        quantity = name.rpartition("/")[2]
        layout = self._layout
        return {
            "joints_measured": layout.state,
            "joints_velocity_measured": layout.velocity,
            "fingertip_force": layout.force,
            "taxels": layout.taxels_per_pad > 0,
        }.get(quantity, False)

    def _check(self, name: str, data: NDArray) -> None:
        bad = ~np.isfinite(data.reshape(len(data), -1)).all(axis=1)
        if bad.any():
            at_s = np.flatnonzero(bad)[0] / self._layout.rate_hz
            raise TrainingError(
                f"episode {self._chosen.number}: '{name}' is not a number at {at_s:.2f} s; reject "
                "the episode in Review or trim that part"
            )

    def _weights(self, count: int) -> NDArray[np.float32]:
        weight = np.ones(count, np.float32)
        if str(self._episode.attributes["operator_source"]) != "policy":
            return weight
        control = self._episode.streams.get(CONTROL)
        if control is None or not len(control):
            return weight * np.float32(self._config.policy_weight)
        rate = float(self._layout.rate_hz)
        authority = self._episode.aligned(rate, [CONTROL])[CONTROL].data[:count, 1]
        weight[authority == Source.POLICY] = self._config.policy_weight
        weight[np.isin(authority, PEOPLE)] = self._config.intervention_weight
        return weight

    def _pictures(
        self, choice: CameraChoice, count: int, policy: dict[str, Policy]
    ) -> tuple[NDArray[np.uint8], NDArray[np.bool_]]:
        name = choice.stream + (TRUTH_SUFFIX if choice.source == "truth" else "")
        stream = self._episode.stream(name)
        how = policy.get(choice.stream, policy.get(stream.spec.kind, "hold"))
        if how == "interpolate":
            raise TrainingError(f"pictures of '{choice.stream}' cannot be interpolated; use hold")
        width, height = choice.size
        out = np.empty((count, height, width, 3), np.uint8)
        if choice.source == "cleaned":
            with open_cleaned(self._dataset, self._chosen.uuid, choice.stream) as video:
                at_s = (video.stamp_ns - self._episode.start_stamp_ns) / 1e9
                index, _, valid = pick_samples(
                    at_s, self._time_s[:count], how, self._config.max_age_s
                )
                self._fill(out, index, video.image, choice.stream)
        else:
            index, _, valid = pick_samples(
                stream.time_s, self._time_s[:count], how, self._config.max_age_s
            )
            self._fill(out, index, stream.frame, name)
        return out, valid

    def _fill(self, out: NDArray[np.uint8], index: NDArray[np.int64], frame, name: str) -> None:
        shown = -1
        for row, wanted in enumerate(index):
            if wanted == shown:
                out[row] = out[row - 1]
                continue
            shown = int(wanted)
            try:
                out[row] = scaled(frame(shown), (out.shape[2], out.shape[1]))
            except (OSError, ValueError) as error:
                raise TrainingError(
                    f"episode {self._chosen.number}: picture {shown} of '{name}' cannot be read "
                    f"({error}); leave the episode or the camera out"
                ) from None


def cached_bytes(paths: list[Path], config: PolicyConfig, layout: PolicyLayout) -> int:
    """Memory the rows of these episodes will take, bytes."""
    pictures = sum(3 * one.size[0] * one.size[1] for one in layout.pictures)
    pads = len(layout.pads)
    numbers = len(layout.state_names) + layout.joints + pads * (4 + 3 * layout.taxels_per_pad)
    total = 0
    for path in paths:
        with Episode(path) as episode:
            total += round(episode.duration_s * layout.rate_hz) * (pictures + 4 * numbers)
    return total
