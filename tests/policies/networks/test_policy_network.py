"""The policy's network: shapes, sizes, learning, determinism, hidden modalities."""

from __future__ import annotations

import pytest
import torch
from support.small_policies import random_batch, random_observation, tiny_network

from devices.rig import load_rig
from policies.networks.policy_network import PolicyNetwork, parameter_count
from policies.networks.resnet import ResNet18, load_backbone
from policies.networks.unet import RowConvolution
from policies.policy_config import PolicyConfig
from policies.policy_layout import layout_of, resolved

KINDS = ("diffusion", "flow", "act")


def noise_for(network: PolicyNetwork, batch: int, seed: int = 0) -> torch.Tensor:
    shape = (batch, network.layout.chunk, network.action_size)
    return torch.randn(shape, generator=torch.Generator().manual_seed(seed))


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("rig", ["sim-xhand", "sim-leap"])
def test_plan_has_a_row_per_step_and_an_entry_per_joint_and_pad(kind: str, rig: str):
    network = tiny_network(rig, kind=kind, sampler_steps=2).eval()
    layout = network.layout
    with torch.inference_mode():
        chunk = network.plan(random_observation(layout, 2), noise_for(network, 2))
    assert chunk.shape == (2, 16, layout.joints + len(layout.pads))
    assert bool(chunk.isfinite().all())


@pytest.mark.parametrize("kind", KINDS)
def test_same_noise_gives_the_same_plan(kind: str):
    network = tiny_network(kind=kind, sampler_steps=2).eval()
    seen = random_observation(network.layout, 1)
    with torch.inference_mode():
        plans = [network.plan(seen, noise_for(network, 1)) for _ in range(2)]
    assert torch.equal(*plans)


@pytest.mark.parametrize("kind", [pytest.param("diffusion", marks=pytest.mark.slow), "flow", "act"])
def test_network_learns_one_batch_by_heart(kind: str):
    network = tiny_network(
        kind=kind, cameras=(), taxels=False, force=True, kl_weight=0.01, rate_hz=10, chunk=8
    )
    few = random_batch(network.layout, 2)
    few["action"] = few["action"][:, :1].expand(-1, 8, -1).contiguous()
    batch = {name: value.repeat_interleave(16, dim=0) for name, value in few.items()}
    lr, steps = {"act": (2e-3, 60), "flow": (1e-2, 110), "diffusion": (1e-2, 200)}[kind]
    optimiser = torch.optim.AdamW(network.parameters(), lr=lr)
    generator = torch.Generator().manual_seed(0)
    for step in range(steps):
        optimiser.param_groups[0]["lr"] = lr * (1 - step / steps)
        optimiser.zero_grad()
        network(batch, network.draws(32, generator))["loss"].backward()
        optimiser.step()
    network.eval()
    with torch.inference_mode():
        error = (network.plan(few, noise_for(network, 2)) - few["action"]).abs().mean()
    assert float(error) < 0.25, "a random plan is off by about 0.6"


def test_rows_that_are_not_there_do_not_count():
    network = tiny_network(cameras=()).eval()
    batch = random_batch(network.layout, 2)
    draws = network.draws(2, torch.Generator().manual_seed(0))
    batch["pad"][:, 8:] = True
    with torch.inference_mode():
        first = network(batch, draws)["force"]
        batch["force_ahead"][:, 8:] += 5.0
        second = network(batch, draws)["force"]
        batch["force_ahead"][:, 0] += 5.0
        third = network(batch, draws)["force"]
    assert torch.equal(first, second)
    assert float(third) > float(second)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("name", ["taxels", "front/rgb"])
def test_hidden_modality_cannot_be_seen_at_all(kind: str, name: str):
    network = tiny_network(kind=kind, sampler_steps=2).eval()
    one = random_observation(network.layout, 1, seed=1)
    other = {**one, name: random_observation(network.layout, 1, seed=2)[name]}
    noise = noise_for(network, 1)
    hidden = torch.tensor([[modality == name for modality in network.encoder.modalities]])
    with torch.inference_mode():
        assert not torch.equal(network.plan(one, noise), network.plan(other, noise))
        plans = [network.plan({**seen, "hidden": hidden}, noise) for seen in (one, other)]
    assert torch.equal(*plans)


@pytest.mark.parametrize(("kernel", "stride"), [(5, 1), (3, 2), (1, 1)])
def test_convolution_over_few_rows_is_the_same_convolution(kernel: int, stride: int):
    torch.manual_seed(0)
    layer = RowConvolution(6, 4, kernel, stride, kernel // 2)
    x = torch.randn(2, 6, 8)
    learning = layer(x).detach()
    with torch.inference_mode():
        assert torch.allclose(layer(x), learning, atol=1e-6)


def test_fingers_share_one_convolution():
    network = tiny_network()
    names = [name for name, _ in network.named_parameters() if "per_finger" in name]
    assert len(names) == 4, "two layers, weight and bias each, whatever the number of fingers"


@pytest.mark.parametrize(
    ("size", "unet_millions", "tolerance"), [("cpu", 20.6, 1.0), ("full", 279.0, 12.0)]
)
def test_unets_have_the_published_sizes(size: str, unet_millions: float, tolerance: float):
    config = PolicyConfig.model_validate({"size": size})
    layout = layout_of(load_rig("sim-xhand"), config)
    from support.small_policies import unit_normaliser

    normaliser = unit_normaliser(layout)
    with torch.device("meta"):
        network = PolicyNetwork(resolved(config, layout), layout, normaliser)
    assert network.unet is not None
    assert parameter_count(network.unet) / 1e6 == pytest.approx(unet_millions, abs=tolerance)


def test_backbone_has_torchvisions_names_and_takes_its_convolutions():
    with torch.device("meta"):
        names = set(ResNet18().state_dict())
    assert {
        "conv1.weight",
        "bn1.weight",
        "layer1.0.conv1.weight",
        "layer2.0.downsample.0.weight",
        "layer4.1.conv2.weight",
    } <= names
    network = ResNet18(8)
    published = {
        name: torch.full_like(value, 0.5)
        for name, value in network.state_dict().items()
        if value.ndim == 4
    }
    assert len(load_backbone(network, published)) == 20
    assert float(network.conv1.weight.detach().mean()) == pytest.approx(0.5)
    with pytest.raises(ValueError, match="'layer1.0.conv1.weight': missing"):
        load_backbone(network, {"conv1.weight": published["conv1.weight"]})


def test_places_of_the_feature_map_are_counted_right():
    network = ResNet18(8)
    for width, height in ((86, 86), (32, 48), (288, 216)):
        found = network(torch.zeros(1, 3, height, width))
        assert found.shape[2] * found.shape[3] == ResNet18.map_size(width, height)
