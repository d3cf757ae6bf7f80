"""Action chunking with transformers (ACT, arXiv 2304.13705): the baseline.

A style variable is inferred from the demonstrated chunk while training and is zero when run. What
is seen becomes tokens: one per modality and step, and one per place of each camera's newest feature
map. The decoder has one learned query per row of the chunk.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

from policies.networks.observation_encoder import Observation, ObservationEncoder, module_name
from policies.networks.resnet import ResNet18
from policies.networks.sizes import Sizes
from policies.policy_layout import PolicyLayout

DROPOUT = 0.1
FEEDFORWARD = 4  # times the width


class ActHead(nn.Module):
    """Chunks from what was seen.

    Parameters
    ----------
    layout : PolicyLayout
    encoder : ObservationEncoder
        Gives widths and cameras; it is not kept.
    sizes : Sizes
    action_size : int
    """

    def __init__(
        self, layout: PolicyLayout, encoder: ObservationEncoder, sizes: Sizes, action_size: int
    ) -> None:
        super().__init__()
        width = sizes.transformer
        self.steps, self.chunk, self.latent = layout.observation_steps, layout.chunk, sizes.latent
        self.cameras = encoder.cameras
        self.project = nn.ModuleDict(
            {module_name(name): nn.Linear(size, width) for name, size in encoder.widths.items()}
        )
        places = {one.stream: ResNet18.map_size(*one.crop) for one in layout.cameras}
        self.places = nn.ModuleDict(
            {module_name(name): nn.Conv2d(8 * sizes.image_base, width, 1) for name in self.cameras}
        )
        seen = len(encoder.widths) * self.steps + sum(places.values())
        self.where = nn.Parameter(torch.zeros(1, seen + 1, width))
        self.queries = nn.Parameter(torch.zeros(1, self.chunk, width))
        self.from_latent = nn.Linear(self.latent, width)
        self.read = nn.TransformerEncoder(
            _encoder_layer(width, sizes.heads), sizes.encoder_layers, enable_nested_tensor=False
        )
        self.write = nn.TransformerDecoder(
            nn.TransformerDecoderLayer(
                width, sizes.heads, FEEDFORWARD * width, DROPOUT, batch_first=True
            ),
            sizes.decoder_layers,
        )
        self.out = nn.Linear(width, action_size)
        self.style_action = nn.Linear(action_size, width)
        self.style_where = nn.Parameter(torch.zeros(1, self.chunk + 1, width))
        self.style_read = nn.TransformerEncoder(
            _encoder_layer(width, sizes.heads), sizes.encoder_layers, enable_nested_tensor=False
        )
        self.style_out = nn.Linear(width, 2 * self.latent)
        for value in (self.where, self.queries, self.style_where):
            nn.init.normal_(value, std=0.02)

    def style(self, actions: Tensor, pad: Tensor) -> tuple[Tensor, Tensor]:
        """Mean and logarithm of the variance of the style, each ``(B, L)``."""
        tokens = self.style_action(actions)
        first = torch.zeros_like(tokens[:, :1])
        ignored = torch.cat((torch.zeros_like(pad[:, :1]), pad), dim=1)
        tokens = torch.cat((first, tokens), dim=1) + self.style_where
        read = self.style_read(tokens, src_key_padding_mask=ignored)
        mean, log_variance = self.style_out(read[:, 0]).chunk(2, dim=1)
        return mean, log_variance

    def forward(
        self, features: dict[str, Tensor], maps: dict[str, Tensor], latent: Tensor | None
    ) -> Tensor:
        """Return chunks ``(B, T, A)``.

        Parameters
        ----------
        features : mapping
            ``(B, S * width)`` by modality.
        maps : mapping
            Feature maps of all steps by camera, ``(B * S, C, h, w)``.
        latent : (B, L) tensor or None
            Style; None is zero.
        """
        tokens = []
        for name, value in features.items():
            each = value.reshape(len(value), self.steps, -1)
            tokens.append(self.project[module_name(name)](each))
        batch = len(tokens[0])
        for name in self.cameras:
            places = self.places[module_name(name)](maps[name])
            newest = places.reshape(batch, self.steps, *places.shape[1:])[:, -1]
            tokens.append(newest.flatten(2).transpose(1, 2))
        if latent is None:
            latent = tokens[0].new_zeros(batch, self.latent)
        tokens.append(self.from_latent(latent)[:, None])
        read = self.read(torch.cat(tokens, dim=1) + self.where)
        return self.out(self.write(self.queries.expand(batch, -1, -1), read))


def kl_divergence(mean: Tensor, log_variance: Tensor) -> Tensor:
    """KL divergence from the standard normal, ``(B,)`` (arXiv 1312.6114, appendix B)."""
    return -0.5 * (1 + log_variance - mean**2 - log_variance.exp()).sum(dim=1)


def _encoder_layer(width: int, heads: int) -> nn.TransformerEncoderLayer:
    return nn.TransformerEncoderLayer(width, heads, FEEDFORWARD * width, DROPOUT, batch_first=True)


def features_and_maps(
    encoder: ObservationEncoder, seen: Observation
) -> tuple[dict[str, Tensor], dict[str, Tensor]]:
    """Features by modality, and the camera maps they came from; hidden cameras have zero maps."""
    maps: dict[str, Tensor] = {}
    features = encoder.features(seen, maps)
    hidden = seen.get("hidden")
    if hidden is not None:
        for place, name in enumerate(encoder.modalities):
            if name in maps:
                mask = hidden[:, place].repeat_interleave(encoder.steps)
                maps[name] = maps[name] * (~mask)[:, None, None, None]
    return features, maps
