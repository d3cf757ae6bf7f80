"""Policies: latency of a chunk, throughput of loader and training, beside the field's.

Each figure has its processor time beside it, so that a loaded machine can be told from a slow
program. LeRobot's default diffusion network is re-created by size (U-Net 512/1024/2048 over one
ResNet-18, ``full`` here): same work, own code. robomimic's loader is its own, over our export of
the same episodes, where `make test-interop` has set it up; otherwise it is said to be not measured.
"""

from __future__ import annotations

import json
import subprocess
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

import policies.networks  # noqa: F401 - how threads wait is said before torch is loaded
from benchmarks.machine import parser, report
from policies.policy_config import CameraChoice, PolicyConfig
from recorder.dataset import Dataset, open_dataset
from recorder.synthetic import SyntheticTake, write_take

TARGETS = {
    "flow_chunk_p95_ms": "<= 100 (with window and recorder beside it)",
    "loader_beside_robomimic": ">= 2 times",
}
SETS = ("latency", "loader", "training", "lerobot", "robomimic")
ROOT = Path(__file__).resolve().parents[1]
INTEROP = ROOT / ".venv-interop/bin/python"
NOT_MEASURED = "not measured: robomimic is not installed; run make test-interop once"
CAMERA = CameraChoice(stream="front/rgb", size=(96, 96))
BATCH = 64


def made_dataset(folder: Path, takes: int) -> Dataset:
    """Episodes of 6 s with one camera of 320x240."""
    dataset = open_dataset(folder, create=True)
    for number in range(takes):
        write_take(
            dataset,
            SyntheticTake(number=number, seconds=6.0, seed=number, size=(320, 240), texture=True),
        )
    return dataset


def rounded(value: float) -> float:
    """Three digits are enough."""
    return float(f"{value:.4g}")


def spread(times_s: list[float]) -> dict[str, float]:
    """Median and 95th percentile, ms."""
    return {
        "p50_ms": rounded(1e3 * float(np.percentile(times_s, 50))),
        "p95_ms": rounded(1e3 * float(np.percentile(times_s, 95))),
    }


def measure_latency(dataset: Dataset, seconds: float, threads: int) -> dict[str, Any]:
    """Whole plans of the ``cpu`` policy by sampler, from pictures as a camera gives them."""
    from policies.networks.policy import Policy

    found: dict[str, Any] = {}
    for kind in ("flow", "diffusion", "act"):
        with tempfile.TemporaryDirectory() as folder:
            config = PolicyConfig(kind=kind, size="cpu", cameras=(CAMERA,))
            policy = Policy.load(untrained(dataset, config, Path(folder) / "policy"), threads)
        rows = made_rows(policy.layout)
        policy.plan(rows, 0)
        walls, cpus = [], []
        until_s = time.perf_counter() + seconds
        while time.perf_counter() < until_s or len(walls) < 5:
            wall_s, cpu_s = time.perf_counter(), time.process_time()
            policy.plan(rows, len(walls))
            walls.append(time.perf_counter() - wall_s)
            cpus.append(time.process_time() - cpu_s)
        found |= {f"{kind}_chunk_{key}": value for key, value in spread(walls).items()}
        found[f"{kind}_chunk_cpu_p50_ms"] = spread(cpus)["p50_ms"]
        found[f"{kind}_steps"] = policy.facts.config.run_steps
        found[f"{kind}_parameters"] = policy.facts.weights.parameters
    return found


def untrained(dataset: Dataset, config: PolicyConfig, out: Path) -> Path:
    """A policy folder with first weights; planning takes as long as with trained ones."""
    from policies.networks.checkpoint import write_tensors
    from policies.networks.policy_network import PolicyNetwork
    from policies.policy_facts import PolicyFacts, write_facts
    from policies.training.windows import load_data

    data = load_data(dataset, "", config)
    out.mkdir()
    network = PolicyNetwork(data.config, data.layout, data.normaliser)
    written = write_tensors(out, "weights", dict(network.named_parameters()))
    facts = PolicyFacts(
        name="untrained",
        config=data.config,
        layout=data.layout,
        normaliser=data.normaliser,
        data=data.account,
        weights=written,
        step=0,
        steps=0,
        validation_loss=0.0,
        state="training",
        curves=(),
        software_version="0",
        torch_version="0",
        made="",
        device="",
    )
    write_facts(out, facts)
    return out


def made_rows(layout) -> list:
    """Observations of random content as devices give them."""
    from policies.observation import ObservationRow

    random = np.random.default_rng(0)
    return [
        ObservationRow(
            joints=random.uniform(-1, 1, layout.joints),
            taxels=random.uniform(0, 1, (len(layout.pads), layout.taxels_per_pad, 3)),
            pictures={
                one.stream: random.integers(0, 256, (*one.recorded_size[::-1], 3), dtype=np.uint8)
                for one in layout.pictures
            },
        )
        for _ in range(layout.observation_steps)
    ]


def measure_loader(dataset: Dataset, seconds: float) -> dict[str, Any]:
    """Augmented batches of 64 from memory, and reading the episodes into it."""
    from policies.training.windows import BatchOrder, load_data

    config = PolicyConfig(cameras=(CAMERA,), force=True)
    wall_s, cpu_s = time.perf_counter(), time.process_time()
    data = load_data(dataset, "", config)
    read_s, read_cpu_s = time.perf_counter() - wall_s, time.process_time() - cpu_s
    order = BatchOrder(len(data.training), BATCH, 0)
    samples, step = 0, 0
    wall_s, cpu_s = time.perf_counter(), time.process_time()
    while time.perf_counter() - wall_s < seconds:
        samples += len(data.training.batch(order.windows(step), order.random(step))["pad"])
        step += 1
    spent_s, spent_cpu_s = time.perf_counter() - wall_s, time.process_time() - cpu_s
    return {
        "loader_samples_per_s": rounded(samples / spent_s),
        "loader_samples_per_cpu_s": rounded(samples / spent_cpu_s),
        "loader_read_s_per_episode_minute": rounded(read_s * 60 / data.account.rows * 20),
        "loader_read_cpu_s_per_episode_minute": rounded(read_cpu_s * 60 / data.account.rows * 20),
        "loader_memory_mb_per_episode_minute": rounded(
            data.training.nbytes / 1e6 / data.account.seconds * 60
        ),
    }


def measure_training(
    dataset: Dataset, seconds: float, sizes: tuple[str, ...], batch: int, threads: int
) -> dict[str, Any]:
    """Whole steps: batch, forward, backward, clipping, AdamW, running mean."""
    import torch

    from policies.training.learner import Learner
    from policies.training.ranks import Ranks
    from policies.training.windows import load_data

    torch.set_num_threads(threads)
    found: dict[str, Any] = {}
    for size in sizes:
        config = PolicyConfig.model_validate(
            {"kind": "diffusion", "size": size, "cameras": (CAMERA,), "batch": batch}
        )
        learner = Learner(load_data(dataset, "", config), Ranks(), torch.device("cpu"))
        learner.learn(0.0)
        walls, cpus = [], []
        until_s = time.perf_counter() + seconds
        while time.perf_counter() < until_s or len(walls) < 2:
            wall_s, cpu_s = time.perf_counter(), time.process_time()
            learner.learn(0.0)
            walls.append(time.perf_counter() - wall_s)
            cpus.append(time.process_time() - cpu_s)
        name = f"{size}_batch{batch}"
        found[f"{name}_step_ms"] = spread(walls)["p50_ms"]
        found[f"{name}_step_cpu_ms"] = spread(cpus)["p50_ms"]
        found[f"{name}_steps_per_s"] = rounded(1 / float(np.median(walls)))
        found[f"{name}_parameters"] = learner.parameters
    return found


def measure_robomimic(dataset: Dataset, seconds: float) -> dict[str, Any]:
    """robomimic's loader on its export of the same episodes, pictures of the same size."""
    from recorder.exporters.job import run_export
    from recorder.exporters.plan import ExportPlan

    if not INTEROP.exists():
        return {"robomimic": NOT_MEASURED}
    found: dict[str, Any] = {}
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder) / "export"
        plan = {
            "dataset": dataset.root,
            "out": out,
            "format": "robomimic",
            "rate_hz": 20,
            "image_size": CAMERA.size,
        }
        run_export(ExportPlan.model_validate(plan))
        (file,) = out.rglob("*.hdf5")
        for cache in ("none", "low_dim", "all"):
            command = [
                str(INTEROP),
                str(ROOT / "benchmarks/robomimic_loader.py"),
                str(file),
                *map(str, (BATCH, seconds, 16, 2)),
                cache,
            ]
            run = subprocess.run(command, capture_output=True, text=True, check=False)
            if run.returncode:
                lines = run.stderr.strip().splitlines() or ["no reason given"]
                return {"robomimic": f"not measured: {lines[-1]}"}
            told = json.loads(run.stdout.strip().splitlines()[-1])
            found[f"robomimic_cache_{cache}_samples_per_s"] = rounded(told["samples_per_s"])
            found[f"robomimic_cache_{cache}_samples_per_cpu_s"] = rounded(told["samples_per_cpu_s"])
    return found


def main() -> None:
    """Entry point."""
    options = parser(__doc__ or "", 5.0)
    options.add_argument("--takes", type=int, default=4, help="episodes of 6 s")
    options.add_argument("--threads", type=int, default=2, help="of torch")
    options.add_argument("--sets", nargs="+", choices=SETS, default=list(SETS))
    chosen = options.parse_args()
    figures: dict[str, Any] = {"threads": chosen.threads}
    with tempfile.TemporaryDirectory() as folder:
        dataset = made_dataset(Path(folder) / "data", chosen.takes)
        seconds, threads = chosen.seconds, chosen.threads
        makers: dict[str, Callable[[], dict[str, Any]]] = {
            "latency": lambda: measure_latency(dataset, seconds, threads),
            "loader": lambda: measure_loader(dataset, seconds),
            "training": lambda: measure_training(
                dataset, seconds, ("small", "cpu"), BATCH, threads
            ),
            "lerobot": lambda: measure_training(dataset, 0.0, ("cpu", "full"), 8, threads),
            "robomimic": lambda: measure_robomimic(dataset, seconds),
        }
        for name, make in makers.items():
            if name in chosen.sets:
                figures |= make()
    best = [
        value
        for key, value in figures.items()
        if key.startswith("robomimic_") and key.endswith("_samples_per_cpu_s")
    ]
    if best and "loader_samples_per_cpu_s" in figures:
        ours = figures["loader_samples_per_cpu_s"]
        figures["loader_beside_robomimic"] = rounded(ours / max(best))
    if "full_batch8_step_cpu_ms" in figures:
        figures["lerobot_default_size"] = "own re-creation: full_batch8_*"
    report("policy", figures, TARGETS, chosen.json)


if __name__ == "__main__":
    main()
