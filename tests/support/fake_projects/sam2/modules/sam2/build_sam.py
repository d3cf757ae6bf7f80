"""Takes and gives what the project's video predictor does; finds by colour instead of thinking."""

import os

import cv2
import numpy as np


class Logits(np.ndarray):
    def cpu(self):
        return self

    def numpy(self):
        return np.asarray(self)


class Predictor:
    def init_state(self, video_path, offload_video_to_cpu=False, offload_state_to_cpu=False):
        names = sorted(os.listdir(video_path), key=lambda name: int(os.path.splitext(name)[0]))
        assert all(name.endswith((".jpg", ".jpeg")) for name in names)
        pictures = [cv2.imread(os.path.join(video_path, name)).astype(int) for name in names]
        return {"pictures": pictures, "told": {}}

    def add_new_mask(self, inference_state, frame_idx, obj_id, mask):
        assert mask.ndim == 2
        assert mask.dtype == bool
        assert mask.shape == inference_state["pictures"][0].shape[:2]
        if mask.any():
            self._learn(inference_state, frame_idx, mask)

    def add_new_points_or_box(
        self,
        inference_state,
        frame_idx,
        obj_id,
        points=None,
        labels=None,
        clear_old_points=True,
        normalize_coords=True,
        box=None,
    ):
        if (points is not None) != (labels is not None):
            raise ValueError("points and labels must be provided together")
        if points is None and box is None:
            raise ValueError("at least one of points or box must be provided as input")
        mask = np.zeros(inference_state["pictures"][0].shape[:2], bool)
        if points is not None:
            x, y = np.asarray(points)[np.asarray(labels) == 1].round().astype(int).T
            mask[y, x] = True
        else:
            x = round((box[0] + box[2]) / 2)
            y = round((box[1] + box[3]) / 2)
            mask[y, x] = True
        self._learn(inference_state, frame_idx, mask)

    def _learn(self, state, index, mask):
        state["told"][index] = np.median(state["pictures"][index][mask], axis=0)

    def propagate_in_video(self, inference_state, start_frame_idx=None, reverse=False):
        told = inference_state["told"]
        if not told:
            raise RuntimeError("No points are provided; please add points first")
        start, colour = min(told), told[min(told)]
        count = len(inference_state["pictures"])
        order = range(start, count) if not reverse else range(start, -1, -1) if start else []
        for index in order:
            near = np.abs(inference_state["pictures"][index] - colour).max(axis=2) < 60
            yield index, [1], np.where(near, 5.0, -5.0)[None, None].view(Logits)


def build_sam2_video_predictor(config_file, ckpt_path=None, device="cuda", mode="eval"):
    assert config_file == "configs/sam2.1/sam2.1_hiera_l.yaml"
    assert os.path.isfile(ckpt_path)
    assert device == "cpu"
    return Predictor()
