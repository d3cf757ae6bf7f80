"""Tiny policies and observations of known shape; imported only by tests that may load torch."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

from devices.rig import load_rig
from policies.networks.policy_network import PolicyNetwork
from policies.normaliser import Normaliser, Scale
from policies.policy_config import CameraChoice, PolicyConfig
from policies.policy_layout import PolicyLayout, layout_of, resolved

ONE_CAMERA = (CameraChoice(stream="front/rgb", size=(32, 32)),)


def unit_scale(size: int) -> Scale:
    return Scale(offset=(0.0,) * size, scale=(1.0,) * size, low=(-1.0,) * size, high=(1.0,) * size)


def unit_normaliser(layout: PolicyLayout) -> Normaliser:
    return Normaliser(
        state=unit_scale(len(layout.state_names)),
        action=unit_scale(len(layout.action_names)),
        force=unit_scale(3),
        taxels=unit_scale(3),
    )


def tiny_network(rig: str = "sim-xhand", **choices: Any) -> PolicyNetwork:
    torch.set_num_threads(1)
    config = PolicyConfig.model_validate({"size": "tiny", "cameras": ONE_CAMERA, **choices})
    layout = layout_of(load_rig(rig), config)
    torch.manual_seed(0)
    return PolicyNetwork(resolved(config, layout), layout, unit_normaliser(layout))


def random_observation(layout: PolicyLayout, batch: int, seed: int = 0) -> dict[str, Tensor]:
    generator = torch.Generator().manual_seed(seed)
    rows = (batch, layout.observation_steps)
    seen: dict[str, Tensor] = {}
    if layout.state_names:
        seen["state"] = torch.randn((*rows, len(layout.state_names)), generator=generator)
    if layout.taxels_per_pad:
        shape = (*rows, len(layout.pads), layout.taxels_per_pad, 3)
        seen["taxels"] = torch.randn(shape, generator=generator)
    if layout.force:
        seen["force"] = torch.randn((*rows, 3 * len(layout.pads)), generator=generator)
    for one in layout.pictures:
        shape = (*rows, one.crop[1], one.crop[0], 3)
        seen[one.stream] = torch.randint(0, 256, shape, generator=generator, dtype=torch.uint8)
    return seen


def random_batch(layout: PolicyLayout, batch: int, seed: int = 0) -> dict[str, Tensor]:
    generator = torch.Generator().manual_seed(seed + 1)
    rows = (batch, layout.chunk)
    return {
        **random_observation(layout, batch, seed),
        "action": torch.rand((*rows, len(layout.action_names)), generator=generator) * 1.6 - 0.8,
        "pad": torch.zeros(rows, dtype=torch.bool),
        "weight": torch.ones(rows),
        "force_ahead": torch.rand((*rows, len(layout.pads)), generator=generator),
    }
