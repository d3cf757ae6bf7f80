"""Start a training in this process, in several of this machine, or on a Ray cluster.

``torchrun`` and Ray only start processes of ``policies.training.job`` with a rank each; the first
one writes the files, and its lines of progress are passed on. Both are optional: without them one
process trains.
"""

from __future__ import annotations

import contextlib
import importlib
import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from policies.data_account import TrainingError
from policies.train_plan import TrainPlan
from policies.training.job import run_training
from recorder.progress import Cancelled, Progress, Report, quiet
from recorder.progress_child import CANCELLED_RC

ROOT = Path(__file__).resolve().parents[2]
TICK_S = 0.5
END_S = 120.0  # a step, a checkpoint, and a slow disk
TAIL = 2000


def launch(plan: TrainPlan, report: Report = quiet) -> dict[str, Any]:
    """Train as ``plan`` says; returns ``TrainResult.as_dict``.

    Raises
    ------
    Cancelled
        It was asked to end; a checkpoint is written.
    TrainingError, PolicyFileError
        One sentence.
    """
    if plan.launcher == "ray" and (plan.workers or plan.ray):
        return _ray(plan, report)
    if plan.workers > 1:
        return _torchrun(plan, report)
    return run_training(plan, report).as_dict()


def _torchrun(plan: TrainPlan, report: Report) -> dict[str, Any]:
    with tempfile.TemporaryDirectory(prefix="thenar-train-") as folder:
        spec = Path(folder) / "plan.json"
        spec.write_text(plan.model_dump_json())
        command = [
            sys.executable,
            "-m",
            "torch.distributed.run",
            "--standalone",
            f"--nproc-per-node={plan.workers}",
            "-m",
            "policies.training.job",
            "--spec",
            str(spec),
        ]
        environment = {**os.environ, "OMP_NUM_THREADS": str(plan.threads or 1)}
        with open(Path(folder) / "errors", "w+b") as errors:
            child = subprocess.Popen(
                command, stdout=subprocess.PIPE, stderr=errors, cwd=ROOT, env=environment, text=True
            )
            try:
                found = _follow(child, report)
            finally:
                _end(child)
            errors.seek(0)
            said = errors.read()[-TAIL:].decode(errors="replace").strip().splitlines()
    if "result" in found:
        return found["result"]
    if found.get("cancelled"):
        raise Cancelled("asked to end; the same command with --resume goes on")
    why = found.get("error") or (said[-1] if said else f"code {child.returncode}")
    raise TrainingError(f"the training of {plan.workers} processes ended: {why}")


def _follow(child: subprocess.Popen[str], report: Report) -> dict[str, Any]:
    assert child.stdout is not None
    found: dict[str, Any] = {}
    for line in child.stdout:
        try:
            message = json.loads(line)
        except ValueError:
            continue
        if not isinstance(message, dict):
            continue
        if "progress" in message and not found.get("cancelled"):
            try:
                report(Progress(**message["progress"]))
            except Cancelled:
                found["cancelled"] = True
                child.send_signal(signal.SIGTERM)
        for key in ("result", "error"):
            if key in message and (key == "error" or message[key].get("steps")):
                found.setdefault(key, message[key])
    child.wait(END_S)
    if child.returncode == CANCELLED_RC:
        found["cancelled"] = True
    return found


def _end(child: subprocess.Popen[str]) -> None:
    if child.poll() is None:
        child.terminate()
        try:
            child.wait(END_S)
        except subprocess.TimeoutExpired:
            child.kill()
            child.wait()
    if child.stdout is not None:
        child.stdout.close()


def rank_environment(rank: int, size: int, address: str, port: int) -> dict[str, str]:
    """What ``torch.distributed`` wants to know, as ``torchrun`` gives it."""
    return {
        "RANK": str(rank),
        "LOCAL_RANK": str(rank),
        "WORLD_SIZE": str(size),
        "MASTER_ADDR": address,
        "MASTER_PORT": str(port),
    }


def train_rank(plan_json: str, environment: dict[str, str]) -> dict[str, Any]:
    """One rank of a training on a Ray worker."""
    os.environ.update(environment)
    plan = TrainPlan.model_validate_json(plan_json)
    return run_training(plan).as_dict()


def free_port() -> int:
    """A port nobody listens to now."""
    with socket.socket() as one:
        one.bind(("", 0))
        return int(one.getsockname()[1])


def _ray(plan: TrainPlan, report: Report) -> dict[str, Any]:
    ray, started = _connected(plan)
    size = max(1, plan.workers)
    try:
        if plan.workers == 0 and not plan.ray:
            return run_training(plan, report).as_dict()
        task = ray.remote(max_retries=0, num_cpus=1)(train_rank)
        address = "127.0.0.1" if plan.ray in ("", "local") else ray.util.get_node_ip_address()
        port = free_port()
        text = plan.model_dump_json()
        running = [
            task.remote(text, rank_environment(rank, size, address, port)) for rank in range(size)
        ]
        waiting = list(running)
        while waiting:
            _, waiting = ray.wait(waiting, num_returns=len(waiting), timeout=TICK_S)
            try:
                report(Progress(0.0, 1.0, f"training on {size} Ray workers"))
            except Cancelled:
                for reference in waiting:
                    ray.cancel(reference)
                raise
        return ray.get(running)[0]
    except ray.exceptions.RayError as error:
        lines = [line for line in str(error).splitlines() if line.strip()]
        raise TrainingError(f"the training on Ray ended: {lines[-1] if lines else error}") from None
    finally:
        if started:
            with contextlib.suppress(RuntimeError):
                ray.shutdown()


def _connected(plan: TrainPlan):
    os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
    try:
        ray = importlib.import_module("ray")  # an optional package
    except ImportError:
        raise TrainingError(
            "Ray is not installed; install it with: pip install 'thenar[ray]', or train with "
            "--workers N --launcher torchrun"
        ) from None
    if ray.is_initialized():
        return ray, False
    try:
        if plan.ray in ("", "local"):
            ray.init(num_cpus=max(1, plan.workers), include_dashboard=False, log_to_driver=False)
        else:
            ray.init(address=plan.ray, log_to_driver=False)
    except (ConnectionError, ValueError, OSError, RuntimeError, TimeoutError) as error:
        raise TrainingError(
            f"the Ray cluster at '{plan.ray}' cannot be reached ({error}); start it with "
            "'ray start --head', or train with --workers N --launcher torchrun"
        ) from None
    return ray, True
