"""robomimic's own loader over an exported dataset; run by the interpreter that has robomimic.

``python benchmarks/robomimic_loader.py FILE.hdf5 BATCH SECONDS CHUNK STEPS CACHE`` prints one line
of JSON: samples per second of windows of CHUNK actions with STEPS stacked observations.
"""

from __future__ import annotations

import json
import sys
import time

import h5py
import robomimic.utils.obs_utils as obs_utils
from robomimic.utils.dataset import SequenceDataset
from torch.utils.data import DataLoader


def main() -> None:
    """Entry point."""
    path, batch, seconds, chunk, steps, cache = sys.argv[1:]
    with h5py.File(path, "r") as file:
        demo = file["data"][sorted(file["data"])[0]]
        keys = {name: demo["obs"][name].shape for name in demo["obs"]}
    pictures = [name for name, shape in keys.items() if len(shape) == 4]
    numbers = [name for name in keys if name not in pictures]
    obs_utils.initialize_obs_utils_with_obs_specs({"obs": {"rgb": pictures, "low_dim": numbers}})
    dataset = SequenceDataset(
        hdf5_path=path,
        obs_keys=tuple(keys),
        dataset_keys=("actions",),
        frame_stack=int(steps),
        seq_length=int(chunk),
        pad_frame_stack=True,
        pad_seq_length=True,
        get_pad_mask=True,
        hdf5_cache_mode=None if cache == "none" else cache,
    )
    loader = DataLoader(dataset, batch_size=int(batch), shuffle=True, num_workers=0)
    samples, began_s, began_cpu_s = 0, time.perf_counter(), time.process_time()
    while time.perf_counter() - began_s < float(seconds):
        for found in loader:
            samples += len(found["actions"])
            if time.perf_counter() - began_s >= float(seconds):
                break
    spent_s, cpu_s = time.perf_counter() - began_s, time.process_time() - began_cpu_s
    print(
        json.dumps(
            {
                "samples_per_s": samples / spent_s,
                "samples_per_cpu_s": samples / cpu_s,
                "observations": sorted(keys),
            }
        )
    )


if __name__ == "__main__":
    main()
