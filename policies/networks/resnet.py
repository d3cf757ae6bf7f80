"""ResNet-18 with group normalisation, named so that torchvision's convolution weights fit.

Group normalisation in place of batch normalisation as Diffusion Policy does it (arXiv 2303.04137,
section 3): batch statistics and a running mean of the weights do not go together. ``load_backbone``
takes a torchvision state dictionary and leaves its ``bn`` statistics and ``fc`` behind.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

GROUP_CHANNELS = 16  # one group per 16 channels, as in Diffusion Policy's encoder


def norm(channels: int) -> nn.GroupNorm:
    """Group normalisation of ``channels``; one group per 16 of them."""
    return nn.GroupNorm(max(1, channels // GROUP_CHANNELS), channels)


class BasicBlock(nn.Module):
    """Two 3 x 3 convolutions around a shortcut (He et al., arXiv 1512.03385, figure 2)."""

    def __init__(self, channels_in: int, channels: int, stride: int) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(channels_in, channels, 3, stride, 1, bias=False)
        self.bn1 = norm(channels)
        self.conv2 = nn.Conv2d(channels, channels, 3, 1, 1, bias=False)
        self.bn2 = norm(channels)
        self.relu = nn.ReLU(inplace=True)
        self.downsample: nn.Module | None = None
        if stride != 1 or channels_in != channels:
            self.downsample = nn.Sequential(
                nn.Conv2d(channels_in, channels, 1, stride, bias=False), norm(channels)
            )

    def forward(self, x: Tensor) -> Tensor:
        shortcut = x if self.downsample is None else self.downsample(x)
        y = self.bn2(self.conv2(self.relu(self.bn1(self.conv1(x)))))
        return self.relu(y + shortcut)


class ResNet18(nn.Module):
    """Feature maps ``(B, 8 * base, H / 32, W / 32)`` of pictures ``(B, 3, H, W)``.

    Parameters
    ----------
    base : int
        Channels of the first stage; 64 for the published network.
    """

    def __init__(self, base: int = 64) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(3, base, 7, 2, 3, bias=False)
        self.bn1 = norm(base)
        self.relu = nn.ReLU(inplace=True)
        self.maxpool = nn.MaxPool2d(3, 2, 1)
        self.layer1 = _stage(base, base, 1)
        self.layer2 = _stage(base, 2 * base, 2)
        self.layer3 = _stage(2 * base, 4 * base, 2)
        self.layer4 = _stage(4 * base, 8 * base, 2)
        self.channels = 8 * base
        for module in self.modules():
            if isinstance(module, nn.Conv2d):
                nn.init.kaiming_normal_(module.weight, mode="fan_out", nonlinearity="relu")

    def forward(self, x: Tensor) -> Tensor:
        x = self.maxpool(self.relu(self.bn1(self.conv1(x))))
        return self.layer4(self.layer3(self.layer2(self.layer1(x))))

    @staticmethod
    def map_size(width: int, height: int) -> int:
        """Number of places in the feature map of a picture of this size."""
        places = []
        for side in (width, height):
            for _ in range(5):  # conv1, maxpool, three stages, each with stride 2
                side = (side + 1) // 2
            places.append(side)
        return places[0] * places[1]


def load_backbone(network: ResNet18, state: dict[str, Tensor]) -> list[str]:
    """Take the convolution weights of a torchvision ResNet-18; returns the names taken.

    Raises
    ------
    ValueError
        A convolution is missing or of another shape.
    """
    own = network.state_dict()
    taken = [name for name, value in own.items() if value.ndim == 4]
    for name in taken:
        if name not in state or state[name].shape != own[name].shape:
            there = tuple(state[name].shape) if name in state else "missing"
            raise ValueError(f"weights '{name}': {there}, {tuple(own[name].shape)} expected")
    with torch.no_grad():
        for name in taken:
            own[name].copy_(state[name])
    return taken


def _stage(channels_in: int, channels: int, stride: int) -> nn.Sequential:
    return nn.Sequential(
        BasicBlock(channels_in, channels, stride), BasicBlock(channels, channels, 1)
    )
