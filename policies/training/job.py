"""Train a policy as a child process: ``python -m policies.training.job --spec FILE``.

FILE is a ``TrainPlan`` as JSON. Progress and result are JSON lines on stdout; SIGTERM finishes the
step, writes a checkpoint and ends.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch

from policies.data_account import TrainingError
from policies.train_plan import TrainPlan
from policies.training.machine import memory_sentence
from policies.training.ranks import Ranks
from policies.training.trainer import Trainer, TrainResult
from policies.training.windows import load_data
from recorder.cleaning.place import CleanError
from recorder.dataset import DatasetError, open_dataset
from recorder.episode import EpisodeError
from recorder.progress import Report, quiet
from recorder.progress_child import run_child


def run_training(plan: TrainPlan, report: Report = quiet) -> TrainResult:
    """Train a policy in this process.

    Parameters
    ----------
    plan : TrainPlan
        Its ``workers`` are not looked at: ``policies.training.launch`` starts them.
    report : callable
        Receives progress; may raise ``Cancelled``, which leaves a checkpoint.

    Raises
    ------
    TrainingError, PolicyFileError
        One sentence: what is wrong and what to do.
    """
    if plan.threads:
        torch.set_num_threads(plan.threads)
    ranks = Ranks()
    try:
        with memory_sentence(plan.config):
            data = load_data(open_dataset(plan.dataset), plan.task, plan.config, report)
    except (DatasetError, EpisodeError, CleanError) as error:
        raise TrainingError(str(error)) from None
    return Trainer(plan, data, ranks).run(report)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run as a child process; see the top of the file."""
    parser = argparse.ArgumentParser(prog="python -m policies.training.job")
    parser.add_argument("--spec", type=Path, required=True, help="TrainPlan as JSON")
    chosen = parser.parse_args(arguments)

    def work(report: Report) -> dict[str, Any]:
        plan = TrainPlan.model_validate_json(chosen.spec.read_text())
        return run_training(plan, report).as_dict()

    return run_child(work)


if __name__ == "__main__":
    sys.exit(main())
