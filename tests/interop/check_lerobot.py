"""lerobot's own ``LeRobotDataset`` reads every item of the exports.

Its video decoding needs torchcodec or torchvision's video reader, which are not there beside this
torch; ``decode_video_frames`` is replaced by a PyAV reader with the same contract: the frame
nearest to each time, an assertion within the tolerance.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import av
import numpy as np
import torch
from checking import Expected, arguments, number_in, passed
from torchvision_operators import declare_missing

OPERATORS = declare_missing()

from lerobot.datasets import lerobot_dataset  # noqa: E402
from lerobot.datasets.lerobot_dataset import LeRobotDataset  # noqa: E402

DECLARED = "torchvision's detection operators declared without a body" if OPERATORS else ""
DECODED = "; `decode_video_frames` by PyAV"
KEPT_VIDEOS = 12  # decoded ones in memory: the cameras of an episode, and those of the next
WINDOW_S = (-1 / 30, 0.0, 1 / 30)
_videos: dict[Path, tuple[np.ndarray, torch.Tensor]] = {}


def decode_with_pyav(
    path: Path | str, timestamps: list[float], tolerance_s: float, backend: str | None = None
) -> torch.Tensor:
    """Return float32 pictures ``(T, 3, H, W)``, 0 to 1, at the times."""
    path = Path(path)
    if path not in _videos:
        if len(_videos) >= KEPT_VIDEOS:
            _videos.clear()
        with av.open(str(path)) as container:
            stream = container.streams.video[0]
            frames = list(container.decode(stream))
            times = np.array([float(frame.pts * stream.time_base) for frame in frames])
            shown = np.stack([frame.to_ndarray(format="rgb24") for frame in frames])
        _videos[path] = times, torch.from_numpy(shown).permute(0, 3, 1, 2)
    times, shown = _videos[path]
    distance = np.abs(times[None, :] - np.array(timestamps)[:, None])
    nearest = distance.argmin(axis=1)
    off = distance[np.arange(len(nearest)), nearest]
    assert (off < tolerance_s).all(), f"{path}: no picture within {tolerance_s} s of {timestamps}"
    return shown[torch.from_numpy(nearest)].to(torch.float32) / 255


def open_dataset(expected: Expected, variant: str, **choices: Any) -> LeRobotDataset:
    """Open an export the way training does."""
    return LeRobotDataset("thenar/interop", root=expected.export(variant), **choices)


def as_rgb(picture: torch.Tensor) -> np.ndarray:
    """Return a picture of an item as uint8 ``(H, W, 3)``."""
    return (picture.permute(1, 2, 0).numpy() * 255).round().astype(np.uint8)


def check_items(expected: Expected, variant: str) -> None:
    """Every item has the row's own picture, state, action, task and stamp."""
    dataset = open_dataset(expected, variant)
    key = f"observation.images.{expected.camera}"
    assert len(dataset) == sum(expected.lengths)
    assert dataset.num_episodes == len(expected.episodes)
    at, worst = 0, 0.0
    for index, episode in enumerate(expected.episodes):
        for row in range(episode["length"]):
            item = dataset[at]
            assert item["index"].item() == at
            assert item["episode_index"].item() == index
            assert item["frame_index"].item() == row
            assert item["task"] == episode["text"]
            for name, column in (("state", "observation.state"), ("action", "action")):
                assert np.array_equal(item[column].numpy(), expected.arrays[f"{name}_{index}"][row])
            stamp = item[f"observation.time_ns.{expected.camera}"].item()
            assert stamp == expected.arrays[f"stamps_{index}"][row]
            valid = item[f"observation.valid.{expected.camera}"].item()
            assert valid == (row not in episode["repeated"])
            picture, truth = as_rgb(item[key]), expected.arrays[f"pictures_{index}"][row]
            if expected.is_made_up:
                assert number_in(picture) == episode["frames"][row], (index, row)
                assert number_in(picture) == row or row in episode["repeated"], (index, row)
            if variant == "lerobot-png":
                assert np.array_equal(picture, truth)
            else:
                shown = picture[: truth.shape[0], : truth.shape[1]].astype(float)
                worst = max(worst, float(np.abs(shown - truth).mean()))
            at += 1
    numbered = "numbered pictures match their rows" if expected.is_made_up else "rows match"
    exact = "pixels exact" if variant == "lerobot-png" else f"mean pixel error at most {worst:.1f}"
    substitute = DECLARED + (DECODED if variant == "lerobot-video" else "")
    passed(
        "lerobot",
        f"`{variant}`: `LeRobotDataset[i]` for all {at} items: {numbered} ({exact}); states, "
        "actions, tasks, stamps and marks of repeated rows equal",
        substitute,
    )


def check_windows(expected: Expected, variant: str) -> None:
    """``delta_timestamps`` never reach into the neighbouring episode."""
    key = f"observation.images.{expected.camera}"
    dataset = open_dataset(
        expected, variant, delta_timestamps={"action": list(WINDOW_S), key: list(WINDOW_S)}
    )
    first = 0
    for index, episode in enumerate(expected.episodes):
        last = episode["length"] - 1
        for row in (0, 1, last // 2, last - 1, last):
            item = dataset[first + row]
            rows = [min(max(row + step, 0), last) for step in (-1, 0, 1)]
            wanted = expected.arrays[f"action_{index}"][rows]
            assert np.array_equal(item["action"].numpy(), wanted), (index, row)
            pad = [row == 0, False, row == last]
            assert item["action_is_pad"].tolist() == pad
            if expected.is_made_up:
                numbers = [number_in(as_rgb(one)) for one in item[key]]
                assert numbers == [episode["frames"][one] for one in rows]
        first += episode["length"]
    passed(
        "lerobot",
        f"`{variant}`: `delta_timestamps` of three rows at both ends and inside every episode: "
        "actions and pictures of the window, padding only at the ends",
        DECLARED + (DECODED if variant == "lerobot-video" else ""),
    )


def check_filter(expected: Expected, variant: str) -> None:
    """The success column of the episodes chooses what is loaded."""
    episodes = open_dataset(expected, variant).meta.episodes
    assert episodes["outcome"] == [one["outcome"] for one in expected.episodes]
    chosen = [at for at, success in enumerate(episodes["success"]) if success]
    how = "chosen by the `success` column of `meta.episodes`"
    if not chosen:
        chosen, how = [len(expected.episodes) - 1], "the last one (nobody judged these)"
    dataset = open_dataset(expected, variant, episodes=chosen)
    assert len(dataset) == sum(expected.lengths[at] for at in chosen)
    found = {dataset[at]["episode_index"].item() for at in range(0, len(dataset), 5)}
    assert found == set(chosen)
    passed(
        "lerobot",
        f"`{variant}`: `episodes={chosen}`, {how}, loads these only",
        DECLARED + (DECODED if variant == "lerobot-video" else ""),
    )


def check_statistics(expected: Expected, variant: str) -> None:
    """The loaded statistics describe the data."""
    stats = open_dataset(expected, variant).meta.stats
    count = len(expected.episodes)
    actions = np.concatenate([expected.arrays[f"action_{at}"] for at in range(count)])
    for name in ("min", "max", "mean", "std"):
        truth = getattr(actions.astype(np.float64), name)(axis=0)
        assert np.allclose(np.asarray(stats["action"][name]), truth, atol=1e-5), name
    passed("lerobot", f"`{variant}`: `meta.stats` of the action equal the data's", DECLARED)


lerobot_dataset.decode_video_frames = decode_with_pyav
chosen = arguments()
for one in ("lerobot-png", "lerobot-video") if chosen.is_made_up else ("lerobot-video",):
    check_items(chosen, one)
    check_windows(chosen, one)
    check_filter(chosen, one)
    check_statistics(chosen, one)
