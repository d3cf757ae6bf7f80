"""The network of a policy: what was seen in, a chunk of normalised actions out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from policies.networks.act import ActHead, features_and_maps, kl_divergence
from policies.networks.observation_encoder import Observation, ObservationEncoder
from policies.networks.samplers import Kept, ddim, flow, noised, squared_cosine
from policies.networks.sizes import SIZES
from policies.networks.unet import ConditionalUnet
from policies.normaliser import Normaliser
from policies.policy_config import PolicyConfig
from policies.policy_layout import PolicyLayout

LIMIT_MARGIN = 0.05  # of the normalised range beyond what was demonstrated
FORCE_HIDDEN = 128


@dataclass(frozen=True)
class Draws:
    """Random numbers of one training step, drawn before so that they do not depend on the device.

    Attributes
    ----------
    noise : (B, T, A) tensor
        Standard normal.
    place : (B,) tensor
        Uniform in [0, 1): place of the diffusion or time of the flow.
    latent : (B, L) tensor
        Standard normal.
    """

    noise: Tensor
    place: Tensor
    latent: Tensor


class PolicyNetwork(nn.Module):
    """Network of one policy.

    Parameters
    ----------
    config : PolicyConfig
        Resolved.
    layout : PolicyLayout
    normaliser : Normaliser
        Its range of actions limits what is sampled.
    """

    def __init__(self, config: PolicyConfig, layout: PolicyLayout, normaliser: Normaliser) -> None:
        super().__init__()
        self.config, self.layout = config, layout
        self.action_size = len(layout.action_names)
        sizes = SIZES[config.size]
        self.latent = sizes.latent
        self.encoder = ObservationEncoder(layout, sizes)
        self.unet: ConditionalUnet | None = None
        self.act: ActHead | None = None
        if config.kind == "act":
            self.act = ActHead(layout, self.encoder, sizes, self.action_size)
        else:
            self.unet = ConditionalUnet(
                self.action_size, self.encoder.size, sizes.unet, sizes.step_embedding
            )
        self.force_head: nn.Module | None = None
        if config.future_force_weight > 0 and layout.pads:
            self.force_head = nn.Sequential(
                nn.Linear(self.encoder.size, FORCE_HIDDEN),
                nn.ReLU(),
                nn.Linear(FORCE_HIDDEN, layout.chunk * len(layout.pads)),
            )
        low = torch.tensor(normaliser.action.low) - LIMIT_MARGIN
        high = torch.tensor(normaliser.action.high) + LIMIT_MARGIN
        self.register_buffer("low", low, persistent=False)
        self.register_buffer("high", high, persistent=False)
        shares = squared_cosine(config.noise_steps)
        self.register_buffer("shares", shares, persistent=False)

    def draws(self, batch: int, generator: torch.Generator) -> Draws:
        """Random numbers for a batch; the same for the same state of ``generator``."""
        shape = (batch, self.layout.chunk, self.action_size)
        return Draws(
            torch.randn(shape, generator=generator),
            torch.rand(batch, generator=generator),
            torch.randn((batch, self.latent), generator=generator),
        )

    def forward(self, batch: Mapping[str, Tensor], draws: Draws) -> dict[str, Tensor]:
        """Return ``loss`` and its parts, each a scalar.

        Parameters
        ----------
        batch : mapping
            What was seen (see ``ObservationEncoder``), ``action (B, T, A)`` normalised, ``pad
            (B, T)`` bool for rows that are not there, ``weight (B, T)`` and, where pads are,
            ``force_ahead (B, T, P)`` normalised.
        draws : Draws
        """
        actions, pad = batch["action"], batch["pad"]
        weight = batch["weight"] * (~pad)
        features, maps = self._features(batch)
        condition = torch.cat(list(features.values()), dim=1)
        parts: dict[str, Tensor] = {}
        if self.act is not None:
            mean, log_variance = self.act.style(actions, pad)
            latent = mean + (0.5 * log_variance).exp() * draws.latent
            planned = self.act(features, maps, latent)
            parts["action"] = _mean((planned - actions).abs(), weight)
            parts["kl"] = kl_divergence(mean, log_variance).mean()
            loss = parts["action"] + self.config.kl_weight * parts["kl"]
        else:
            assert self.unet is not None
            parts["action"] = loss = self._generative(actions, condition, draws, weight)
        if self.force_head is not None:
            ahead = self.force_head(condition).reshape(batch["force_ahead"].shape)
            parts["force"] = _mean((ahead - batch["force_ahead"]) ** 2, weight)
            loss = loss + self.config.future_force_weight * parts["force"]
        return {"loss": loss, **parts}

    def _generative(
        self, actions: Tensor, condition: Tensor, draws: Draws, weight: Tensor
    ) -> Tensor:
        assert self.unet is not None
        steps = self.config.noise_steps
        if self.config.kind == "diffusion":
            place = (draws.place * steps).long().clamp(max=steps - 1)
            x = noised(actions, draws.noise, place, self.shares)
            target, at = draws.noise, place.to(actions.dtype)
        else:
            time = draws.place[:, None, None]
            x = (1 - time) * draws.noise + time * actions
            target, at = actions - draws.noise, draws.place * steps
        return _mean((self.unet(x, at, self.unet.seen(condition)) - target) ** 2, weight)

    def plan(
        self,
        seen: Observation,
        noise: Tensor,
        sampler_steps: int | None = None,
        kept: tuple[Tensor, Tensor] | None = None,
    ) -> Tensor:
        """Return normalised chunks ``(B, T, A)``.

        Parameters
        ----------
        seen : mapping
            See ``ObservationEncoder``.
        noise : (B, T, A) tensor
            Standard normal; ACT does not use it.
        sampler_steps : int, optional
            That of the configuration by default.
        kept : pair of ((B, T, A) tensor, (T,) tensor), optional
            Normalised rows that are already decided, and their weights 0 to 1.
        """
        features, maps = self._features(seen)
        limits = (self.low, self.high)
        if self.act is not None:
            chunk = self.act(features, maps, None).clamp(*limits)
            if kept is not None:
                weight = kept[1][None, :, None]
                chunk = weight * kept[0] + (1 - weight) * chunk
            return chunk
        condition = torch.cat(list(features.values()), dim=1)
        unet, steps = self.unet, sampler_steps or self.config.run_steps
        assert unet is not None
        held = None if kept is None else Kept(kept[0], kept[1], noise)
        given = unet.seen(condition)

        def model(x: Tensor, place: Tensor) -> Tensor:
            return unet(x, place, given)

        if self.config.kind == "diffusion":
            return ddim(model, noise, self.shares, steps, limits, held)
        return flow(model, noise, float(self.config.noise_steps), steps, limits, held)

    def expected_forces(self, seen: Observation) -> Tensor | None:
        """Normalised forces per pad of the chunk as predicted from what is seen, ``(B, T, P)``."""
        if self.force_head is None:
            return None
        found = self.force_head(self.encoder(seen))
        return found.reshape(len(found), self.layout.chunk, len(self.layout.pads))

    def _features(self, seen: Observation) -> tuple[dict[str, Tensor], dict[str, Tensor]]:
        if self.act is not None:
            return features_and_maps(self.encoder, seen)
        return self.encoder.features(seen), {}


def parameter_count(network: nn.Module) -> int:
    """Number of trained parameters."""
    return sum(value.numel() for value in network.parameters() if value.requires_grad)


def _mean(error: Tensor, weight: Tensor) -> Tensor:
    """Mean of ``(B, T, D)`` over rows weighted by ``(B, T)``."""
    rows = error.mean(dim=2)
    return (rows * weight).sum() / weight.sum().clamp(min=1e-6)
