"""What the Record workspace remembers between starts."""

from __future__ import annotations

from typing import TYPE_CHECKING

from app.settings import Settings

if TYPE_CHECKING:
    from app.workspaces.record import RecordWorkspace


def restore_record(workspace: RecordWorkspace, settings: Settings) -> None:
    """Put fields, panes and panels as they were."""
    bar = workspace.bar
    bar.set_operator_code(settings.operator_code)
    if settings.task:
        bar.tasks.select(settings.task)
    bar.countdown_button.setChecked(settings.countdown)
    bar.sound_button.setChecked(settings.sound)
    for name, sizes in settings.splitters.items():
        splitter = workspace.splitters.get(name)
        if splitter is not None and len(sizes) == splitter.count():
            splitter.setSizes(sizes)
    workspace.lower_left.setCurrentIndex(settings.panels.get("lower_left", 0))
    workspace.touch.set_full_scale_n(settings.heatmap_full_scale_n)


def remember_record(workspace: RecordWorkspace, settings: Settings) -> None:
    """Write fields, panes and panels into ``settings``."""
    bar = workspace.bar
    settings.rig = workspace.session.rig.name
    settings.dataset_dir = str(workspace.session.file.dataset_dir)
    settings.task = bar.tasks.combo.currentText()
    if bar.operator_code:
        settings.operator_code = bar.operator_code
    settings.countdown = bar.countdown_button.isChecked()
    settings.sound = bar.sound_button.isChecked()
    sizes = {name: splitter.sizes() for name, splitter in workspace.splitters.items()}
    settings.splitters = settings.splitters | sizes
    settings.panels = settings.panels | {"lower_left": workspace.lower_left.currentIndex()}
    settings.heatmap_full_scale_n = workspace.touch.full_scale_n()
