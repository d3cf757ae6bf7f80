"""What can be chosen about a cleaning, with a sentence for what it means for this camera."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from PySide6.QtCore import QSignalBlocker, Qt, Signal
from PySide6.QtWidgets import (
    QCheckBox,
    QComboBox,
    QFileDialog,
    QFormLayout,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QSizePolicy,
    QSlider,
    QSpinBox,
    QVBoxLayout,
    QWidget,
)

from recorder.cleaning.clip import Mode
from recorder.cleaning.parameters import CleanParameters

NUMBERS: tuple[tuple[str, str, int, int, str, str], ...] = (
    ("dilation_px", "margin", 0, 64, " px", "Growth of the mask on all sides; shown at once"),
    ("shadow_px", "shadow", 0, 64, " px", "Further growth over shadow; 0 leaves shadows"),
    ("feather_px", "seam", 0, 32, " px", "Width of the seam, inside the margin; shown at once"),
    ("plate_frames", "plate pictures", 3, 240, "", "Most pictures the still scene is made of"),
    ("flow_reach", "flow reach", 0, 300, "", "How far a pixel may be carried by motion"),
    ("robot_sources", "robot pictures", 1, 16, "", "Most pictures the robot is taken from"),
)  # fmt: skip
MASKS = (
    ("automatic", "automatic"),
    ("keyframes", "drawn by hand"),
    ("imported", "imported"),
)
MODES = ((None, "as mounted"), ("static", "static"), ("moving", "moving"))
PERCENT = 100
SPIN_PX = 84


class ParametersPanel(QWidget):
    """Choices of one cleaning.

    Signals
    -------
    changed()
        A choice changed.
    save_asked(bool)
        Keep the choices: True for this task only.
    reset_asked()
        Back to what is saved, or forget it.
    """

    changed = Signal()
    save_asked = Signal(bool)
    reset_asked = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._camera = "front/rgb"
        self._mounted: Mode = "static"
        self.masks_from: Path | None = None
        self.mode = self._combo("Mode of the camera")
        for value, word in MODES:
            self.mode.addItem(word, value)
        self.masks = self._combo("Where masks come from")
        self.filler = self._combo("What fills")
        self.set_plugins((), ())
        self.mode_word = _sentence()
        self.masks_word = _sentence()
        self.choose_masks = QPushButton("Choose masks...")
        self.choose_masks.setToolTip("A video or a folder of pictures with the operator's masks")
        self.choose_masks.clicked.connect(self._ask_masks)
        self.numbers: dict[str, QSpinBox] = {}
        self.object_layer = QCheckBox("carry moved objects over")
        self.object_layer.toggled.connect(lambda _: self._on_changed())
        self.rekey = self._spin(0, PERCENT, " %", "Draw again below")
        self.save_camera = QPushButton("Save for this camera")
        self.save_task = QPushButton("Save for this task")
        self.save_camera.clicked.connect(lambda: self.save_asked.emit(False))
        self.save_task.clicked.connect(lambda: self.save_asked.emit(True))
        self.reset = QPushButton()
        self.reset.clicked.connect(self.reset_asked)
        self._source = "default"
        self.source = _sentence()
        self._arrange()
        self.set_parameters(CleanParameters(), "default", "static", "")

    def _arrange(self) -> None:
        form = QFormLayout()
        form.setContentsMargins(0, 0, 0, 0)
        form.setSpacing(6)
        form.setLabelAlignment(Qt.AlignmentFlag.AlignLeft)
        form.addRow("camera is", self.mode)
        form.addRow(self.mode_word)
        form.addRow("masks", self.masks)
        form.addRow(self.masks_word)
        form.addRow(self.choose_masks)
        form.addRow("filler", self.filler)
        for name, title, low, high, unit, hint in NUMBERS:
            form.addRow(title, self._number(name, title, low, high, unit, hint))
        form.addRow("draw again under", self.rekey)
        form.addRow(self.object_layer)
        buttons = QVBoxLayout()
        buttons.addWidget(self.save_camera)
        buttons.addWidget(self.save_task)
        buttons.addWidget(self.reset)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(6)
        layout.addLayout(form)
        layout.addWidget(self.source)
        layout.addLayout(buttons)

    def _combo(self, name: str) -> QComboBox:
        combo = QComboBox()
        combo.setAccessibleName(name)
        combo.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        combo.currentIndexChanged.connect(lambda _: self._on_changed())
        return combo

    def _spin(self, low: int, high: int, unit: str, name: str) -> QSpinBox:
        spin = QSpinBox()
        spin.setRange(low, high)
        spin.setSuffix(unit)
        spin.setAccessibleName(name)
        spin.valueChanged.connect(lambda _: self._on_changed())
        return spin

    def _number(self, name: str, title: str, low: int, high: int, unit: str, hint: str) -> QWidget:
        spin = self._spin(low, high, unit, title)
        slider = QSlider(Qt.Orientation.Horizontal)
        slider.setRange(low, high)
        slider.setAccessibleName(f"{title} slider")
        slider.valueChanged.connect(spin.setValue)
        spin.valueChanged.connect(slider.setValue)
        spin.setToolTip(hint)
        slider.setToolTip(hint)
        self.numbers[name] = spin
        row = QWidget()
        inside = QHBoxLayout(row)
        inside.setContentsMargins(0, 0, 0, 0)
        inside.addWidget(slider, 1)
        spin.setFixedWidth(SPIN_PX)
        inside.addWidget(spin)
        return row

    def set_plugins(self, masks: Sequence[str], fillers: Sequence[str]) -> None:
        """Offer plug-ins by id."""
        for combo, own, plugins in (
            (self.masks, MASKS, masks),
            (self.filler, (("layers", "layers"),), fillers),
        ):
            with QSignalBlocker(combo):
                chosen = combo.currentData()
                combo.clear()
                for value, word in own:
                    combo.addItem(word, value)
                for plugin in plugins:
                    combo.addItem(f"plug-in {plugin}", f"plugin:{plugin}")
                combo.setCurrentIndex(max(0, combo.findData(chosen)))

    def set_parameters(
        self, params: CleanParameters, source: str, mounted: Mode, task: str
    ) -> None:
        """Show choices.

        Parameters
        ----------
        params : CleanParameters
        source : str
            Where they were saved: ``default``, ``camera``, ``task``.
        mounted : str
            What the camera's mount says.
        task : str
            Task of the shown episode.
        """
        self._camera, self._mounted = params.camera, mounted
        with QSignalBlocker(self):
            for combo, value in (
                (self.mode, params.mode),
                (self.masks, params.masks),
                (self.filler, params.filler),
            ):
                if combo.findData(value) < 0:
                    combo.addItem(str(value), value)
                combo.setCurrentIndex(combo.findData(value))
            for name, spin in self.numbers.items():
                spin.setValue(getattr(params, name))
            self.object_layer.setChecked(params.object_layer)
            self.rekey.setValue(round(PERCENT * params.rekey_below))
        self._source = source
        self._name_reset(changed=False)
        words = {
            "default": "These are the defaults.",
            "camera": f"Saved for {params.camera}.",
            "task": f"Saved for {params.camera} in the task '{task}'.",
        }
        self.source.setText(words.get(source, "Chosen now; not saved."))
        self.save_task.setEnabled(bool(task))
        self._explain()

    def parameters(self) -> CleanParameters:
        """What is chosen."""
        return CleanParameters(
            camera=self._camera,
            mode=self.mode.currentData(),
            masks=self.masks.currentData(),
            filler=self.filler.currentData(),
            object_layer=self.object_layer.isChecked(),
            rekey_below=self.rekey.value() / PERCENT,
            **{name: spin.value() for name, spin in self.numbers.items()},
        )

    def _on_changed(self) -> None:
        if not hasattr(self, "save_task") or self.signalsBlocked():
            return
        self.source.setText("Chosen now; not saved.")
        self._name_reset(changed=True)
        self._explain()
        self.changed.emit()

    def _name_reset(self, changed: bool) -> None:
        saved = {"task": "Forget for this task", "camera": "Forget for this camera"}
        word = "Back to what is saved" if changed else saved.get(self._source, "Defaults")
        self.reset.setText(word)
        self.reset.setEnabled(changed or self._source in saved)

    def _explain(self) -> None:
        mode: Mode = self.mode.currentData() or self._mounted
        self.mode_word.setText(_mode_sentence(mode, self._mounted))
        masks = self.masks.currentData()
        self.masks_word.setText(_masks_sentence(masks, mode, self.masks_from))
        self.masks_word.setVisible(bool(self.masks_word.text()))
        self.choose_masks.setVisible(masks == "imported")
        self.numbers["plate_frames"].setEnabled(mode == "static")

    def _ask_masks(self) -> None:
        name = QFileDialog.getExistingDirectory(self, "Folder with a mask per picture or episode")
        if not name:
            name, _ = QFileDialog.getOpenFileName(
                self, "Video of masks", "", "Videos (*.mp4 *.mkv)"
            )
        if name:
            self.masks_from = Path(name)
            self._on_changed()

    def set_keys(self, camera: str, task: str, reset: str) -> None:
        """Show keys on the buttons."""
        self.save_camera.setToolTip(f"Use these choices for this camera in every task ({camera})")
        self.save_task.setToolTip(f"Use these choices for this camera in this task only ({task})")
        self.reset.setToolTip(
            "Back to the saved choices; pressed again, forget those saved for the task, then for "
            f"the camera ({reset})"
        )


def _mode_sentence(mode: Mode, mounted: Mode) -> str:
    if mode == "static" and mounted == "static":
        return (
            "Static is meaningful: by the rig this camera stands, so what was hidden is taken from "
            "when it was free to see."
        )
    if mode == "moving" and mounted == "moving":
        return (
            "Moving is meaningful: by the rig this camera is carried by the hand, so there is no "
            "still scene; what was hidden is carried over from moments nearby."
        )
    if mode == "static":
        return (
            "By the rig this camera is carried by the hand, so there is no still scene: static is "
            "only meaningful while it does not move."
        )
    return (
        "By the rig this camera stands: moving leaves out the still scene, the better source; it "
        "is only meaningful when the stand was moved during the take."
    )


def _masks_sentence(masks: str, mode: Mode, chosen: Path | None) -> str:
    if masks == "automatic" and mode == "moving":
        return (
            "There is no still scene to compare with, so every episode of this camera needs a "
            "drawing: choose Strokes (D) and draw on the operator in a few pictures."
        )
    if masks == "keyframes":
        return "Draw the operator on a few pictures; the masks follow by motion."
    if masks == "imported":
        return f"From {chosen}." if chosen else "Choose a video or a folder."
    return ""


def _sentence() -> QLabel:
    label = QLabel()
    label.setWordWrap(True)
    label.setProperty("role", "dim")
    label.setTextFormat(Qt.TextFormat.PlainText)
    return label
