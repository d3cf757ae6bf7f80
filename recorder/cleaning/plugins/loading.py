"""From the name of a plug-in to masks or a filler: found, accepted, checked, then made."""

from __future__ import annotations

from recorder.cleaning.clip import MaskTrack
from recorder.cleaning.drawn import load_drawn
from recorder.cleaning.facts import PluginFacts
from recorder.cleaning.layers import Filler
from recorder.cleaning.methods import CleanSource
from recorder.cleaning.plugins.manifest import Plugin
from recorder.cleaning.plugins.shelf import find_plugin, need_accepted
from recorder.dataset import Dataset
from recorder.progress import Report


def plugin_facts(dataset: Dataset, plugin_id: str, task: str) -> PluginFacts:
    """What is stored about a plug-in; raises ``CleanError`` when it may not be used."""
    plugin = find_plugin(dataset, plugin_id, task)
    need_accepted(plugin)
    sha256 = plugin.manifest.sha256 or plugin.digest
    return PluginFacts(id=plugin.id, task=task, sha256=sha256, licence=plugin.manifest.licence.name)


def plugin_masks(source: CleanSource, plugin_id: str, report: Report) -> MaskTrack:
    """Masks of a plug-in; raises ``CleanError``."""
    from recorder.cleaning.plugins.subprocess_masker import subprocess_masks

    plugin = _ready(source, plugin_id, "mask")
    place = source.place
    scratch = place.folder / f".{place.stem}.masker"
    return subprocess_masks(plugin, source.clip, load_drawn(place), scratch, report)


def plugin_filler(source: CleanSource, plugin_id: str, masks: MaskTrack) -> Filler:
    """Filler of a plug-in; raises ``CleanError``."""
    plugin = _ready(source, plugin_id, "fill")
    if plugin.manifest.format == "onnx":
        from recorder.cleaning.plugins.onnx_filler import OnnxFiller

        return OnnxFiller(plugin, source.clip, masks, source.params)
    from recorder.cleaning.plugins.subprocess_filler import SubprocessFiller

    place = source.place
    scratch = place.folder / f".{place.stem}.filler"
    return SubprocessFiller(plugin, source.clip, masks, source.params, scratch)


def _ready(source: CleanSource, plugin_id: str, task: str) -> Plugin:
    plugin = find_plugin(source.dataset, plugin_id, task)
    need_accepted(plugin)
    plugin.check_file()
    return plugin
