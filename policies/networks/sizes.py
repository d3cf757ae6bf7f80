"""What the four sizes mean in numbers."""

from __future__ import annotations

from dataclasses import dataclass

from policies.policy_config import PolicySize


@dataclass(frozen=True)
class Sizes:
    """Widths of a policy.

    Attributes
    ----------
    unet : tuple of int
        Channels of the U-Net, level by level.
    step_embedding : int
        Of the place in the diffusion.
    image_base : int
        Channels of the first stage of the ResNet-18; 64 is the published width.
    image_features, touch_features, state_features : int
        What each modality gives to the condition. KineDex has 256 visual and 256 tactile.
    taxel_channels : int
        Of the convolution shared by the fingers.
    transformer : int
        Width of ACT.
    heads, encoder_layers, decoder_layers : int
        Of ACT.
    latent : int
        Of ACT's style variable.
    """

    unet: tuple[int, ...]
    step_embedding: int
    image_base: int
    image_features: int
    touch_features: int
    state_features: int
    taxel_channels: int
    transformer: int
    heads: int
    encoder_layers: int
    decoder_layers: int
    latent: int


SIZES: dict[PolicySize, Sizes] = {
    "tiny": Sizes((32, 64), 16, 8, 16, 16, 16, 8, 32, 4, 1, 1, 8),
    "small": Sizes((64, 128, 256), 64, 16, 64, 64, 64, 32, 128, 4, 2, 1, 16),
    "cpu": Sizes((128, 256, 512), 128, 32, 64, 128, 64, 32, 256, 8, 4, 1, 32),
    "full": Sizes((512, 1024, 2048), 128, 64, 128, 256, 64, 64, 512, 8, 4, 1, 32),
}
