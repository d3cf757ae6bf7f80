"""zarr reads the UMI archive, and it obeys what UMI's ReplayBuffer, sampler and data set assume.

diffusion_policy and UMI are no packages and cannot be installed from an index; what their classes
assert and index is checked on the archive itself.
"""

from __future__ import annotations

import numpy as np
import zarr
from checking import arguments, number_in, passed
from scipy.spatial.transform import Rotation, Slerp

SUBSTITUTE = "rules of ReplayBuffer, SequenceSampler and UmiDataset, not their code"
LOW_DIM = ("eef_pos", "eef_rot_axis_angle", "gripper_width", "demo_start_pose", "demo_end_pose")
WIDTHS = {"eef_pos": 3, "eef_rot_axis_angle": 3, "gripper_width": 1, "demo_start_pose": 6,
          "demo_end_pose": 6}  # fmt: skip
expected = arguments()
variants = ("umi", "umi-224") if expected.is_made_up else ("umi-224",)

for variant in variants:
    store = zarr.ZipStore(str(expected.export(variant) / "dataset.zarr.zip"), mode="r")
    memory = zarr.MemoryStore()
    zarr.copy_store(store, memory)  # as UmiDataset does without a cache
    store.close()
    root = zarr.open_group(memory, mode="r")
    data, ends = root["data"], root["meta/episode_ends"]
    total = int(ends[-1])
    assert ends.dtype == np.int64
    assert ends.compressor is None
    assert ends[:].tolist() == np.cumsum(expected.lengths).tolist()
    for key, array in data.arrays():
        assert array.shape[0] == total, key
        assert array[:].shape[0] == total, key
    camera = data["camera0_rgb"]
    side = (224, 224) if variant == "umi-224" else (120, 160)
    assert camera.dtype == np.uint8
    assert camera.shape[1:] == (*side, 3)
    assert camera.chunks == (1, *camera.shape[1:])
    for name in LOW_DIM:
        array = data[f"robot0_{name}"]
        assert array.dtype == np.float32
        assert array.shape == (total, WIDTHS[name])
        assert np.isfinite(array[:]).all()
    keys = len(list(data.array_keys()))
    passed("zarr", f"`{variant}`: all {keys} arrays of `data` decode and have the length of the "
           f"last of {len(ends)} `episode_ends` (int64, uncompressed); shapes, dtypes and chunks "
           "are UMI's", SUBSTITUTE)  # fmt: skip

    first = 0
    for index, episode in enumerate(expected.episodes):
        stop = first + episode["length"]
        if variant == "umi" and expected.is_made_up:
            numbers = [number_in(camera[row]) for row in range(first, stop)]
            assert numbers == episode["frames"]
            truth = expected.arrays[f"pictures_{index}"]
            assert np.array_equal(camera[first:stop], truth)
        stamps = data[f"time_ns_{expected.camera}"][first:stop, 0]
        assert np.array_equal(stamps, expected.arrays[f"stamps_{index}"])
        valid = data[f"valid_{expected.camera}"][first:stop, 0]
        assert np.flatnonzero(valid == 0).tolist() == episode["repeated"]
        start = data["robot0_demo_start_pose"][first:stop]
        pose = np.hstack([data["robot0_eef_pos"][first:stop],
                          data["robot0_eef_rot_axis_angle"][first:stop]])  # fmt: skip
        assert (start == pose[0]).all()
        assert (data["robot0_demo_end_pose"][first:stop] == pose[-1]).all()
        joints = expected.arrays[f"state_{index}"][:, 6:]
        assert np.array_equal(data["robot0_joint_pos"][first:stop], joints)
        fingers = slice(6, 6 + joints.shape[1])
        truth = expected.arrays[f"action_{index}"][:, fingers]
        assert np.array_equal(data["action"][first:stop, fingers], truth)
        first = stop
    what = "pictures equal pixel by pixel, " if variant == "umi" else ""
    passed("zarr", f"`{variant}`: {what}stamps, marks, joints and actions match their rows; start "
           "and end poses are those of the episode", SUBSTITUTE)  # fmt: skip

    poses = data["robot0_eef_rot_axis_angle"][:]
    for begin, stop in zip([0, *ends[:-1]], ends[:], strict=True):
        rows = np.arange(begin, min(begin + 8, stop))
        Slerp(rows, Rotation.from_rotvec(poses[rows]))(rows[:-1] + 0.5)
        steps = np.diff(poses[begin:stop], axis=0)
        assert np.linalg.norm(steps, axis=1).max() < 1.0, "the rotation vector jumps"
    pose_action = data["action"][:, :6]
    assert np.isfinite(pose_action).all()
    passed(
        "zarr",
        f"`{variant}`: rotations interpolate as the sampler does (Slerp) and never jump; the first "
        "six entries of `action` are a pose as UmiDataset takes them",
        SUBSTITUTE,
    )
