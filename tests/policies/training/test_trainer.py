"""Training ends, goes on after a kill with the same result, and says what is wrong."""

from __future__ import annotations

import errno
import hashlib
from collections.abc import Callable
from pathlib import Path

import pytest
import torch

from policies import policy_files
from policies.data_account import TrainingError
from policies.networks.checkpoint import load_network
from policies.policy_config import PolicyConfig
from policies.policy_facts import read_curves, read_facts
from policies.policy_files import PolicyFileError
from policies.train_plan import TrainPlan
from policies.training.job import run_training
from policies.training.learner import Learner
from policies.training.trainer import Trainer
from policies.training.windows import TrainingData, load_data
from recorder.dataset import open_dataset
from recorder.progress import Cancelled, Progress

QUICK = PolicyConfig(
    size="tiny",
    cameras=(),
    taxels=False,
    force=True,
    chunk=8,
    steps=6,
    batch=8,
    lr=3e-3,
    warmup_steps=2,
    validate_every=2,
    checkpoint_every=2,
    patience=0,
)


class Killed(BaseException):
    """Stands in for kill -9: nothing of the program runs any more."""


@pytest.fixture(scope="session")
def learned(made_data: Path) -> TrainingData:
    torch.set_num_threads(1)
    return load_data(open_dataset(made_data), "", QUICK)


@pytest.fixture
def train(learned: TrainingData, tmp_path: Path) -> Callable:
    def run(name: str = "policy", report=None, resume: bool = False, minutes=None, **choices):
        config = learned.config.model_copy(update=choices)
        data = TrainingData(
            config,
            learned.layout,
            learned.normaliser,
            learned.training,
            learned.validation,
            learned.account,
        )
        plan = TrainPlan(
            dataset=tmp_path,
            out=tmp_path / name,
            config=config,
            resume=resume,
            device="cpu",
            minutes=minutes,
        )
        return Trainer(plan, data).run(report or (lambda progress: None))

    return run


def raising_at(step: int, error: BaseException):
    def report(progress: Progress) -> None:
        if progress.what.startswith(f"step {step},"):
            raise error

    return report


def weights_of(folder: Path) -> str:
    facts = read_facts(folder)
    return hashlib.sha256((folder / facts.weights.file).read_bytes()).hexdigest()


def test_training_ends_with_a_policy_that_loads(train, tmp_path):
    result = train()
    assert (result.state, result.steps) == ("finished", 6)
    network, facts = load_network(tmp_path / "policy")
    assert facts.state == "finished"
    assert [point.step for point in facts.curves] == [2, 4, 6]
    assert facts.validation_loss == min(point.validation for point in facts.curves)
    assert read_curves(tmp_path / "policy") == facts.curves
    names = sorted(path.name for path in (tmp_path / "policy").iterdir())
    assert names == ["card.md", "curves.jsonl", "policy.json", facts.weights.file]
    assert "right_thumb" not in (tmp_path / "policy" / "card.md").read_text()
    assert facts.data.hash[:16] in (tmp_path / "policy" / "card.md").read_text()


def test_loss_falls_and_plans_come_nearer_to_what_was_done(train, tmp_path):
    choices = {"kind": "flow", "lr": 1e-2, "batch": 16, "checkpoint_every": 50}
    train("young", steps=2, **choices)
    train("old", steps=50, validate_every=25, **choices)
    young, old = (read_facts(tmp_path / name) for name in ("young", "old"))
    assert old.curves[-1].training < 0.9 * old.curves[0].training
    assert sorted(old.plan_error) == ["N", "m", "rad"]
    assert old.plan_error["rad"] < 0.85 * young.plan_error["rad"]
    assert " N on average" in (tmp_path / "old" / "card.md").read_text()


def test_same_seed_gives_the_same_policy_and_another_seed_another(train, tmp_path):
    for name, seed in (("a", 0), ("b", 0), ("c", 1)):
        train(name, seed=seed, steps=2)
    a, b, c = (weights_of(tmp_path / name) for name in "abc")
    assert a == b
    assert a != c


@pytest.mark.parametrize("step", [1, 5])
def test_killed_training_goes_on_as_if_nothing_had_happened(train, tmp_path, step: int):
    train("whole")
    with pytest.raises(Killed):
        train("killed", report=raising_at(step, Killed()))
    train("killed", resume=True)
    assert weights_of(tmp_path / "killed") == weights_of(tmp_path / "whole")
    mine, theirs = (read_facts(tmp_path / name).curves for name in ("killed", "whole"))
    assert [(one.step, one.training, one.validation) for one in mine] == [
        (one.step, one.training, one.validation) for one in theirs
    ]


def test_killed_while_a_checkpoint_is_written_goes_on_from_the_one_before(
    train, tmp_path, monkeypatch
):
    train("whole")
    written = []
    sync = policy_files.fsync_path

    def dying(path: Path) -> None:
        written.append(path)
        if len(written) == 20:
            raise Killed
        sync(path)

    monkeypatch.setattr(policy_files, "fsync_path", dying)
    with pytest.raises(Killed):
        train("killed")
    monkeypatch.setattr(policy_files, "fsync_path", sync)
    train("killed", resume=True)
    assert weights_of(tmp_path / "killed") == weights_of(tmp_path / "whole")
    leftovers = [path.name for path in (tmp_path / "killed").iterdir() if "part" in path.name]
    assert leftovers == []


@pytest.mark.parametrize("kind", [pytest.param("flow", marks=pytest.mark.slow), "act"])
def test_asked_to_end_it_writes_a_checkpoint_and_goes_on_later(train, tmp_path, kind: str):
    train("whole", kind=kind, kl_weight=1.0)
    with pytest.raises(Cancelled, match="step 5; the same command with --resume goes on"):
        train(
            "asked",
            report=raising_at(5, Cancelled()),
            kind=kind,
            kl_weight=1.0,
            checkpoint_every=1000,
        )
    assert load_network(tmp_path / "asked")[1].state == "training"
    train("asked", resume=True, kind=kind, kl_weight=1.0)
    assert weights_of(tmp_path / "asked") == weights_of(tmp_path / "whole")


def test_training_that_gains_nothing_ends_early_with_its_best_weights(train, tmp_path, monkeypatch):
    losses = iter([0.5, 0.4, 0.6, 0.7, 0.1, 0.1, 0.1])
    monkeypatch.setattr(Learner, "validation_loss", lambda self: next(losses))
    result = train(steps=50, validate_every=1, patience=2)
    assert (result.state, result.steps, result.best_step) == ("early", 4, 2)
    assert result.validation_loss == 0.4
    assert read_facts(tmp_path / "policy").step == 2


def test_last_weights_are_kept_where_that_is_asked_for(train, tmp_path, monkeypatch):
    losses = iter([0.5, 0.4, 0.6])
    monkeypatch.setattr(Learner, "validation_loss", lambda self: next(losses))
    result = train(keep="last")
    assert (result.best_step, result.validation_loss) == (6, 0.6)


def test_training_ends_when_its_time_is_up(train):
    result = train(steps=100_000, minutes=0.005)
    assert result.state == "time"
    assert 0 < result.steps < 100_000


def test_finished_training_is_not_done_again(train, tmp_path):
    first = train()
    before = (tmp_path / "policy" / "policy.json").stat().st_mtime_ns
    assert train(resume=True).id == first.id
    assert (tmp_path / "policy" / "policy.json").stat().st_mtime_ns == before
    with pytest.raises(TrainingError, match="holds a trained policy; choose another folder"):
        train()


def test_interrupted_training_is_not_written_over(train):
    with pytest.raises(Killed):
        train(report=raising_at(5, Killed()))
    with pytest.raises(TrainingError, match="holds a training that is not over"):
        train()
    with pytest.raises(PolicyFileError, match="trained with other choices or other episodes"):
        train(resume=True, seed=5)


def test_full_disk_is_a_sentence_and_the_checkpoint_before_it_stays(train, tmp_path, monkeypatch):
    def full(path: Path) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    def report(progress: Progress) -> None:
        if progress.what.startswith("step 5,"):
            monkeypatch.setattr(policy_files, "fsync_path", full)

    with pytest.raises(PolicyFileError, match="cannot be written: No space left on device; make"):
        train(report=report)
    monkeypatch.undo()
    assert load_network(tmp_path / "policy")[1].steps == 4
    assert train(resume=True).state == "finished"


def test_out_of_memory_is_a_sentence(train, monkeypatch):
    def learn(self, share: float) -> float:
        raise RuntimeError("[enforce fail] DefaultCPUAllocator: not enough memory: you tried")

    monkeypatch.setattr(Learner, "learn", learn)
    with pytest.raises(TrainingError, match="memory ran out with batches of 8 and size 'tiny'"):
        train()


def test_machine_that_cannot_compile_is_a_sentence(train, monkeypatch):
    from torch._inductor.exc import CppCompileError

    def learn(self, share: float) -> float:
        raise CppCompileError(["g++"], "Python.h: No such file")

    monkeypatch.setattr(Learner, "learn", learn)
    with pytest.raises(TrainingError, match="cannot be compiled on this machine.*leave compile"):
        train()


def test_loss_that_is_no_number_ends_the_training_with_a_sentence(train, tmp_path, monkeypatch):
    learn = Learner.learn

    def spoilt(self, share: float) -> float:
        return float("nan") if self.step == 5 else learn(self, share)

    monkeypatch.setattr(Learner, "learn", spoilt)
    with pytest.raises(TrainingError, match=r"loss is not a number at step 5; lower lr \(it is"):
        train()
    assert load_network(tmp_path / "policy")[1].steps == 4


def test_gpu_that_is_not_there_is_a_sentence(learned, tmp_path):
    if torch.cuda.is_available():
        pytest.skip("this machine has a GPU")
    plan = TrainPlan(dataset=tmp_path, out=tmp_path / "p", config=learned.config, device="cuda")
    with pytest.raises(TrainingError, match="no GPU is there; train on the processor"):
        Trainer(plan, learned)


def test_dataset_that_is_none_is_a_sentence(tmp_path):
    with pytest.raises(TrainingError, match="is not a dataset"):
        run_training(TrainPlan(dataset=tmp_path, out=tmp_path / "p", config=QUICK))
