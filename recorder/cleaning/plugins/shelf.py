"""Where plug-ins are found, and which of them a person has accepted.

Manifests lie in ``~/.config/thenar/plugins`` and in ``DATASET/plugins``, one folder deep. A plug-in
runs only after a person on this machine accepted exactly this manifest, so a dataset from somebody
else cannot start a program by itself.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import platformdirs

from recorder.cleaning.clip import CleanError
from recorder.cleaning.plugins.manifest import SUFFIX, Plugin, read_plugin
from recorder.dataset import Dataset
from recorder.exporters.manifest import write_json


@dataclass(frozen=True)
class Shelf:
    """Plug-ins that were found.

    Attributes
    ----------
    plugins : tuple of Plugin
        By id; of two with one id the user's own comes before the dataset's.
    problems : tuple of str
        A sentence for every manifest that cannot be used.
    """

    plugins: tuple[Plugin, ...]
    problems: tuple[str, ...]


def user_folder() -> Path:
    """Folder of the user's plug-ins and of what was accepted."""
    return Path(platformdirs.user_config_dir("thenar")) / "plugins"


def find_plugins(dataset: Dataset | None = None) -> Shelf:
    """All plug-ins of this user and of a dataset."""
    folders = [user_folder(), *([dataset.root / "plugins"] if dataset else [])]
    found: dict[str, Plugin] = {}
    problems: list[str] = []
    for folder in folders:
        for path in sorted((*folder.glob(f"*{SUFFIX}"), *folder.glob(f"*/*{SUFFIX}"))):
            try:
                plugin = read_plugin(path)
            except CleanError as error:
                problems.append(str(error))
                continue
            if plugin.id in found:
                problems.append(f"'{path}' has the id of '{found[plugin.id].path}' and is not used")
            else:
                found[plugin.id] = plugin
    return Shelf(tuple(found[name] for name in sorted(found)), tuple(problems))


def find_plugin(dataset: Dataset | None, plugin_id: str, task: str) -> Plugin:
    """The plug-in of an id.

    Raises
    ------
    CleanError
        There is none, or it does something else than ``task``.
    """
    shelf = find_plugins(dataset)
    for plugin in shelf.plugins:
        if plugin.id == plugin_id:
            if plugin.manifest.task != task:
                raise CleanError(
                    f"plug-in '{plugin_id}' has task {plugin.manifest.task}, not {task}"
                )
            return plugin
    known = ", ".join(p.id for p in shelf.plugins if p.manifest.task == task) or "none"
    broken = f"; not usable: {shelf.problems[0]}" if shelf.problems else ""
    raise CleanError(
        f"plug-in '{plugin_id}' is not in '{user_folder()}' or the dataset's plugins (there are: "
        f"{known}{broken})"
    )


def is_accepted(plugin: Plugin) -> bool:
    """Whether the licence and command of exactly this manifest were accepted by this user."""
    return _accepted().get(plugin.id, {}).get("manifest_sha256") == plugin.digest


def accept(plugin: Plugin) -> None:
    """Note that this user accepted the licence and the command of this manifest."""
    path = _accepted_path()
    path.parent.mkdir(parents=True, exist_ok=True)
    entry = {
        "manifest_sha256": plugin.digest,
        "licence": plugin.manifest.licence.name,
        "when": datetime.now(UTC).isoformat(timespec="seconds"),
    }
    write_json(path, {**_accepted(), plugin.id: entry})


def need_accepted(plugin: Plugin) -> None:
    """Raise ``CleanError`` when nobody accepted the plug-in yet."""
    if not is_accepted(plugin):
        raise CleanError(
            f"the licence of plug-in '{plugin.id}' ({plugin.manifest.licence.name}) was not "
            f"accepted yet; read and accept it with: thenar clean plugins --accept {plugin.id}"
        )


def _accepted_path() -> Path:
    return user_folder() / "accepted.json"


def _accepted() -> dict[str, dict[str, str]]:
    try:
        stored = json.loads(_accepted_path().read_text())
    except (OSError, ValueError):
        return {}
    if not isinstance(stored, dict):
        return {}
    return {name: entry for name, entry in stored.items() if isinstance(entry, dict)}
