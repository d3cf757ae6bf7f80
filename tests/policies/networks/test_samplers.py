"""Samplers turn noise into the distribution they were given, and keep what is decided."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor

from policies.networks.samplers import Kept, ddim, ddim_places, flow, noised, squared_cosine

MEANS, SIGMA, WEIGHTS = (-0.6, 0.5), 0.1, (0.3, 0.7)
STEPS = 100


def posterior(x: Tensor, signal: Tensor, noise: Tensor) -> tuple[Tensor, Tensor]:
    """Exact mean of the clean value and of the noise in ``x`` for the mixture of two normals."""
    spread = (signal * SIGMA) ** 2 + noise**2
    logs, means = [], []
    for mean, weight in zip(MEANS, WEIGHTS, strict=True):
        away = x - signal * mean
        logs.append(torch.log(torch.tensor(weight)) - 0.5 * away**2 / spread)
        means.append(mean + signal * SIGMA**2 / spread * away)
    share = torch.softmax(torch.stack(logs), dim=0)
    clean = (share * torch.stack(means)).sum(dim=0)
    return clean, (x - signal * clean) / noise


def drawn(kind: str, steps: int, count: int = 4000) -> Tensor:
    first = torch.randn((count, 1, 1), generator=torch.Generator().manual_seed(0))
    shares = squared_cosine(STEPS)
    if kind == "ddim":

        def noise_in(x: Tensor, place: Tensor) -> Tensor:
            share = shares[place[0].long()].float()
            return posterior(x, share.sqrt(), (1 - share).sqrt())[1]

        return ddim(noise_in, first, shares, steps).flatten()

    def velocity(x: Tensor, place: Tensor) -> Tensor:
        time = place[0] / STEPS
        clean, noise = posterior(x, time, 1 - time)
        return clean - noise

    return flow(velocity, first, float(STEPS), steps).flatten()


@pytest.mark.parametrize("kind", ["ddim", "flow"])
def test_sampler_recovers_a_mixture_of_two_normals(kind: str):
    values = drawn(kind, 100)
    right = values > 0
    assert float(right.float().mean()) == pytest.approx(WEIGHTS[1], abs=0.03)
    for side, mean in ((~right, MEANS[0]), (right, MEANS[1])):
        assert float(values[side].mean()) == pytest.approx(mean, abs=0.02)
        assert float(values[side].std()) == pytest.approx(SIGMA, abs=0.02)


@pytest.mark.parametrize(("kind", "steps"), [("ddim", 10), ("flow", 4)])
def test_few_steps_still_choose_a_mode_and_not_the_middle(kind: str, steps: int):
    values = drawn(kind, steps)
    lost = ((values > -0.3) & (values < 0.2)).float().mean()
    assert float(lost) < 0.15, "one normal of the same mean and spread has 0.4 of itself there"


def test_ddim_begins_at_the_noisiest_step_and_ends_at_the_first():
    assert ddim_places(100, 10)[0] == 99
    assert ddim_places(100, 10)[-1] == 0
    assert ddim_places(4, 10) == [3, 2, 1, 0]


def test_share_of_the_signal_falls_from_almost_all_to_almost_none():
    shares = squared_cosine(100)
    assert float(shares[0]) > 0.999
    assert float(shares[-1]) < 1e-4
    assert bool((shares[1:] < shares[:-1]).all())


def test_noised_chunk_keeps_unit_variance():
    generator = torch.Generator().manual_seed(0)
    chunk = torch.randn((5000, 2, 1), generator=generator)
    noise = torch.randn((5000, 2, 1), generator=generator)
    x = noised(chunk, noise, torch.full((5000,), 50), squared_cosine(100))
    assert float(x.std()) == pytest.approx(1.0, abs=0.02)


@pytest.mark.parametrize("kind", ["ddim", "flow"])
def test_limits_hold_what_is_sampled(kind: str):
    noise = torch.randn((64, 4, 2), generator=torch.Generator().manual_seed(1)) * 5
    limits = (torch.tensor([-0.5, -0.1]), torch.tensor([0.5, 0.1]))

    def nothing(x: Tensor, place: Tensor) -> Tensor:
        return torch.zeros_like(x)

    if kind == "ddim":
        found = ddim(nothing, noise, squared_cosine(10), 5, limits)
    else:
        found = flow(nothing, noise, 10.0, 4, limits)
    assert bool((found <= limits[1] + 1e-6).all())
    assert bool((found >= limits[0] - 1e-6).all())


@pytest.mark.parametrize("kind", ["ddim", "flow"])
def test_rows_already_decided_stay_exactly_as_they_are(kind: str):
    noise = torch.randn((3, 8, 2), generator=torch.Generator().manual_seed(2))
    decided = torch.full((3, 8, 2), 0.25)
    weight = torch.tensor([1.0, 1.0, 0.5, 0, 0, 0, 0, 0])

    def pull(x: Tensor, place: Tensor) -> Tensor:
        return x * 0.1

    kept = Kept(decided, weight, noise)
    if kind == "ddim":
        found = ddim(pull, noise, squared_cosine(20), 10, kept=kept)
        free = ddim(pull, noise, squared_cosine(20), 10)
    else:
        found = flow(pull, noise, 20.0, 4, kept=kept)
        free = flow(pull, noise, 20.0, 4)
    assert torch.equal(found[:, :2], decided[:, :2])
    assert torch.allclose(found[:, 3:], free[:, 3:])
    nearer = (found[:, 2] - 0.25).abs() < (free[:, 2] - 0.25).abs()
    assert bool(nearer.all())
