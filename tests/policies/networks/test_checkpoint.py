"""Policies to and from files; whatever a hostile one does, it is one sentence and no allocation."""

from __future__ import annotations

import json
import os
import struct
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import save_file
from support.small_policies import random_observation, tiny_network

from policies.data_account import DataAccount
from policies.networks.checkpoint import load_network, remove_old, write_tensors
from policies.networks.policy import Policy, PolicyRunError
from policies.networks.policy_network import PolicyNetwork
from policies.observation import KeptRows, ObservationError, ObservationRow
from policies.policy_card import card_of
from policies.policy_facts import PolicyFacts, read_facts, write_facts
from policies.policy_files import PolicyFileError


def facts_of(network: PolicyNetwork, written) -> PolicyFacts:
    from support.small_policies import unit_normaliser

    return PolicyFacts(
        name="tiny",
        config=network.config,
        layout=network.layout,
        normaliser=unit_normaliser(network.layout),
        data=DataAccount(dataset="d" * 32, hash="0" * 64, task="t", training=(0,), validation=(1,)),
        weights=written,
        step=1,
        steps=1,
        validation_loss=0.5,
        state="finished",
        curves=(),
        software_version="0",
        torch_version="0",
        made="2026-01-01T00:00:00+00:00",
        device="processor",
    )


@pytest.fixture(scope="module")
def network() -> PolicyNetwork:
    return tiny_network(kind="flow", sampler_steps=2).eval()


@pytest.fixture
def folder(network: PolicyNetwork, tmp_path: Path) -> Path:
    made = tmp_path / "policy"
    made.mkdir()
    written = write_tensors(made, "weights", dict(network.named_parameters()))
    write_facts(made, facts_of(network, written))
    return made


def changed(folder: Path, change: Callable[[dict], None]) -> None:
    path = folder / "policy.json"
    raw = json.loads(path.read_text())
    change(raw)
    path.write_text(json.dumps(raw))


def weights_file(folder: Path) -> Path:
    (found,) = folder.glob("weights-*.safetensors")
    return found


def replace_weights(folder: Path, data: bytes) -> None:
    """Put other bytes there, with the checksum and size that fit them."""
    import hashlib

    path = weights_file(folder)
    path.write_bytes(data)
    sha256 = hashlib.sha256(data).hexdigest()
    changed(folder, lambda raw: raw["weights"].update(bytes=len(data), sha256=sha256))


def header_of(data: bytes) -> tuple[dict, bytes]:
    length = struct.unpack("<Q", data[:8])[0]
    return json.loads(data[8 : 8 + length]), data[8 + length :]


def packed(header: dict | bytes, body: bytes) -> bytes:
    text = header if isinstance(header, bytes) else json.dumps(header).encode()
    return struct.pack("<Q", len(text)) + text + body


def row_for(network: PolicyNetwork, seed: int = 0) -> ObservationRow:
    random, layout = np.random.default_rng(seed), network.layout
    return ObservationRow(
        joints=random.uniform(-1, 1, layout.joints),
        taxels=random.uniform(0, 1, (len(layout.pads), layout.taxels_per_pad, 3)),
        pictures={
            "front/rgb": random.integers(0, 256, (240, 320, 3), dtype=np.uint8),
        },
    )


def test_policy_read_back_plans_the_same(network, folder):
    loaded, facts = load_network(folder)
    seen = random_observation(network.layout, 1)
    noise = torch.randn((1, 16, network.action_size), generator=torch.Generator().manual_seed(0))
    with torch.inference_mode():
        assert torch.equal(loaded.plan(seen, noise), network.plan(seen, noise))
    assert read_facts(folder) == facts
    assert facts.weights.parameters == sum(value.numel() for value in loaded.parameters())


def test_newer_weights_replace_older_ones(network, folder):
    old = weights_file(folder)
    with torch.no_grad():
        weights = {name: value + 1 for name, value in network.named_parameters()}
    written = write_tensors(folder, "weights", weights)
    remove_old(folder, "weights", written.file)
    assert not old.exists()
    assert weights_file(folder).name == written.file


def test_weights_that_are_not_finite_are_not_written(folder, network):
    weights = {name: value.detach() * np.nan for name, value in network.named_parameters()}
    before = sorted(folder.iterdir())
    with pytest.raises(PolicyFileError, match="is not finite; nothing was written"):
        write_tensors(folder, "weights", weights)
    assert sorted(folder.iterdir()) == before


def test_truncated_weights_are_refused(folder):
    path = weights_file(folder)
    os.truncate(path, path.stat().st_size - 100)
    with pytest.raises(PolicyFileError, match="bytes, .* were written; it is damaged"):
        load_network(folder)


def test_one_changed_bit_is_refused(folder):
    path = weights_file(folder)
    data = bytearray(path.read_bytes())
    data[-5] ^= 1
    path.write_bytes(bytes(data))
    with pytest.raises(PolicyFileError, match="is not what was written"):
        load_network(folder)


def test_weights_with_what_is_not_finite_are_refused(folder, network):
    weights = {name: value.detach().clone() for name, value in network.named_parameters()}
    next(iter(weights.values())).view(-1)[0] = float("inf")
    path = folder.parent / "spoilt.safetensors"
    save_file(weights, path)
    replace_weights(folder, path.read_bytes())
    with pytest.raises(PolicyFileError, match="are not finite; train it again"):
        load_network(folder)


def test_half_precision_and_other_shapes_are_refused(folder, network):
    weights = {name: value.detach().half() for name, value in network.named_parameters()}
    path = folder.parent / "other.safetensors"
    save_file(weights, path)
    replace_weights(folder, path.read_bytes())
    with pytest.raises(PolicyFileError, match="is F16, only float32 is taken"):
        load_network(folder)
    weights = {name: value.detach().clone() for name, value in network.named_parameters()}
    name = next(iter(weights))
    weights[name] = weights[name].flatten()
    save_file(weights, path)
    replace_weights(folder, path.read_bytes())
    with pytest.raises(PolicyFileError, match=rf"'{name}' are \[.*\], \[.*\] belong there"):
        load_network(folder)
    del weights[name]
    save_file(weights, path)
    replace_weights(folder, path.read_bytes())
    with pytest.raises(PolicyFileError, match=f"weights '{name}' are missing"):
        load_network(folder)


def huge(header: dict, body: bytes) -> bytes:
    name = next(iter(header))
    header[name]["shape"] = [1 << 20, 1 << 19]
    return packed(header, body)


def endless(header: dict, body: bytes) -> bytes:
    name = next(iter(header))
    header[name]["shape"] = [1 << 60]
    return packed(header, body)


def overlapping(header: dict, body: bytes) -> bytes:
    entries = [entry for name, entry in header.items() if name != "__metadata__"]
    longest = sorted(entries, key=lambda entry: entry["data_offsets"][0])
    start, stop = longest[-1]["data_offsets"]
    longest[-1]["data_offsets"] = [start - 4, stop - 4]
    return packed(header, body)


def nested(header: dict, body: bytes) -> bytes:
    return packed(b'{"a":' + b"[" * 100_000 + b"]" * 100_000 + b"}", body)


def long_header(header: dict, body: bytes) -> bytes:
    return struct.pack("<Q", 1 << 62) + body


def odd_name(header: dict, body: bytes) -> bytes:
    name = next(iter(header))
    header["a; rm -rf"] = header.pop(name)
    return packed(header, body)


def no_object(header: dict, body: bytes) -> bytes:
    return packed(b"[1, 2]", body)


def trailing(header: dict, body: bytes) -> bytes:
    return packed(header, body + b"\0" * 8)


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (huge, "needs 2199023255552 bytes and has"),
        (endless, "has no sensible shape"),
        (overlapping, "overlap or leave a hole|needs .* bytes and has"),
        (nested, "nests deeper than"),
        (long_header, "claims a header of"),
        (odd_name, "names a tensor 'a; rm -rf'"),
        (no_object, "its header holds no object"),
        (trailing, "8 bytes belong to no tensor"),
    ],
)
def test_hostile_header_is_refused_before_anything_is_loaded(
    folder, make: Callable, said: str, monkeypatch
):
    replace_weights(folder, make(*header_of(weights_file(folder).read_bytes())))
    monkeypatch.setattr("policies.networks.checkpoint.load_file", lambda path: pytest.fail("read"))
    with pytest.raises(PolicyFileError, match=said):
        load_network(folder)


@pytest.mark.parametrize("name", ["../../etc/passwd", "/etc/passwd", "weights.pt", "", "a\0b"])
def test_weights_elsewhere_are_refused(folder, name: str):
    changed(folder, lambda raw: raw["weights"].update(file=name))
    with pytest.raises(PolicyFileError, match="which is no name of ours"):
        load_network(folder)


def test_links_are_refused(folder, tmp_path):
    path = weights_file(folder)
    moved = path.rename(tmp_path / "elsewhere")
    path.symlink_to(moved)
    with pytest.raises(PolicyFileError, match="is no plain file; a policy has no links"):
        load_network(folder)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[" * 200_000, "nests deeper than 16"),
        ('{"schema": NaN}', "it holds NaN"),
        ('{"schema": "other/1"}', "has schema 'other/1', this program reads"),
        ("[]", "it holds no object"),
        ("{", "is damaged"),
        ('{"schema": "thenar.policy/1"}', "is damaged: 'name'"),
        ("\x00\xff", "is damaged"),
    ],
)
def test_damaged_description_is_refused(folder, text: str, said: str):
    (folder / "policy.json").write_bytes(text.encode("latin-1"))
    with pytest.raises(PolicyFileError, match=said):
        read_facts(folder)


def test_description_of_endless_length_is_refused(folder):
    with open(folder / "policy.json", "r+b") as file:
        file.truncate(1 << 33)
    with pytest.raises(PolicyFileError, match="bytes, 16777216 is the limit"):
        read_facts(folder)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda raw: raw["layout"].update(joint_names=["a"]), "entries, .* belong there"),
        (lambda raw: raw["layout"].update(chunk=4096), "layout and config differ in chunk"),
        (lambda raw: raw["normaliser"]["action"].update(scale=[0.0] * 23), "is not positive"),
        (lambda raw: raw["config"].update(batch=10**9), "'config.batch'"),
        (lambda raw: raw.update(code="import os"), "'code'"),
        (lambda raw: raw["config"].update(size="full"), "weights '.*' are missing"),
    ],
)
def test_description_that_contradicts_itself_is_refused(folder, change: Callable, said: str):
    changed(folder, change)
    with pytest.raises(PolicyFileError, match=said):
        load_network(folder)


def test_pickles_are_refused_with_the_way_out(tmp_path):
    (tmp_path / "model.pt").write_bytes(b"\x80\x04.")
    with pytest.raises(PolicyFileError, match="pickles, which can run programs.*policy convert"):
        read_facts(tmp_path / "model.pt")


def test_card_says_what_matters_and_cannot_be_broken_by_a_name(network, folder):
    facts = read_facts(folder).model_copy(update={"name": "tiny"})
    card = card_of(facts)
    assert "| does | 18 joint positions (rad, m) and 5 normal forces (N) |" in card
    assert facts.weights.sha256 in card
    data = facts.data.model_copy(update={"left_out": {3: "rejected: bad | worse\nline"}})
    broken = card_of(facts.model_copy(update={"data": data}))
    assert broken.count("\n") == card.count("\n")


def test_policy_plans_in_physical_units_and_the_same_for_the_same_seed(network, folder):
    policy = Policy.load(folder, threads=1)
    rows = [row_for(network, 0), row_for(network, 1)]
    first, again, other = (policy.plan(rows, seed) for seed in (1, 1, 2))
    assert first.joints.shape == (16, 18)
    assert first.forces_n is not None
    assert first.forces_n.shape == (16, 5)
    assert (first.forces_n >= 0).all()
    assert first.expected_forces_n is not None
    assert np.array_equal(first.joints, again.joints)
    assert not np.array_equal(first.joints, other.joints)
    many = policy.plan_many([rows, rows], [1, 2])
    assert np.allclose(many[0].joints, first.joints, atol=1e-5)


def test_policy_repeats_its_first_row_while_there_are_too_few(network, folder):
    policy = Policy.load(folder, threads=1)
    one = row_for(network)
    assert np.array_equal(policy.plan([one], 0).joints, policy.plan([one, one], 0).joints)


def test_decided_rows_stay_in_the_next_chunk(network, folder):
    policy = Policy.load(folder, threads=1)
    rows = [row_for(network)]
    decided = np.full((16, 23), 0.3)
    weight = np.concatenate((np.ones(4), np.zeros(12)))
    found = policy.plan(rows, 0, KeptRows(decided, weight)).actions()
    assert found[:4] == pytest.approx(0.3, abs=1e-6)
    assert not np.allclose(found[4:], 0.3, atol=1e-3)


def test_hidden_camera_is_not_seen_when_run(network, folder):
    policy = Policy.load(folder, threads=1)
    one, other = row_for(network, 0), row_for(network, 1)
    swapped = ObservationRow(one.joints, taxels=one.taxels, pictures=other.pictures)
    plans = [policy.plan([row], 0, hidden=("front/rgb",)).joints for row in (one, swapped)]
    assert np.array_equal(*plans)
    assert not np.array_equal(policy.plan([one], 0).joints, policy.plan([swapped], 0).joints)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"taxels": None}, "taxels are missing"),
        ({"joints": np.zeros(7)}, r"joints have shape \(7,\), \(18,\) is needed"),
        ({"joints": np.full(18, np.nan)}, "hold what is not a number"),
        ({"pictures": {}}, "a picture of 'front/rgb' is missing"),
    ],
)
def test_observation_that_does_not_fit_is_a_sentence(network, folder, change: dict, said: str):
    policy = Policy.load(folder, threads=1)
    with pytest.raises(ObservationError, match=said):
        policy.plan([ObservationRow(**{**vars(row_for(network)), **change})], 0)


def test_plan_that_is_no_number_is_never_given_out(network, folder, monkeypatch):
    policy = Policy.load(folder, threads=1)
    monkeypatch.setattr(
        PolicyNetwork, "plan", lambda self, *what, **more: torch.full((1, 16, 23), torch.nan)
    )
    with pytest.raises(PolicyRunError, match="planned what is not a number; nothing of it is sent"):
        policy.plan([row_for(network)], 0)
