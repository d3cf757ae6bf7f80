"""Training of one policy: seeded, resumable, with a running mean and an early end.

Everything random is a function of the seed and the step. A training that was killed and goes on
from its last checkpoint therefore ends with the same weights as one that was never interrupted (on
the same machine with the same number of threads; not under a time limit).

Ladder
------
SIGTERM, Ctrl+C        the step is finished, a checkpoint is written, ``Cancelled``
kill -9, power         the last checkpoint is whole; go on with ``--resume``
the disk is full       a sentence; the checkpoint before it is kept
memory runs out        a sentence that says what to make smaller
the loss is no number  a sentence; nothing of it is written
"""

from __future__ import annotations

import math
import time
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal

import torch
from torch import Tensor

from policies.data_account import TrainingError
from policies.networks.checkpoint import remove_old, write_tensors
from policies.policy_card import card_of
from policies.policy_facts import (
    CARD_NAME,
    CURVES_NAME,
    FACTS_NAME,
    CurvePoint,
    PolicyFacts,
    read_facts,
    write_facts,
)
from policies.policy_files import PolicyFileError, write_text
from policies.train_plan import TrainPlan
from policies.training.learner import Learner
from policies.training.machine import device_name, device_of, memory_sentence
from policies.training.ranks import Ranks
from policies.training.resume import (
    has_resume,
    identity_of,
    load_resume,
    remove_resume,
    save_resume,
)
from policies.training.windows import TrainingData
from recorder.header import software_version
from recorder.progress import Cancelled, ProgressMeter, Report, quiet

State = Literal["training", "finished", "early", "time"]


@dataclass(frozen=True)
class TrainResult:
    """How a training ended.

    Attributes
    ----------
    out : Path
    state : str
        ``finished``, ``early`` or ``time``.
    steps, best_step : int
        Steps trained, and the step the weights are from.
    validation_loss : float
    plan_error : mapping
        See ``PolicyFacts``.
    elapsed_s : float
        Of training, over all its parts.
    parameters : int
    id : str
        Of the weights.
    """

    out: Path
    state: str
    steps: int
    best_step: int
    validation_loss: float
    plan_error: dict[str, float]
    elapsed_s: float
    parameters: int
    id: str

    def as_dict(self) -> dict[str, Any]:
        """As JSON."""
        return {**asdict(self), "out": str(self.out)}


class Trainer:
    """One training.

    Parameters
    ----------
    plan : TrainPlan
    data : TrainingData
    ranks : Ranks, optional
        This process among several.

    Raises
    ------
    TrainingError
        The network does not fit into memory, or there is no GPU.
    """

    def __init__(self, plan: TrainPlan, data: TrainingData, ranks: Ranks | None = None) -> None:
        self._plan, self._data, self._config = plan, data, data.config
        self._ranks = ranks or Ranks()
        self._device = device_of(plan, self._ranks.local_rank)
        with memory_sentence(self._config):
            self._learner = Learner(data, self._ranks, self._device)
        self._identity = identity_of(self._config, data.account.hash, self._ranks.size)
        self._best: dict[str, Tensor] = {}
        self._best_loss: float | None = None
        self._best_step, self._stale = 0, 0
        self._loss_sum, self._loss_count = 0.0, 0
        self._curves: list[CurvePoint] = []
        self._elapsed_s, self._since_s = 0.0, time.monotonic()

    def run(self, report: Report = quiet) -> TrainResult:
        """Train to the end.

        Parameters
        ----------
        report : callable
            Receives progress; may raise ``Cancelled`` to end after a whole step.

        Raises
        ------
        Cancelled
            The training was asked to end; its checkpoint is written.
        TrainingError, PolicyFileError
            It cannot go on; one sentence.
        """
        finished = self._prepare()
        if finished is not None:
            return finished
        self._ranks.join(self._device)
        try:
            with memory_sentence(self._config):
                return self._run(report if self._ranks.first else quiet)
        finally:
            self._ranks.leave()

    def _prepare(self) -> TrainResult | None:
        """Make or look into the folder; returns the result of a training that is already over."""
        out, resume = self._plan.out, self._plan.resume
        if has_resume(out):
            if not resume:
                raise TrainingError(
                    f"'{out}' holds a training that is not over; go on with --resume, or choose "
                    "another folder"
                )
            facts, parts = load_resume(out, self._identity, self._learner.shapes)
            self._best = {name: value.to(self._device) for name, value in parts["best"].items()}
            self._learner.restore(facts.step, parts)
            self._best_loss, self._best_step = facts.best_loss, facts.best_step
            self._loss_sum, self._loss_count = facts.loss_sum, facts.loss_count
            self._curves, self._stale = list(facts.curves), facts.stale
            self._elapsed_s = facts.elapsed_s
        elif (out / FACTS_NAME).exists():
            facts = read_facts(out)
            same = identity_of(facts.config, facts.data.hash, self._ranks.size) == self._identity
            if resume and same:
                return _result(out, facts)
            raise TrainingError(f"'{out}' holds a trained policy; choose another folder with --out")
        else:
            try:
                out.mkdir(parents=True, exist_ok=True)
            except OSError as error:
                raise PolicyFileError(
                    f"folder '{out}' cannot be made: {error.strerror}; choose another with --out"
                ) from error
        return None

    def _run(self, report: Report) -> TrainResult:
        learner, config = self._learner, self._config
        self._write_curves()
        self._since_s = time.monotonic()
        meter = ProgressMeter(1.0, report)
        share = self._share()
        meter.advance(share, f"step {learner.step}")
        state = self._state(share)
        while state == "training":
            loss = learner.learn(share)
            if not math.isfinite(loss):
                raise self._no_number("loss")
            self._loss_sum += loss
            self._loss_count += 1
            if learner.step % config.validate_every == 0:
                self._look()
            before, share = share, self._share()
            stop = False
            try:
                meter.advance(share - before, self._what(loss))
            except Cancelled:
                stop = True
            if self._ranks.agree(float(stop))[0]:
                self._checkpoint("training")
                raise Cancelled(
                    f"asked to end at step {learner.step}; the same command with --resume goes on"
                )
            state = self._state(share)
            if state == "training" and learner.step % config.checkpoint_every == 0:
                self._checkpoint(state)
        if not self._curves or self._curves[-1].step != learner.step:
            self._look()
        self._checkpoint(state)
        if not self._ranks.first:
            return _no_result(self._plan.out)
        remove_resume(self._plan.out)
        return _result(self._plan.out, read_facts(self._plan.out))

    def _state(self, share: float) -> State:
        if self._learner.step >= self._config.steps:
            return "finished"
        if share >= 1.0:
            return "time"
        if self._config.patience and self._stale >= self._config.patience:
            return "early"
        return "training"

    def _time_s(self) -> float:
        return self._elapsed_s + time.monotonic() - self._since_s

    def _share(self) -> float:
        share = self._learner.step / self._config.steps
        if self._plan.minutes is not None:
            share = max(share, self._time_s() / (60 * self._plan.minutes))
        return min(1.0, self._ranks.agree(share)[0])

    def _what(self, loss: float) -> str:
        said = f"step {self._learner.step}, loss {loss:.4f}"
        if self._curves:
            said += f", validation {self._curves[-1].validation:.4f}"
        return said

    def _look(self) -> None:
        """Note the validation loss, and the weights when they are the best so far."""
        loss = self._learner.validation_loss()
        if not math.isfinite(loss):
            raise self._no_number("validation loss")
        if self._best_loss is None or loss < self._best_loss:
            self._best_loss, self._best_step, self._stale = loss, self._learner.step, 0
            self._best = self._learner.mean_weights()
        else:
            self._stale += 1
        point = CurvePoint(
            step=self._learner.step,
            training=self._loss_sum / max(1, self._loss_count),
            validation=loss,
            lr=self._learner.lr,
            elapsed_s=round(self._time_s(), 3),
        )
        self._loss_sum, self._loss_count = 0.0, 0
        self._curves.append(point)
        self._write_curves(point)

    def _no_number(self, what: str) -> TrainingError:
        return TrainingError(
            f"the {what} is not a number at step {self._learner.step}; lower lr (it is "
            f"{self._config.lr:g}), what was written before is kept"
        )

    def _write_curves(self, newest: CurvePoint | None = None) -> None:
        """Append a point for whoever watches, or begin the file with all of them."""
        if not self._ranks.first:
            return
        path = self._plan.out / CURVES_NAME
        if newest is None:
            write_text(path, "".join(f"{point.model_dump_json()}\n" for point in self._curves))
            return
        try:
            with open(path, "a", encoding="utf-8") as file:
                file.write(f"{newest.model_dump_json()}\n")
        except OSError as error:
            raise PolicyFileError(
                f"'{path}' cannot be written: {error.strerror}; make room or choose another folder"
            ) from error

    def _checkpoint(self, state: State) -> None:
        """Write where the training stands, and the policy as far as it has been looked at."""
        if not self._ranks.first:
            return
        parts = self._learner.parts()
        save_resume(
            self._plan.out,
            {**parts, "best": self._best or parts["mean"]},
            {
                "identity": self._identity,
                "step": self._learner.step,
                "elapsed_s": self._time_s(),
                "loss_sum": self._loss_sum,
                "loss_count": self._loss_count,
                "best_loss": self._best_loss,
                "best_step": self._best_step,
                "stale": self._stale,
                "curves": tuple(self._curves),
            },
        )
        if self._curves:
            self._publish(state)

    def _publish(self, state: State) -> None:
        out, last = self._plan.out, self._config.keep == "last"
        weights = self._learner.mean_weights() if last else self._best
        written = write_tensors(out, "weights", weights)
        assert self._best_loss is not None
        facts = PolicyFacts(
            name=self._plan.name or out.absolute().name,
            config=self._config,
            layout=self._data.layout,
            normaliser=self._data.normaliser,
            data=self._data.account,
            weights=written,
            step=self._learner.step if last else self._best_step,
            steps=self._learner.step,
            validation_loss=self._curves[-1].validation if last else self._best_loss,
            plan_error={} if state == "training" else self._learner.plan_error(weights),
            state=state,
            curves=tuple(self._curves),
            software_version=software_version(),
            torch_version=torch.__version__,
            made=datetime.now(UTC).isoformat(timespec="seconds"),
            device=device_name(self._device),
        )
        write_facts(out, facts)
        write_text(out / CARD_NAME, card_of(facts))
        remove_old(out, "weights", written.file)


def _result(out: Path, facts: PolicyFacts) -> TrainResult:
    return TrainResult(
        out=out,
        state=facts.state,
        steps=facts.steps,
        best_step=facts.step,
        validation_loss=facts.validation_loss,
        plan_error=facts.plan_error,
        elapsed_s=facts.curves[-1].elapsed_s if facts.curves else 0.0,
        parameters=facts.weights.parameters,
        id=facts.id,
    )


def _no_result(out: Path) -> TrainResult:
    """Of a process that writes no files."""
    return TrainResult(out, "finished", 0, 0, 0.0, {}, 0.0, 0, "")
