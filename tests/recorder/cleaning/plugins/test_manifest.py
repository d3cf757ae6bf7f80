"""Manifests: what is wrong is said, licences are asked for once, other files are refused."""

from __future__ import annotations

import pytest
import yaml

from recorder.cleaning.clip import CleanError
from recorder.cleaning.plugins.manifest import read_plugin
from recorder.cleaning.plugins.shelf import (
    accept,
    find_plugin,
    find_plugins,
    is_accepted,
    need_accepted,
    user_folder,
)
from recorder.dataset import open_dataset

WHOLE = {
    "id": "some-model",
    "task": "fill",
    "format": "subprocess",
    "licence": {"name": "Test-1.0"},
    "command": ["model", "{frames}", "{out}"],
}

PLAIN = {name: value for name, value in WHOLE.items() if name not in ("id", "licence")}


def write(tmp_path, manifest) -> object:
    path = tmp_path / "some.plugin.yaml"
    path.write_text(manifest if isinstance(manifest, str) else yaml.safe_dump(manifest))
    return path


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"id": "../up"}, "id"),
        ({"task": "colour"}, "task"),
        ({"format": "pickle"}, "format"),
        ({"licence": {}}, "licence.name"),
        ({"command": []}, "needs a command"),
        ({"command": ["model", "{frames}"]}, "does not name {out}"),
        ({"file": "model.pth"}, "needs its sha256"),
        ({"format": "onnx"}, "needs a model file"),
        ({"format": "torch-trusted"}, "file that is trusted"),
        ({"window": {"frames": 10, "overlap": 6}}, "more than half"),
        ({"size": {"fixed": [64, 64], "context_px": 32}}, "no room"),
        ({"colour": "blue"}, "colour"),
    ],
)
def test_a_fault_is_one_sentence_with_the_file(tmp_path, change, says):
    path = write(tmp_path, WHOLE | change)
    with pytest.raises(CleanError) as caught:
        read_plugin(path)
    assert says in str(caught.value)
    assert str(path) in str(caught.value)


@pytest.mark.parametrize(
    "text", ["", "[", "- a", "7", "!!python/object/apply:os.system ['true']", "\x00", "a: &a [*a]"]
)
def test_what_is_no_manifest_is_refused(tmp_path, text):
    with pytest.raises(CleanError):
        read_plugin(write(tmp_path, text))


def test_a_plugin_runs_only_after_its_licence_was_accepted_once(install):
    plugin = install(accepted=False, **PLAIN)
    with pytest.raises(CleanError, match="Test-1.0.*--accept fake"):
        need_accepted(plugin)
    accept(plugin)
    need_accepted(find_plugin(None, "fake", "fill"))


def test_a_changed_manifest_is_to_be_accepted_again(install):
    install(**PLAIN)
    changed = install(accepted=False, **PLAIN | {"command": ["other", "{out}"]})
    assert not is_accepted(changed)


def test_a_dataset_cannot_bring_an_accepted_plugin(tmp_path):
    dataset = open_dataset(tmp_path / "dataset", create=True)
    (dataset.root / "plugins").mkdir()
    write(dataset.root / "plugins", WHOLE)
    plugin = find_plugin(dataset, "some-model", "fill")
    assert not is_accepted(plugin)


def test_own_plugins_come_before_those_of_a_dataset(tmp_path, install):
    dataset = open_dataset(tmp_path / "dataset", create=True)
    (dataset.root / "plugins").mkdir()
    write(dataset.root / "plugins", WHOLE | {"id": "fake"})
    own = install(**PLAIN)
    shelf = find_plugins(dataset)
    assert [plugin.path for plugin in shelf.plugins] == [own.path]
    assert len(shelf.problems) == 1


def test_a_broken_manifest_does_not_hide_the_others(install):
    install(**PLAIN)
    (user_folder() / "broken.plugin.yaml").write_text("[")
    shelf = find_plugins()
    assert [plugin.id for plugin in shelf.plugins] == ["fake"]
    assert "broken.plugin.yaml" in shelf.problems[0]


def test_a_missing_plugin_names_those_there_are(install):
    install(**PLAIN)
    with pytest.raises(CleanError, match="there are: fake"):
        find_plugin(None, "other", "fill")
    with pytest.raises(CleanError, match="task fill, not mask"):
        find_plugin(None, "fake", "mask")


def test_another_file_than_the_manifest_names_is_refused(install_model):
    plugin = install_model(b"weights")
    plugin.check_file()
    assert plugin.model is not None
    plugin.model.write_bytes(b"weight5")
    with pytest.raises(CleanError, match="not the file its manifest names"):
        plugin.check_file()
    plugin.model.unlink()
    with pytest.raises(CleanError, match="cannot be read"):
        plugin.check_file()


def test_a_damaged_list_of_accepted_plugins_means_nothing_is_accepted(install):
    plugin = install(**PLAIN)
    (user_folder() / "accepted.json").write_text("[1")
    assert not is_accepted(plugin)
    accept(plugin)
    assert is_accepted(plugin)


def test_the_licence_text_is_found_beside_the_manifest(tmp_path):
    (tmp_path / "LICENSE").write_text("the whole text")
    plugin = read_plugin(
        write(tmp_path, WHOLE | {"licence": {"name": "X", "text_file": "LICENSE"}})
    )
    assert plugin.licence_text() == "the whole text"
    (tmp_path / "LICENSE").unlink()
    with pytest.raises(CleanError, match="LICENSE"):
        plugin.licence_text()
