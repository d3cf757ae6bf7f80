"""The three columns of Clean: episodes, pictures, choices."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import (
    QFrame,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QScrollArea,
    QSplitter,
    QVBoxLayout,
    QWidget,
)

from app.actions import ActionId, action
from widgets.clean.clean_picture import CleanPicture
from widgets.clean.clean_timeline import CleanTimeline
from widgets.clean.episode_list import CleanEpisodeList
from widgets.clean.layer_legend import LayerLegend
from widgets.clean.parameters_panel import ParametersPanel
from widgets.clean.play_row import PlayRow
from widgets.clean.tool_row import ToolRow

LIST_PX = 262
TOOL_ACTIONS = {
    "wipe": ActionId.CLEAN_WIPE,
    "side": ActionId.CLEAN_SIDE,
    "cleaned": ActionId.CLEAN_ALONE,
    "mask": ActionId.CLEAN_MASK,
    "layers": ActionId.CLEAN_LAYERS,
    "fit": ActionId.CLEAN_FIT,
    "1": ActionId.CLEAN_PIXELS_1,
    "2": ActionId.CLEAN_PIXELS_2,
    "4": ActionId.CLEAN_PIXELS_4,
    "look": ActionId.CLEAN_LOOK,
    "stroke": ActionId.CLEAN_STROKE,
    "polygon": ActionId.CLEAN_OUTLINE,
    "box": ActionId.CLEAN_BOX,
    "nobody": ActionId.CLEAN_NOBODY,
    "undo": ActionId.CLEAN_UNDO,
    "remove": ActionId.CLEAN_REMOVE,
    "unsure": ActionId.CLEAN_NEXT_UNSURE,
}
PLAY_ACTIONS = {
    "play": ActionId.CLEAN_PLAY,
    "back": ActionId.CLEAN_STEP_BACK,
    "forward": ActionId.CLEAN_STEP_FORWARD,
    "slower": ActionId.CLEAN_SLOWER,
    "faster": ActionId.CLEAN_FASTER,
}

STATES = {
    "none": "Not cleaned yet",
    "proposed": "Proposed: accept it or send it back",
    "accepted": "Accepted",
    "redo": "Sent back: to be cleaned again",
    "failed": "Failed",
}


class CleanView(QWidget):
    """Holds the widgets of the workspace; knows nothing of datasets."""

    def __init__(self) -> None:
        super().__init__()
        self.episodes = CleanEpisodeList()
        self.episodes.setMinimumWidth(LIST_PX)
        self.tools = ToolRow()
        self.picture = CleanPicture()
        self.legend = LayerLegend()
        self.play = PlayRow()
        self.timeline = CleanTimeline()
        self.parameters = ParametersPanel()
        self.state = QLabel()
        self.state.setWordWrap(True)
        self.state.setProperty("role", "figure")
        self.warnings = QLabel()
        self.warnings.setWordWrap(True)
        self.warnings.setTextFormat(Qt.TextFormat.PlainText)
        self.warnings.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self.accept = QPushButton("Accept")
        self.redo = QPushButton("Redo")
        self.take_back = QPushButton("Take back")
        self.clean = QPushButton("Clean this episode")
        self.splitter = QSplitter(Qt.Orientation.Horizontal)
        self._arrange()

    def _arrange(self) -> None:
        middle = QWidget()
        centre = QVBoxLayout(middle)
        centre.setContentsMargins(8, 0, 8, 0)
        centre.setSpacing(4)
        centre.addWidget(self.tools)
        centre.addWidget(self.picture, 1)
        for widget in (self.legend, self.play, self.timeline):
            centre.addWidget(widget)
        self.splitter.addWidget(self.episodes)
        self.splitter.addWidget(middle)
        self.splitter.addWidget(self._right())
        for place, share in enumerate((1, 4, 0)):
            self.splitter.setStretchFactor(place, share)
        self.splitter.setChildrenCollapsible(False)
        self.splitter.setSizes([310, 664, 290])
        layout = QVBoxLayout(self)
        layout.setContentsMargins(8, 8, 8, 8)
        layout.addWidget(self.splitter)

    def _right(self) -> QWidget:
        verdict = QHBoxLayout()
        verdict.addWidget(self.accept)
        verdict.addWidget(self.redo)
        verdict.addWidget(self.take_back)
        inside = QWidget()
        column = QVBoxLayout(inside)
        column.setContentsMargins(4, 0, 8, 0)
        column.setSpacing(8)
        column.addWidget(self.state)
        column.addLayout(verdict)
        column.addWidget(self.clean)
        column.addWidget(self.warnings)
        column.addWidget(self.parameters)
        column.addStretch(1)
        scroll = QScrollArea()
        scroll.setWidget(inside)
        scroll.setWidgetResizable(True)
        scroll.setFrameShape(QFrame.Shape.NoFrame)
        scroll.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        scroll.setMinimumWidth(290)
        scroll.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        return scroll

    def set_keys(self, keys: dict[ActionId, str]) -> None:
        """Show the keys in the tooltips."""
        self.tools.set_keys(
            {name: (action(one).hint, keys[one]) for name, one in TOOL_ACTIONS.items()}
        )
        self.episodes.set_keys(
            keys[ActionId.CLEAN_BATCH], keys[ActionId.CLEAN_PAUSE], keys[ActionId.CLEAN_CANCEL]
        )
        self.parameters.set_keys(
            keys[ActionId.CLEAN_SAVE_CAMERA],
            keys[ActionId.CLEAN_SAVE_TASK],
            keys[ActionId.CLEAN_RESET_CHOICES],
        )
        for button, one in (
            (self.accept, ActionId.CLEAN_ACCEPT),
            (self.redo, ActionId.CLEAN_REDO),
            (self.take_back, ActionId.CLEAN_TAKE_BACK),
            (self.clean, ActionId.CLEAN_THIS),
        ):
            button.setToolTip(f"{action(one).hint} ({keys[one]})")
