"""Foreign ``.pt`` files: weights come through a confined child, everything else is refused."""

from __future__ import annotations

import io
import pickle
import zipfile
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file
from support.small_policies import tiny_network
from typer.testing import CliRunner

from app.cli import cli
from policies.data_account import DataAccount
from policies.networks.checkpoint import load_network, write_tensors
from policies.policy_facts import PolicyFacts, write_facts
from policies.policy_files import PolicyFileError
from policies.training.foreign import convert_policy, convert_weights, foreign_weights


@pytest.fixture
def ours(tmp_path: Path):
    from support.small_policies import unit_normaliser

    network = tiny_network(kind="flow", cameras=(), taxels=False, force=True)
    folder = tmp_path / "ours"
    folder.mkdir()
    written = write_tensors(folder, "weights", dict(network.named_parameters()))
    facts = PolicyFacts(
        name="ours",
        config=network.config,
        layout=network.layout,
        normaliser=unit_normaliser(network.layout),
        data=DataAccount(dataset="d", hash="0" * 64, task="t", training=(0,), validation=(1,)),
        weights=written,
        step=1,
        steps=1,
        validation_loss=0.5,
        state="finished",
        curves=(),
        software_version="0",
        torch_version="0",
        made="2026",
        device="processor",
    )
    write_facts(folder, facts)
    return network, folder


def test_weights_of_another_program_become_a_policy(ours, tmp_path):
    network, folder = ours
    file = tmp_path / "theirs.pt"
    weights = {name: value + 1 for name, value in network.state_dict().items()}
    torch.save({"epoch": 3, "state_dict": weights}, file)
    run = CliRunner().invoke(
        cli, ["policy", "convert", str(file), "--like", str(folder), "--out", str(tmp_path / "new")]
    )
    assert run.exit_code == 0, run.output
    loaded, facts = load_network(tmp_path / "new")
    assert torch.equal(
        loaded.state_dict()["unet.out.weight"], network.state_dict()["unet.out.weight"] + 1
    )
    assert (facts.state, facts.converted_from) == ("converted", "theirs.pt")
    assert "nobody here trained it" in (tmp_path / "new" / "card.md").read_text()
    weights.pop("unet.out.bias")
    torch.save(weights, file)
    with pytest.raises(PolicyFileError, match="has no weights 'unet.out.bias'"):
        convert_policy(file, folder, tmp_path / "other")
    assert not (tmp_path / "other").exists()


def test_half_precision_and_counters_come_as_plain_float32(tmp_path):
    file = tmp_path / "theirs.pt"
    torch.save({"a": torch.ones(2, 3).half(), "n": torch.tensor([4])}, file)
    assert convert_weights(file, tmp_path / "theirs.safetensors") == 6
    assert load_file(tmp_path / "theirs.safetensors")["a"].dtype == torch.float32
    with pytest.raises(PolicyFileError, match="exists already"):
        convert_weights(file, tmp_path / "theirs.safetensors")


class Harm:
    """Touches a file when it is unpickled."""

    def __init__(self, target: Path) -> None:
        self._target = target

    def __reduce__(self):
        return (Path.touch, (self._target,))


def harmful(folder: Path) -> Path:
    torch.save({"a": torch.ones(2), "b": Harm(folder / "harm")}, folder / "bad.pt")
    return folder / "bad.pt"


def bare_pickle(folder: Path) -> Path:
    (folder / "bad.pt").write_bytes(pickle.dumps({"a": Harm(folder / "harm")}))
    return folder / "bad.pt"


def truncated(folder: Path) -> Path:
    file = io.BytesIO()
    torch.save({"a": torch.ones(1000)}, file)
    (folder / "bad.pt").write_bytes(file.getvalue()[:-300])
    return folder / "bad.pt"


def compressed(folder: Path) -> Path:
    with zipfile.ZipFile(folder / "bad.pt", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("archive/data.pkl", b"\0" * 1_000_000)
    return folder / "bad.pt"


def sparse(folder: Path) -> Path:
    torch.save({"a": torch.eye(3).to_sparse()}, folder / "bad.pt")
    return folder / "bad.pt"


def no_weights(folder: Path) -> Path:
    torch.save([1, 2], folder / "bad.pt")
    return folder / "bad.pt"


def infinite(folder: Path) -> Path:
    torch.save({"a": torch.tensor([1.0, float("inf")])}, folder / "bad.pt")
    return folder / "bad.pt"


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (harmful, "holds more than weights"),
        pytest.param(bare_pickle, "is a bare pickle of an old torch", marks=pytest.mark.slow),
        pytest.param(
            truncated,
            "is a bare pickle|holds more than weights|cannot be read",
            marks=pytest.mark.slow,
        ),
        pytest.param(compressed, "is compressed", marks=pytest.mark.slow),
        pytest.param(sparse, "is no plain tensor|holds more than weights", marks=pytest.mark.slow),
        pytest.param(no_weights, "holds no table of weights", marks=pytest.mark.slow),
        pytest.param(infinite, "'a' is not finite", marks=pytest.mark.slow),
    ],
)
def test_everything_but_plain_weights_is_refused(tmp_path, make, said: str):
    with pytest.raises(PolicyFileError, match=said):
        foreign_weights(make(tmp_path))
    assert not (tmp_path / "harm").exists()


def test_file_that_is_not_there_is_a_sentence(tmp_path):
    run = CliRunner().invoke(cli, ["policy", "convert", str(tmp_path / "none.pt")])
    assert run.exit_code == 1
    assert "there is no file" in run.stderr


def test_card_of_a_policy_is_shown(ours):
    run = CliRunner().invoke(cli, ["policy", "show", str(ours[1])])
    assert run.exit_code == 0, run.output
    assert run.stdout.startswith("# ours")
