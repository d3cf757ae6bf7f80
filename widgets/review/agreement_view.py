"""The agreement report on the screen: one block per lane, raw share first, what cannot be said."""

from __future__ import annotations

from html import escape

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtWidgets import QHBoxLayout, QLabel, QPushButton, QTextBrowser, QVBoxLayout, QWidget

from recorder.agreement.coefficient import Coefficient
from recorder.agreement.report import AgreementReport, LaneAgreement, Measure
from widgets.theme import colors, font

EMPTY_TEXT = (
    "No episode was finished by two reviewers yet. Assign episodes to several reviewers "
    "(thenar labels assign DATASET --reviewers R1,R2), review them, then come back."
)
BAR_CELLS = 20


class AgreementView(QWidget):
    """Shows an ``AgreementReport``."""

    refresh_requested = Signal()
    save_requested = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.summary = QLabel(EMPTY_TEXT)
        self.summary.setWordWrap(True)
        self.summary.setFont(font(13))
        self.summary.setAccessibleName("Summary of the agreement")
        self.refresh_button = QPushButton("Compute again")
        self.refresh_button.setToolTip("Read all labels and compute the report anew")
        self.refresh_button.clicked.connect(self.refresh_requested)
        self.save_button = QPushButton("Save as page\N{HORIZONTAL ELLIPSIS}")
        self.save_button.setToolTip("Write the report as one HTML page")
        self.save_button.clicked.connect(self.save_requested)
        self.save_button.setEnabled(False)
        self.page = QTextBrowser()
        self.page.setAccessibleName("Agreement report")
        self.page.setOpenLinks(False)
        head = QHBoxLayout()
        head.addWidget(self.summary, 1)
        for button in (self.refresh_button, self.save_button):
            head.addWidget(button, 0, Qt.AlignmentFlag.AlignTop)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(12, 8, 12, 8)
        layout.addLayout(head)
        layout.addWidget(self.page, 1)

    def sizeHint(self) -> QSize:
        return QSize(900, 640)

    def set_report(self, report: AgreementReport | None) -> None:
        """Show the report; None or one without episodes says what to do."""
        empty = report is None or report.episodes == 0
        self.save_button.setEnabled(not empty)
        self.page.setVisible(not empty)
        if report is None or empty:
            self.summary.setText(EMPTY_TEXT)
            self.page.clear()
            return
        self.summary.setText(
            f"{report.episodes} episodes that at least two of {', '.join(report.reviewers)} "
            "finished. Intervals: 95 %, bootstrap over episodes."
        )
        blocks = [_lane(lane) for lane in report.lanes]
        self.page.setHtml("".join([*blocks, _boundaries(report)]))


def _lane(lane: LaneAgreement) -> str:
    dim = colors()["dim"]
    rows = "".join(
        f"<tr><td>{escape(measure.name)}</td>"
        f"<td style='font-family:monospace'>{_bar(measure.figure)}</td>"
        f"<td>{escape(measure.figure.text())}</td>"
        f"<td style='color:{dim}'>"
        f"{escape(_reading(measure))}</td></tr>"
        for measure in lane.measures
    )
    return (
        f"<h3>{escape(lane.title)} <span style='color:{dim}'>{lane.episodes} episodes</span></h3>"
        f"<table cellpadding='4'>{rows}</table>{_table(lane)}"
    )


def _reading(measure: Measure) -> str:
    """What the value of an alpha means; nothing for other measures and where there is none."""
    known = "alpha" in measure.name and measure.figure.value is not None
    return measure.figure.reading if known else ""


def _bar(figure: Coefficient) -> str:
    """The value as a bar of characters, so that nobody needs to read digits to compare."""
    if figure.value is None:
        return "\N{MIDDLE DOT}" * BAR_CELLS
    filled = round(max(0.0, min(1.0, figure.value)) * BAR_CELLS)
    accent, line = colors()["accent"], colors()["line"]
    return (
        f"<span style='color:{accent}'>{chr(0x2588) * filled}</span>"
        f"<span style='color:{line}'>{chr(0x2591) * (BAR_CELLS - filled)}</span>"
    )


def _table(lane: LaneAgreement) -> str:
    if len(lane.names) < 2:
        return ""
    line = colors()["line"]
    heads = "".join(f"<th>{escape(name)}</th>" for name in lane.names)
    rows = "".join(
        f"<tr><th align='left'>{escape(name)}</th>"
        + "".join(f"<td align='right'>{count}</td>" for count in counts)
        + "</tr>"
        for name, counts in zip(lane.names, lane.table, strict=True)
    )
    return (
        f"<table cellpadding='4' cellspacing='0' border='1' style='border-color:{line}'>"
        f"<tr><th>first \\ second</th>{heads}</tr>{rows}</table>"
    )


def _boundaries(report: AgreementReport) -> str:
    if not report.boundary_ms:
        return ""
    rows = "".join(
        f"<tr><td>{escape(name)}</td><td align='right'>{value:.0f} ms</td></tr>"
        for name, value in report.boundary_ms.items()
    )
    return f"<h3>Boundaries of phases, median distance</h3><table cellpadding='4'>{rows}</table>"
