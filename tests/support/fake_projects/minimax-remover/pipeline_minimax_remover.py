"""Takes and gives what the project's pipeline does; paints instead of thinking."""

from types import SimpleNamespace

import cv2
import numpy as np


class Minimax_Remover_Pipeline:
    def __init__(self, transformer, vae, scheduler):
        pass

    def to(self, device):
        assert device == "cuda:0"

    def __call__(
        self,
        height=720,
        width=1280,
        num_frames=81,
        num_inference_steps=50,
        generator=None,
        images=None,
        masks=None,
        iterations=16,
    ):
        assert (height, width) == (480, 832), "no other size is known to work"
        assert num_frames % 4 == 1, "the pictures are packed by four, after the first"
        assert len(images) == len(masks) == num_frames
        assert images.shape[3] == 3
        assert masks.shape[3] == 1
        assert images.min() >= -1
        assert images.max() <= 1
        made = []
        for image, mask in zip(images, masks, strict=True):
            picture = cv2.resize((image.astype(np.float32) + 1) / 2, (width, height))
            grown = np.ones((3, 3), np.uint8)
            hidden = cv2.dilate((mask[..., 0] > 0).astype(np.uint8), grown, iterations=iterations)
            picture[cv2.resize(hidden, (width, height)) > 0] = (90 / 255, 200 / 255, 30 / 255)
            made.append(picture.astype(np.float16))
        return SimpleNamespace(frames=[np.stack(made)])
