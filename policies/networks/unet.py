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
FEW_ROWS = 64  # rows of all chunks together


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


class RowConvolution(nn.Conv1d):
    """A 1-D convolution that becomes one matrix product where few rows are planned.

    For a single chunk the library rearranges its weights at every call, which takes five times as
    long as the product itself (512 to 512 channels over 4 rows: 1.15 ms against 0.22 ms on one
    core). While learning, with a whole batch, the library's own way is faster.
    """

    def forward(self, x: Tensor) -> Tensor:
        few = x.shape[0] * x.shape[2] <= FEW_ROWS
        if torch.is_grad_enabled() or not few:
            return super().forward(x)
        (kernel,), (stride,), (padding,) = self.kernel_size, self.stride, self.padding
        windows = nn.functional.pad(x, (padding, padding)).unfold(2, kernel, stride)
        rows = windows.transpose(1, 2).flatten(2)
        out = nn.functional.linear(rows, self.weight.flatten(1), self.bias)
        return out.transpose(1, 2)


class _Convolution(nn.Sequential):
    def __init__(self, channels_in: int, channels: int) -> None:
        super().__init__(
            RowConvolution(channels_in, channels, KERNEL, padding=KERNEL // 2),
            nn.GroupNorm(GROUPS, channels),
            nn.Mish(),
        )


class FilmBlock(nn.Module):
    """Two convolutions with a shortcut; scaled and shifted between them.

    Parameters
    ----------
    channels_in, channels : int
    step_size, condition_size : int
        Widths of the place in the diffusion and of what was seen; they act separately, so that
        what was seen is worked out once for all steps of a sampler.
    """

    def __init__(
        self, channels_in: int, channels: int, step_size: int, condition_size: int
    ) -> None:
        super().__init__()
        self.first = _Convolution(channels_in, channels)
        self.second = _Convolution(channels, channels)
        self.by_step = nn.Linear(step_size, 2 * channels, bias=False)
        self.by_seen = nn.Linear(condition_size, 2 * channels)
        self.shortcut = (
            RowConvolution(channels_in, channels, 1) if channels_in != channels else nn.Identity()
        )

    def forward(self, x: Tensor, film: Tensor) -> Tensor:
        scale, shift = film[..., None].chunk(2, dim=1)
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
        self.mish = nn.Mish()

        def block(before: int, after: int) -> FilmBlock:
            return FilmBlock(before, after, step_size, condition_size)

        levels = list(zip((action_size, *channels), channels, strict=False))
        self.down = nn.ModuleList()
        for level, (before, after) in enumerate(levels):
            last = level == len(levels) - 1
            smaller = nn.Identity() if last else RowConvolution(after, after, 3, 2, 1)
            self.down.append(nn.ModuleList((block(before, after), block(after, after), smaller)))
        deepest = channels[-1]
        self.middle = nn.ModuleList([block(deepest, deepest) for _ in range(2)])
        self.up = nn.ModuleList()
        for before, after in reversed(list(zip(channels[:-1], channels[1:], strict=True))):
            larger = nn.ConvTranspose1d(before, before, 4, 2, 1)
            self.up.append(nn.ModuleList((block(2 * after, before), block(before, before), larger)))
        self.last = block(2 * channels[0], channels[0])
        self.out = RowConvolution(channels[0], action_size, 1)
        self._blocks = [one for one in self.modules() if isinstance(one, FilmBlock)]

    def seen(self, condition: Tensor) -> list[Tensor]:
        """What was seen, ``(B, C)``, as every block takes it; the same for all places."""
        given = self.mish(condition)
        return [block.by_seen(given) for block in self._blocks]

    def forward(self, chunk: Tensor, place: Tensor, seen: list[Tensor]) -> Tensor:
        """Return ``(B, T, A)``.

        Parameters
        ----------
        chunk : (B, T, A) tensor
        place : (B,) tensor
            Step of the diffusion, or time of the flow times ``noise_steps``.
        seen : list of tensor
            Of ``seen``.
        """
        step = self.mish(self.place(place.to(chunk.dtype)))
        pairs = zip(self._blocks, seen, strict=True)
        films = iter([block.by_step(step) + given for block, given in pairs])
        x = chunk.transpose(1, 2)
        kept: list[Tensor] = []
        for first, second, smaller in self.down:
            x = second(first(x, next(films)), next(films))
            kept.append(x)
            x = smaller(x)
        for block in self.middle:
            x = block(x, next(films))
        for first, second, larger in self.up:
            x = torch.cat((x, kept.pop()), dim=1)
            x = larger(second(first(x, next(films)), next(films)))
        x = self.last(torch.cat((x, kept.pop()), dim=1), next(films))
        return self.out(x).transpose(1, 2)
