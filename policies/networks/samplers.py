"""From noise to a chunk: DDIM on predicted noise, and Euler steps of a conditional flow.

Both are a dozen lines of arithmetic; `diffusers` would bring sixteen packages, among them an HTTP
client and a model hub, so these are our own. They are deterministic given the first noise.

A prefix that is already committed stays: at every step it is put back, noised as far as the rest
is, so that the rest continues it (inpainting; real-time chunking, arXiv 2506.07339, freezes the
prefix in the same way).
"""

from __future__ import annotations

import math
from collections.abc import Callable

import torch
from torch import Tensor

Model = Callable[[Tensor, Tensor], Tensor]  # chunk (B, T, A), place (B,) -> (B, T, A)


class Kept:
    """Rows of a chunk that are already decided.

    Parameters
    ----------
    chunk : (B, T, A) tensor
        Normalised; rows of weight 0 are not looked at.
    weight : (T,) tensor
        1 keeps a row exactly, 0 leaves it free; between, it is drawn towards ``chunk``.
    noise : (B, T, A) tensor
        The noise sampling begins with.
    """

    def __init__(self, chunk: Tensor, weight: Tensor, noise: Tensor) -> None:
        self._chunk, self._weight, self._noise = chunk, weight[None, :, None], noise

    def put_back(self, x: Tensor, signal: float, noise: float) -> Tensor:
        """Return ``x`` with the kept rows at ``signal * chunk + noise * noise``."""
        known = signal * self._chunk + noise * self._noise
        return self._weight * known + (1 - self._weight) * x

    def finish(self, x: Tensor) -> Tensor:
        """Return ``x`` with rows of weight 1 exactly as they were decided."""
        return torch.where(self._weight >= 1, self._chunk, x)


def squared_cosine(steps: int) -> Tensor:
    """Share of the signal's variance after each of ``steps`` steps, ``(steps,)`` float64.

    Nichol and Dhariwal, arXiv 2102.09672, equation 17, with betas below 0.999.
    """
    at = torch.arange(steps + 1, dtype=torch.float64) / steps
    share = torch.cos((at + 0.008) / 1.008 * math.pi / 2) ** 2
    betas = (1 - share[1:] / share[:-1]).clamp(max=0.999)
    return torch.cumprod(1 - betas, dim=0)


def ddim_places(steps: int, sampler_steps: int) -> list[int]:
    """Steps of the training diffusion that are visited, from noise to signal."""
    count = min(steps, sampler_steps)
    return [round(place) for place in torch.linspace(steps - 1, 0, count).tolist()]


def noised(chunk: Tensor, noise: Tensor, place: Tensor, shares: Tensor) -> Tensor:
    """Chunk after ``place`` steps of diffusion."""
    share = shares[place].to(chunk.dtype)[:, None, None]
    return share.sqrt() * chunk + (1 - share).sqrt() * noise


def ddim(
    model: Model,
    noise: Tensor,
    shares: Tensor,
    sampler_steps: int,
    limits: tuple[Tensor, Tensor] | None = None,
    kept: Kept | None = None,
) -> Tensor:
    """Sample with the deterministic DDIM (Song et al., arXiv 2010.02502, equation 12, sigma 0).

    Parameters
    ----------
    model : callable
        Predicts the noise.
    noise : (B, T, A) tensor
        Standard normal.
    shares : (N,) tensor
        Of ``squared_cosine``.
    sampler_steps : int
        How many of the N steps are taken.
    limits : pair of (A,) tensors, optional
        The predicted chunk is kept within them at every step.
    kept : Kept, optional
    """
    places = ddim_places(len(shares), sampler_steps)
    x = noise
    for at, place in enumerate(places):
        share = float(shares[place])
        signal, rest = math.sqrt(share), math.sqrt(1 - share)
        if kept is not None:
            x = kept.put_back(x, signal, rest)
        found = model(x, torch.full((len(x),), place, device=x.device))
        clean = (x - rest * found) / signal
        if limits is not None:
            clean = clean.clamp(limits[0], limits[1])
            found = (x - signal * clean) / rest
        after = float(shares[places[at + 1]]) if at + 1 < len(places) else 1.0
        x = math.sqrt(after) * clean + math.sqrt(1 - after) * found
    return x if kept is None else kept.finish(x)


def flow(
    model: Model,
    noise: Tensor,
    scale: float,
    sampler_steps: int,
    limits: tuple[Tensor, Tensor] | None = None,
    kept: Kept | None = None,
) -> Tensor:
    """Sample with Euler steps along a learned velocity (flow matching, arXiv 2210.02747).

    Parameters
    ----------
    model : callable
        Predicts ``chunk - noise`` at ``(1 - t) noise + t chunk``.
    noise, limits, kept
        As for ``ddim``; limits hold at the end.
    scale : float
        The model sees ``t * scale`` as its place.
    sampler_steps : int
        Equal steps of t from 0 to 1.
    """
    x = noise
    for step in range(sampler_steps):
        time = step / sampler_steps
        if kept is not None:
            x = kept.put_back(x, time, 1 - time)
        place = torch.full((len(x),), time * scale, device=x.device)
        x = x + model(x, place) / sampler_steps
    if limits is not None:
        x = x.clamp(limits[0], limits[1])
    return x if kept is None else kept.finish(x)
