"""A 1-D U-Net over the rows of a chunk, conditioned by FiLM (Diffusion Policy, arXiv 2303.04137).

Every residual block is scaled and shifted, channel by channel, by what was seen and by the place in
the diffusion (FiLM, arXiv 1709.07871). The published code leaves the shortcut at full resolution
unused; here it is used, because noise that changes from row to row has to get past the middle.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn

KERNEL = 5
GROUPS = 8


class StepEmbedding(nn.Module):
    """Sines and cosines of the place in the diffusion, then two linear layers."""

    def __init__(self, size: int) -> None:
        super().__init__()
        half = size // 2
        rates = torch.exp(-math.log(10_000.0) * torch.arange(half) / max(1, half - 1))
        self.register_buffer("rates", rates, persistent=False)
        self.layers = nn.Sequential(
            nn.Linear(2 * half, 4 * size), nn.Mish(), nn.Linear(4 * size, size)
        )

    def forward(self, place: Tensor) -> Tensor:
        angles = place[:, None] * self.rates[None]
        return self.layers(torch.cat((angles.sin(), angles.cos()), dim=1))


class _Convolution(nn.Sequential):
    def __init__(self, channels_in: int, channels: int) -> None:
        super().__init__(
            nn.Conv1d(channels_in, channels, KERNEL, padding=KERNEL // 2),
            nn.GroupNorm(GROUPS, channels),
            nn.Mish(),
        )


class FilmBlock(nn.Module):
    """Two convolutions with a shortcut; the condition scales and shifts between them."""

    def __init__(self, channels_in: int, channels: int, condition: int) -> None:
        super().__init__()
        self.first = _Convolution(channels_in, channels)
        self.second = _Convolution(channels, channels)
        self.film = nn.Sequential(nn.Mish(), nn.Linear(condition, 2 * channels))
        self.shortcut = (
            nn.Conv1d(channels_in, channels, 1) if channels_in != channels else nn.Identity()
        )

    def forward(self, x: Tensor, condition: Tensor) -> Tensor:
        scale, shift = self.film(condition)[..., None].chunk(2, dim=1)
        return self.second((1 + scale) * self.first(x) + shift) + self.shortcut(x)


class ConditionalUnet(nn.Module):
    """What to change in a chunk ``(B, T, A)`` at a place of the diffusion, given what was seen.

    Parameters
    ----------
    action_size, condition_size : int
        A, and the width of what was seen.
    channels : tuple of int
        Level by level; T must be divisible by ``2 ** (len(channels) - 1)``.
    step_size : int
        Of the embedding of the place.
    """

    def __init__(
        self, action_size: int, condition_size: int, channels: tuple[int, ...], step_size: int
    ) -> None:
        super().__init__()
        self.place = StepEmbedding(step_size)
        width = condition_size + step_size
        levels = list(zip((action_size, *channels), channels, strict=False))
        self.down = nn.ModuleList()
        for level, (before, after) in enumerate(levels):
            last = level == len(levels) - 1
            self.down.append(
                nn.ModuleList(
                    (
                        FilmBlock(before, after, width),
                        FilmBlock(after, after, width),
                        nn.Identity() if last else nn.Conv1d(after, after, 3, 2, 1),
                    )
                )
            )
        deepest = channels[-1]
        self.middle = nn.ModuleList([FilmBlock(deepest, deepest, width) for _ in range(2)])
        self.up = nn.ModuleList()
        for before, after in reversed(list(zip(channels[:-1], channels[1:], strict=True))):
            self.up.append(
                nn.ModuleList(
                    (
                        FilmBlock(2 * after, before, width),
                        FilmBlock(before, before, width),
                        nn.ConvTranspose1d(before, before, 4, 2, 1),
                    )
                )
            )
        self.last = FilmBlock(2 * channels[0], channels[0], width)
        self.out = nn.Conv1d(channels[0], action_size, 1)

    def forward(self, chunk: Tensor, place: Tensor, condition: Tensor) -> Tensor:
        """Return ``(B, T, A)``.

        Parameters
        ----------
        chunk : (B, T, A) tensor
        place : (B,) tensor
            Step of the diffusion, or time of the flow times ``noise_steps``.
        condition : (B, C) tensor
        """
        given = torch.cat((self.place(place.to(condition.dtype)), condition), dim=1)
        x = chunk.transpose(1, 2)
        kept: list[Tensor] = []
        for first, second, smaller in self.down:
            x = second(first(x, given), given)
            kept.append(x)
            x = smaller(x)
        for block in self.middle:
            x = block(x, given)
        for first, second, larger in self.up:
            x = larger(second(first(torch.cat((x, kept.pop()), dim=1), given), given))
        x = self.last(torch.cat((x, kept.pop()), dim=1), given)
        return self.out(x).transpose(1, 2)
