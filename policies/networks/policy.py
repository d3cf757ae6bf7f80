"""A trained policy, ready to plan. This is what a process that runs policies loads."""

from __future__ import annotations

import time
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from policies.networks.checkpoint import load_network
from policies.networks.policy_network import PolicyNetwork
from policies.observation import KeptRows, ObservationRow, PlannedChunk, check_row
from policies.picture_size import scaled
from policies.policy_facts import PolicyFacts
from policies.policy_layout import CameraLayout, PolicyLayout


class PolicyRunError(RuntimeError):
    """A policy planned what must not be done; the message is one clear sentence."""


class Policy:
    """A trained policy.

    Parameters
    ----------
    network : PolicyNetwork
        In evaluation mode.
    facts : PolicyFacts
    device : str
        ``cpu`` or ``cuda``.
    """

    def __init__(self, network: PolicyNetwork, facts: PolicyFacts, device: str = "cpu") -> None:
        self.facts, self.device = facts, device
        self._network = network.eval().to(device)

    @classmethod
    def load(cls, folder: Path, threads: int | None = None, device: str = "cpu") -> Policy:
        """Read a policy folder.

        Parameters
        ----------
        folder : Path
        threads : int, optional
            Of the whole process; torch's own choice by default.
        device : str

        Raises
        ------
        PolicyFileError
            It is damaged, hostile or none of ours; one sentence.
        """
        if threads is not None:
            torch.set_num_threads(threads)
        network, facts = load_network(folder)
        return cls(network, facts, device)

    @property
    def layout(self) -> PolicyLayout:
        """What its numbers mean."""
        return self.facts.layout

    def plan(
        self,
        rows: Sequence[ObservationRow],
        seed: int,
        kept: KeptRows | None = None,
        sampler_steps: int | None = None,
        hidden: Sequence[str] = (),
    ) -> PlannedChunk:
        """Plan a chunk from the newest rows; the same for the same rows and seed.

        Parameters
        ----------
        rows : sequence of ObservationRow
            Oldest first, ``1 / rate_hz`` apart; the last ones are used, and the first one is
            repeated while there are too few.
        seed : int
            Of the noise.
        kept : KeptRows, optional
            What the chunk must continue.
        sampler_steps : int, optional
            Those of its configuration by default.
        hidden : sequence of str
            Modalities to hide: ``taxels``, ``force``, ``visuotactile``, ``state`` or a camera.

        Raises
        ------
        ObservationError
            What is seen does not fit the policy.
        PolicyRunError
            What was planned is not a number.
        """
        held = None if kept is None else [kept]
        return self.plan_many([rows], [seed], held, sampler_steps, hidden)[0]

    def plan_many(
        self,
        rows: Sequence[Sequence[ObservationRow]],
        seeds: Sequence[int],
        kept: Sequence[KeptRows] | None = None,
        sampler_steps: int | None = None,
        hidden: Sequence[str] = (),
    ) -> list[PlannedChunk]:
        """Plan for several hands at once, as for many simulated ones; see ``plan``."""
        began_s = time.perf_counter()
        seen = self._seen(rows)
        if hidden:
            names = self._network.encoder.modalities
            seen["hidden"] = torch.tensor([[name in hidden for name in names]] * len(rows))
        noise = self._noise(seeds)
        held = None if kept is None else self._kept(kept)
        with torch.inference_mode():
            seen = {name: value.to(self.device) for name, value in seen.items()}
            chunks = self._network.plan(seen, noise.to(self.device), sampler_steps, held)
            expected = self._network.expected_forces(seen)
        found = chunks.float().cpu().numpy()
        felt = None if expected is None else expected.float().cpu().numpy()
        if not np.isfinite(found).all():
            raise PolicyRunError(
                f"policy '{self.facts.name}' planned what is not a number; nothing of it is sent"
            )
        spent_s = (time.perf_counter() - began_s) / len(rows)
        return [
            self._physical(found[at], None if felt is None else felt[at], spent_s)
            for at in range(len(rows))
        ]

    def _physical(self, actions: NDArray, felt: NDArray | None, latency_s: float) -> PlannedChunk:
        layout, normaliser = self.layout, self.facts.normaliser
        values = normaliser.action.physical(actions)
        joints, forces = values[:, : layout.joints], values[:, layout.joints :]
        expected = None if felt is None else np.maximum(felt * normaliser.force.scale[2], 0.0)
        return PlannedChunk(
            joints=joints,
            forces_n=np.maximum(forces, 0.0) if layout.forces_in_action else None,
            expected_forces_n=None if expected is None else expected.astype(np.float64),
            latency_s=latency_s,
        )

    def _noise(self, seeds: Sequence[int]) -> Tensor:
        shape = (self.layout.chunk, len(self.layout.action_names))
        return torch.stack(
            [torch.randn(shape, generator=torch.Generator().manual_seed(seed)) for seed in seeds]
        )

    def _kept(self, kept: Sequence[KeptRows]) -> tuple[Tensor, Tensor]:
        scale = self.facts.normaliser.action
        chunks = torch.from_numpy(np.stack([scale.normalised(one.actions) for one in kept]))
        weight = torch.from_numpy(np.asarray(kept[0].weight, np.float32))
        return chunks.to(self.device), weight.to(self.device)

    def _seen(self, many: Sequence[Sequence[ObservationRow]]) -> dict[str, Tensor]:
        steps = self.layout.observation_steps
        samples = []
        for rows in many:
            if not rows:
                raise ValueError("a policy needs one row at least to plan from")
            last = list(rows[-steps:])
            samples.append([last[0]] * (steps - len(last)) + last)
            for row in {id(row): row for row in last}.values():
                check_row(row, self.layout)
        arrays = observation_arrays(samples, self.facts)
        return {name: torch.from_numpy(value) for name, value in arrays.items()}


def observation_arrays(
    samples: Sequence[Sequence[ObservationRow]], facts: PolicyFacts
) -> dict[str, NDArray]:
    """Normalised arrays of rows, as ``Windows.batch`` gives them, centrally cropped.

    Parameters
    ----------
    samples : sequence of sequences of ObservationRow
        As many rows each as the policy sees.
    facts : PolicyFacts
    """
    layout, normaliser = facts.layout, facts.normaliser
    found: dict[str, NDArray] = {}

    def stacked(value) -> NDArray:
        return np.stack([np.stack([value(row) for row in rows]) for rows in samples])

    if layout.state_names:
        found["state"] = normaliser.state.normalised(stacked(lambda row: _state(row, layout)))
    if layout.taxels_per_pad:
        found["taxels"] = normaliser.taxels.normalised(stacked(lambda row: row.taxels))
    if layout.force:
        force = normaliser.force.normalised(stacked(lambda row: row.force))
        found["force"] = force.reshape(*force.shape[:2], -1)
    for camera in layout.pictures:
        found[camera.stream] = stacked(lambda row, camera=camera: _cropped(row, camera))
    return found


def _state(row: ObservationRow, layout: PolicyLayout) -> NDArray:
    parts = ([row.joints] if layout.state else []) + ([row.velocity] if layout.velocity else [])
    return np.concatenate(parts)


def _cropped(row: ObservationRow, camera: CameraLayout) -> NDArray[np.uint8]:
    picture = scaled(row.pictures[camera.stream], camera.size)
    (width, height), (across, down) = camera.size, camera.crop
    x, y = (width - across) // 2, (height - down) // 2
    return np.ascontiguousarray(picture[y : y + down, x : x + across])
