"""What is seen, as features: pictures, taxels, forces, gel images and joints.

Pictures go through a ResNet-18 per camera, gel images through one shared by all pads, taxels
through one 1-D convolution shared by all fingers and a two-layer perceptron (KineDex, arXiv
2505.01974).
The features of all steps are put side by side and condition the planning network.

A hidden modality is replaced by a learned vector, so that hiding it does not look like "no touch".
"""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import Tensor, nn

from policies.networks.resnet import ResNet18
from policies.networks.sizes import Sizes
from policies.policy_layout import CameraLayout, PolicyLayout

PICTURE_MEAN = (0.485, 0.456, 0.406)  # of ImageNet, so that published weights may be taken
PICTURE_STD = (0.229, 0.224, 0.225)
MAP_CHANNELS = 32
TOUCH = ("taxels", "force", "visuotactile")
Observation = Mapping[str, Tensor]


class PictureEncoder(nn.Module):
    """Features ``(B, features)`` of uint8 pictures ``(B, H, W, 3)``; they keep where things are."""

    def __init__(self, camera: CameraLayout, base: int, features: int) -> None:
        super().__init__()
        self.backbone = ResNet18(base)
        self.reduce = nn.Conv2d(self.backbone.channels, MAP_CHANNELS, 1)
        places = ResNet18.map_size(*camera.crop)
        self.project = nn.Linear(MAP_CHANNELS * places, features)
        shape = (1, 3, 1, 1)
        self.register_buffer("mean", torch.tensor(PICTURE_MEAN).view(shape) * 255, persistent=False)
        self.register_buffer("std", torch.tensor(PICTURE_STD).view(shape) * 255, persistent=False)

    def maps(self, pictures: Tensor) -> Tensor:
        """Feature maps ``(B, C, h, w)``."""
        x = pictures.permute(0, 3, 1, 2).to(self.mean.dtype)
        return self.backbone((x - self.mean) / self.std)

    def from_maps(self, maps: Tensor) -> Tensor:
        """Features ``(B, features)`` of feature maps."""
        return self.project(torch.relu(self.reduce(maps)).flatten(1))

    def forward(self, pictures: Tensor) -> Tensor:
        return self.from_maps(self.maps(pictures))


class TaxelEncoder(nn.Module):
    """Features ``(B, features)`` of taxels ``(B, F, T, 3)``; every finger has the same weights."""

    def __init__(self, pads: int, channels: int, features: int) -> None:
        super().__init__()
        self.per_finger = nn.Sequential(
            nn.Conv1d(3, channels, 5, 2, 2),
            nn.ReLU(),
            nn.Conv1d(channels, channels, 5, 2, 2),
            nn.ReLU(),
            nn.AdaptiveAvgPool1d(8),
        )
        self.fuse = nn.Sequential(
            nn.Linear(pads * channels * 8, 2 * features),
            nn.ReLU(),
            nn.Linear(2 * features, features),
        )

    def forward(self, taxels: Tensor) -> Tensor:
        count, pads = taxels.shape[:2]
        found = self.per_finger(taxels.flatten(0, 1).transpose(1, 2))
        return self.fuse(found.reshape(count, pads * found.shape[1] * found.shape[2]))


class ObservationEncoder(nn.Module):
    """One vector ``(B, size)`` for what was seen.

    Parameters
    ----------
    layout : PolicyLayout
    sizes : Sizes

    Attributes
    ----------
    modalities : tuple of str
        ``state``, ``taxels``, ``force``, ``visuotactile`` and stream names of cameras.
    size : int
        Of the vector.
    """

    def __init__(self, layout: PolicyLayout, sizes: Sizes) -> None:
        super().__init__()
        self.steps = layout.observation_steps
        self.cameras = tuple(one.stream for one in layout.cameras)
        self.gels = tuple(one.stream for one in layout.visuotactile)
        widths: dict[str, int] = {}
        encoders: dict[str, nn.Module] = {}
        if layout.state_names:
            widths["state"] = sizes.state_features
            encoders["state"] = nn.Linear(len(layout.state_names), sizes.state_features)
        if layout.taxels_per_pad:
            widths["taxels"] = sizes.touch_features
            encoders["taxels"] = TaxelEncoder(
                len(layout.pads), sizes.taxel_channels, sizes.touch_features
            )
        if layout.force:
            widths["force"] = sizes.touch_features // 2
            encoders["force"] = nn.Sequential(
                nn.Linear(3 * len(layout.pads), sizes.touch_features),
                nn.ReLU(),
                nn.Linear(sizes.touch_features, sizes.touch_features // 2),
            )
        if layout.visuotactile:
            each = max(8, sizes.touch_features // len(layout.visuotactile))
            widths["visuotactile"] = each * len(layout.visuotactile)
            encoders["visuotactile"] = PictureEncoder(
                layout.visuotactile[0], max(8, sizes.image_base // 2), each
            )
        for camera in layout.cameras:
            widths[camera.stream] = sizes.image_features
            encoders[module_name(camera.stream)] = PictureEncoder(
                camera, sizes.image_base, sizes.image_features
            )
        if not widths:
            raise ValueError("the policy sees nothing; give it joints, touch or a camera")
        self.encoders = nn.ModuleDict(encoders)
        self.widths = widths
        self.modalities = tuple(widths)
        self.hidden = nn.ParameterDict(
            {module_name(name): nn.Parameter(torch.zeros(width)) for name, width in widths.items()}
        )
        self.size = self.steps * sum(widths.values())

    def forward(self, seen: Observation) -> Tensor:
        """Encode an observation.

        Parameters
        ----------
        seen : mapping
            ``state (B, S, D)``, ``taxels (B, S, F, T, 3)``, ``force (B, S, 3 F)`` as float32,
            normalised; pictures ``(B, S, H, W, 3)`` uint8 by stream; and optionally
            ``hidden (B, modalities)`` bool, true where a modality is to be hidden.
        """
        return torch.cat(list(self.features(seen).values()), dim=1)

    def features(
        self, seen: Observation, maps: dict[str, Tensor] | None = None
    ) -> dict[str, Tensor]:
        """Features ``(B, S * width)`` by modality; hidden ones are replaced.

        Parameters
        ----------
        seen : mapping
            As for ``forward``.
        maps : dict, optional
            Receives the feature maps ``(B * S, C, h, w)`` of the cameras.
        """
        hidden = seen.get("hidden")
        found: dict[str, Tensor] = {}
        for place, name in enumerate(self.modalities):
            value = self._encoded(name, seen, maps)
            batch = value.shape[0] // self.steps
            if hidden is not None:
                mask = hidden[:, place].repeat_interleave(self.steps)[:, None]
                value = torch.where(mask, self.hidden[module_name(name)].to(value.dtype), value)
            found[name] = value.reshape(batch, -1)
        return found

    def _encoded(self, name: str, seen: Observation, maps: dict[str, Tensor] | None) -> Tensor:
        encoder = self.encoders[module_name(name)]
        if isinstance(encoder, PictureEncoder) and name != "visuotactile" and maps is not None:
            maps[name] = encoder.maps(seen[name].flatten(0, 1))
            return encoder.from_maps(maps[name])
        if name == "visuotactile":
            parts = [encoder(seen[stream].flatten(0, 1)) for stream in self.gels]
            return torch.cat(parts, dim=1)
        return encoder(seen[name].flatten(0, 1))


def module_name(name: str) -> str:
    """Name of a modality where dots and slashes are not allowed."""
    return name.replace("/", "__")
