"""The label panel: everything one can say of an episode, with keys and definitions, in one column.

The panel shows a ``LabelView`` and asks by signals; it stores nothing. Outcome, quality and phases
stand above everything else, so that they are on the screen at 1280 x 800 together.
"""

from __future__ import annotations

from collections.abc import Mapping

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QScrollArea, QVBoxLayout, QWidget

from recorder.review.state import LabelState
from widgets.review.choice_list import ChoiceList
from widgets.review.elided import Elided
from widgets.review.history_list import HistoryList
from widgets.review.label_view import LabelView
from widgets.review.note_editor import NoteEditor
from widgets.review.outcome_row import OutcomeRow
from widgets.review.quality_row import QualityRow
from widgets.review.term_list import TermList
from widgets.theme import font, restyle

WIDTH_PX = 344
OUTCOMES = ("success", "qualified_success", "failure", "cannot_judge")


class LabelPanel(QFrame):
    """Labels of the shown episode.

    Parameters
    ----------
    keys : mapping of str to str
        Keys by name: the outcomes, ``quality_1`` to ``quality_5``, ``accept``, ``contact``,
        ``contact_reject``, ``trim_start``, ``trim_stop``, ``trim_clear``, ``recovery``,
        ``instruction``, ``note``, ``reject``, ``phase_end``.
    """

    outcome_chosen = Signal(str)
    quality_chosen = Signal(int)
    number_chosen = Signal(int)
    phase_pressed = Signal(str)
    event_pressed = Signal(str)
    asked = Signal(str)  # a name of ``keys`` whose row was pressed
    instruction_typed = Signal(str)
    note_typed = Signal(str)
    keyboard_returned = Signal()

    def __init__(self, keys: Mapping[str, str], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("panel")
        self._keys = dict(keys)
        self._state: LabelState | None = None
        self._now: tuple[str, str] | None = None
        self._build_head()
        self._build_verdict()
        self._build_rows()
        self._lay_out()
        self.set_keys(keys)

    def _build_head(self) -> None:
        self.place = _label(bold=True)
        self.reviewer = _label("dim")
        self.reason = _label("dim")
        self.saved = _label("dim")
        self.saved.setWordWrap(True)
        self.banner = _label("warn")
        self.banner.setWordWrap(True)
        self.banner.hide()

    def _build_verdict(self) -> None:
        self.outcome = OutcomeRow()
        self.outcome.chosen.connect(self.outcome_chosen)
        self.choices = ChoiceList()
        self.choices.chosen.connect(self.number_chosen)
        self.quality = QualityRow()
        self.quality.chosen.connect(self.quality_chosen)
        self.phases = TermList("phases")
        self.phases.caption.setToolTip(
            "A key begins the phase at the playhead and ends the one before; pressed again, it ends"
        )
        self.phases.pressed.connect(self.phase_pressed)
        self.events = TermList("events")
        self.events.pressed.connect(self.event_pressed)

    def _build_rows(self) -> None:
        self.rows = {name: self._row(name) for name in ("contact", "trim", "recovery")}
        self.rows |= {name: self._row(name) for name in ("instruction", "reject")}
        self.instruction = NoteEditor("Instruction", "an instruction of your own")
        self.instruction.setFixedHeight(34)
        self.instruction.committed.connect(self.instruction_typed)
        self.instruction.left.connect(self.keyboard_returned)
        self.instruction.hide()
        self.note = NoteEditor("Note", "")
        self.note.committed.connect(self.note_typed)
        self.note.left.connect(self.keyboard_returned)
        self.history = HistoryList()

    def _row(self, name: str) -> Elided:
        row = Elided(name, "")
        asked = "trim_start" if name == "trim" else name
        row.clicked.connect(lambda: self.asked.emit(asked))
        return row

    def _lay_out(self) -> None:
        first = QHBoxLayout()
        first.addWidget(self.place)
        first.addStretch(1)
        first.addWidget(self.reviewer)
        self.body = QWidget()
        column = QVBoxLayout(self.body)
        column.setContentsMargins(10, 8, 10, 8)
        column.setSpacing(5)
        column.addLayout(first)
        for widget in (
            self.reason, self.saved, self.banner, self.outcome, self.choices, self.quality,
            self.phases, self.events,
        ):  # fmt: skip
            column.addWidget(widget)
        rows = QVBoxLayout()
        rows.setSpacing(0)
        for row in self.rows.values():
            rows.addWidget(row)
        column.addLayout(rows)
        column.addWidget(self.instruction)
        column.addWidget(self.note)
        caption = _label("title")
        caption.setText("history")
        column.addWidget(caption)
        column.addWidget(self.history)
        column.addStretch(1)
        self.area = QScrollArea()
        self.area.setWidget(self.body)
        self.area.setWidgetResizable(True)
        self.area.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self.area)
        self.setFixedWidth(WIDTH_PX)

    def set_view(self, view: LabelView, time_ns: int) -> None:
        """Show an episode's labels at an instant."""
        state = view.state
        self._state = state
        self.place.setText(view.place)
        self.reviewer.setText(f"{view.reviewer}{'  blind' if view.blind else ''}")
        self.reason.setText(view.reason)
        self.reason.setVisible(bool(view.reason))
        self.saved.setText(view.saved)
        self.saved.setVisible(bool(view.saved))
        restyle(self.saved, "role", "bad" if view.save_failed else "dim")
        self._show_banner(view)
        accept = self._keys.get("accept", "") if view.operator_counts else ""
        modes = {term.name: term.title for term in view.schema.failure_modes}
        failed = modes.get(state.failure_mode or "", state.failure_mode or "")
        self.outcome.set_outcome(state.outcome, view.operator_outcome, accept, failed)
        question = view.question
        self.choices.ask(question.text, question.entries, question.chosen)
        self.quality.set_value(state.quality)
        self.phases.set_terms(view.schema.phases)
        self.phases.set_spans(_spans(state))
        self.events.set_terms(view.schema.events)
        self.events.set_spans(_times(state))
        self._show_rows(view)
        self.instruction.set_stored(state.instruction or "")
        self.note.set_stored(state.note or "")
        self.history.set_entries(view.history)
        self._now = None
        self.set_time(time_ns)
        if question.kind:
            self.area.ensureWidgetVisible(self.choices)

    def set_keys(self, keys: Mapping[str, str]) -> None:
        """Show other keys; ``set_view`` afterwards writes them into the rows."""
        self._keys = dict(keys)
        self.outcome.set_keys({name: keys.get(name, "") for name in OUTCOMES})
        self.quality.set_keys({n: keys.get(f"quality_{n}", "") for n in range(1, 6)})
        key = keys.get("note", "")
        self.note.setPlaceholderText(f"{key}  write a note; Return keeps it, Esc does not")

    def set_time(self, time_ns: int) -> None:
        """Mark the phase that runs at ``time_ns``; cheap enough for every picture."""
        if self._state is None:
            return
        phases = self._state.phases.values()
        running = next((p.label for p in phases if p.contains(time_ns)), "")
        names = list(self.phases.rows)
        place = names.index(running) + 1 if running in names else 0
        following = names[place] if place < len(names) else ""
        if self._now != (running, following):
            self._now = (running, following)
            self.phases.set_now(running, following)

    def edit_note(self) -> None:
        """Give the keyboard to the note."""
        self._edit(self.note)

    def edit_instruction(self) -> None:
        """Give the keyboard to an instruction of one's own."""
        self.instruction.show()
        self._edit(self.instruction)

    def _edit(self, editor: NoteEditor) -> None:
        self.area.ensureWidgetVisible(editor)
        editor.setFocus(Qt.FocusReason.ShortcutFocusReason)

    def _show_banner(self, view: LabelView) -> None:
        words = []
        if view.state.rejected:
            titles = {term.name: term.title.lower() for term in view.schema.reject_reasons}
            words.append(f"rejected: {titles.get(view.state.rejected, view.state.rejected)}")
        if view.failure_from:
            key = self._keys.get("recovery", "")
            words.append(f"failure from {view.failure_from}: {key} where the recovery begins")
        self.banner.setText("\n".join(words))
        self.banner.setVisible(bool(words))

    def _show_rows(self, view: LabelView) -> None:
        keys, state = self._keys, view.state
        count = len(state.contacts)
        touches = f"{count} of {count + view.contacts_open}"
        following = f"next: {view.next_contact}" if view.next_contact else "none left to confirm"
        self._set_row("contact", keys.get("contact", ""), "Contacts", following, touches)
        trim = state.trim
        span = f"{_seconds(trim.start_ns)} - {_seconds(trim.stop_ns)}" if trim else "whole episode"
        trim_keys = "".join(keys.get(name, "") for name in ("trim_start", "trim_stop"))
        self._set_row("trim", trim_keys, "Trim", "", span)
        pairs = str(len(state.recoveries)) if state.recoveries else ""
        hint = "failure begins, then recovery begins"
        self._set_row("recovery", keys.get("recovery", ""), "Recovery", hint, pairs)
        text = state.instruction or "none chosen"
        self._set_row("instruction", keys.get("instruction", ""), "Instruction", text, "")
        hint = "again to keep it" if state.rejected else "leave the episode out"
        self._set_row("reject", keys.get("reject", ""), "Reject", hint, "")

    def _set_row(self, name: str, key: str, title: str, more: str, right: str) -> None:
        self.rows[name].set_texts(f"{key or ' '}  {title}", more, right)


def _label(role: str = "", *, bold: bool = False) -> QLabel:
    label = QLabel()
    label.setTextFormat(Qt.TextFormat.PlainText)
    label.setFont(font(13 if bold else 11, bold=bold))
    if role:
        label.setProperty("role", role)
    return label


def _spans(state: LabelState) -> dict[str, str]:
    found: dict[str, list[str]] = {}
    for phase in state.phases.values():
        span = f"{_seconds(phase.start_ns)} - {_seconds(phase.stop_ns)}"
        found.setdefault(phase.label, []).append(span)
    return {label: _shortened(spans) for label, spans in found.items()}


def _times(state: LabelState) -> dict[str, str]:
    found: dict[str, list[str]] = {}
    for mark in state.events.values():
        found.setdefault(mark.label, []).append(_seconds(mark.at_ns))
    return {label: _shortened(times) for label, times in found.items()}


def _shortened(parts: list[str]) -> str:
    return parts[0] if len(parts) == 1 else f"{parts[0]} and {len(parts) - 1} more"


def _seconds(time_ns: int) -> str:
    return f"{time_ns / 1e9:.2f}"
