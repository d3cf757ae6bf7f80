"""The Review workspace: library, episode, adjudication, statistics, all reachable by keys.

The way of an episode: the queue names it, the cache has it open already, its labels come from the
reviewer's journal; Return accepts, publishes and opens the next one. Everything slow (overviews,
catalogue rows, statistics) happens after the next episode is on the screen.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QStackedWidget, QVBoxLayout, QWidget

from app.actions import ActionId
from app.jobs import JobRunner
from app.session import Session
from app.settings import Settings
from app.workspaces.review.adjudicate_page import AdjudicatePage
from app.workspaces.review.comparison import Comparison
from app.workspaces.review.episode_page import EpisodePage
from app.workspaces.review.insight_page import InsightPage
from app.workspaces.review.library_page import LibraryPage
from app.workspaces.review.page_bar import PageBar
from app.workspaces.review.replay_page import ReplayPage
from app.workspaces.review.review_desk import ReviewDesk
from app.workspaces.review.review_queue import ReviewQueue
from app.workspaces.review.transfer_page import TransferPage
from app.workspaces.review.upkeep import Upkeep
from app.workspaces.workspace import Workspace
from recorder.dataset import open_dataset
from recorder.episode import EpisodeError
from recorder.library.rows import LibraryRow
from recorder.player.episode_cache import EpisodeCache
from recorder.review.store import DamagedJournalError, EditConflict

PAGE_ACTIONS = {
    "Library": ActionId.REVIEW_LIBRARY,
    "Episode": ActionId.REVIEW_PLAYER,
    "Adjudicate": ActionId.REVIEW_ADJUDICATE,
    "Statistics": ActionId.REVIEW_STATISTICS,
    "Export": ActionId.REVIEW_EXPORT,
    "Replay": ActionId.REVIEW_REPLAY_ON_HAND,
}
STEPS = {ActionId.REVIEW_NEXT_EPISODE: 1, ActionId.REVIEW_PREVIOUS_EPISODE: -1}
BESIDE = (ActionId.REVIEW_COMPARE, ActionId.REVIEW_ALIGN)
EPISODE_ONLY = (ActionId.REVIEW_ACCEPT, *BESIDE, *STEPS)
PICTURES = ("image", "visuotactile")  # kinds that an export takes
RELOAD_TICKS = 20  # refreshes between two looks at the dataset: 2 s


class ReviewWorkspace(Workspace):
    """Review of one dataset.

    Parameters
    ----------
    dataset_root : Path
        The dataset.
    session : Session or None
        The running session; None in a window that reviews only.
    settings : Settings
        Reviewer, station, reaction time.
    keys : dict of ActionId to str
        Key of every action, shown on the panels.
    perform : callable
        Performs an action as if its key had been pressed.
    say : callable
        Shows a sentence in the status strip.
    """

    name = "Review"

    def __init__(
        self,
        dataset_root: Path,
        session: Session | None,
        settings: Settings,
        keys: dict[ActionId, str],
        perform: Callable[[ActionId], object],
        say: Callable[..., object],
    ) -> None:
        self._say, self._session, self._settings = say, session, settings
        self.dataset = open_dataset(dataset_root)
        self.desk = ReviewDesk(
            self.dataset, settings.reviewer, settings.review_station, settings.reaction_time_ms
        )
        self.cache = EpisodeCache(self.dataset)
        self.queue = ReviewQueue()
        self.uuid = self._title = ""
        self._ticks = 0
        self.library = LibraryPage(self.desk)
        self.upkeep = Upkeep(self.desk, self.library, say)
        self.episode = EpisodePage(keys, say)
        self.comparison = Comparison(
            self.desk, self.cache, self.episode.player, lambda: self.episode.session, say
        )
        self.adjudicate = AdjudicatePage(self.desk, self.cache, say)
        self.insight = InsightPage(self.desk, say)
        self.transfer = TransferPage(self.desk, say)
        self.replay = ReplayPage(session, say)
        self.pages: dict[str, QWidget] = {
            "Library": self.library,
            "Episode": self.episode,
            "Adjudicate": self.adjudicate,
            "Statistics": self.insight,
            "Export": self.transfer,
            "Replay": self.replay,
        }
        self.bar = PageBar(list(self.pages))
        self._arrange()
        self.set_keys(keys)
        self.library.opened.connect(self.open_from_library)
        self.library.failed.connect(lambda why: say(why, "bad"))
        self.episode.labels_changed.connect(self._on_labels_changed)
        self.bar.page_chosen.connect(self.show_page)
        self.bar.reviewer_changed.connect(self.set_reviewer)
        for problem in (*self.desk.problems, *self.desk.key_conflicts(keys)):
            say(problem, "warn")

    def _arrange(self) -> None:
        self.widget = QWidget()
        self.stack = QStackedWidget()
        for page in self.pages.values():
            self.stack.addWidget(page)
        layout = QVBoxLayout(self.widget)
        layout.setContentsMargins(8, 4, 8, 8)
        layout.setSpacing(4)
        layout.addWidget(self.bar)
        layout.addWidget(self.stack, 1)
        self.bar.place.setText(self.dataset.root.name)
        self.bar.place.setToolTip(str(self.dataset.root))
        self.bar.reviewer.setText(self.desk.reviewer)

    # pages and episodes

    @property
    def page(self) -> str:
        """Name of the page that is shown."""
        shown = self.stack.currentWidget()
        return next(name for name, page in self.pages.items() if page is shown)

    def show_page(self, name: str) -> None:
        """Bring a page to the screen."""
        if self.page == "Episode" and name != "Episode":
            self.episode.player.pause()
        if name == "Episode" and not self.uuid:
            self._open_first()
        self.stack.setCurrentWidget(self.pages[name])
        self.bar.show_page(name)
        if name in ("Library", "Adjudicate", "Statistics"):
            self.upkeep.finish()
        if name == "Library":
            self.library.load()
            self.library.view.table.setFocus()
        elif name == "Episode":
            self.episode.player.setFocus()
        elif name == "Adjudicate":
            self.adjudicate.load()
        elif name == "Statistics":
            self.insight.load()
        elif name == "Export":
            self._offer_export()
        elif name == "Replay":
            episode = self.episode.player.episode
            self.replay.load(episode, self._title.partition("   ")[0])
        if name != "Replay":
            self.replay.leave()

    def _offer_export(self) -> None:
        """Offer the episodes marked in the library, or all of them, with the pictures they have."""
        rows = self.library.rows
        if not rows:
            return
        chosen = set(self.library.view.marked())
        marked = [row.episode.number for row in rows if row.episode.uuid in chosen]
        try:
            example = self.cache.open(self.dataset.root / rows[0].episode.path)
        except (EpisodeError, OSError) as error:
            self._say(f"Nothing can be exported: {error}", "bad")
            return
        cameras = [spec.name for spec in example.streams() if spec.kind in PICTURES]
        self.transfer.load(cameras, marked)

    def _open_first(self) -> None:
        self.queue = self.library.queue()
        uuid = self.queue.first()
        if uuid is not None:
            self.open_episode(uuid)

    def open_from_library(self, uuid: str | None) -> None:
        """Open an episode of the library; the queue is what the library shows."""
        self.queue = self.library.queue()
        if uuid and self.open_episode(uuid):
            self.show_page("Episode")

    def open_episode(self, uuid: str) -> bool:
        """Show an episode with its labels; False when it cannot be opened."""
        self._leave()
        self.upkeep.key_came()
        try:
            row = self.desk.row(uuid)
            episode = self.cache.open(self.desk.path_of(uuid))
            labels = self.desk.labels(episode)
        except (EpisodeError, DamagedJournalError, KeyError, OSError) as error:
            self._say(f"The episode cannot be opened: {error}", "bad")
            return False
        self.uuid = uuid
        self.comparison.forget()
        self._title = f"episode {row.episode.number}   {row.episode.task}"
        self.episode.show_episode(
            episode,
            labels,
            title=self._title,
            people=_people(row),
            place=self.queue.place(uuid),
            reason=self.queue.reason(uuid),
        )
        following = self.queue.after(uuid, unfinished=True)
        if following is not None:
            QTimer.singleShot(0, self.widget, lambda: self._warm(following))
        return True

    def _warm(self, uuid: str) -> None:
        try:
            self.cache.warm(self.desk.path_of(uuid))
        except KeyError:
            self._say("The next episode of the queue is gone.", "warn")

    def _leave(self) -> None:
        """What an accepted episode was changed by since is published before it goes."""
        labels = self.episode.session
        if labels is None or not self.uuid:
            return
        if labels.state.accepted and labels.conflict is None and not labels.unsaved:
            problem = labels.publish()
            if problem:
                self._say(problem, "bad")
        if labels.review.history:
            self.upkeep.touch(self.uuid)

    def _on_labels_changed(self) -> None:
        self.upkeep.touch(self.uuid)

    def accept(self) -> None:
        """Finish with the episode and open the next one that is not finished."""
        labels = self.episode.session
        if labels is None:
            self.show_page("Episode")
            return
        refused = labels.accept(self.episode.player.pictures.visible_streams)
        self.episode.draw()
        if refused:
            self._say(refused, "warn")
        if refused or labels.conflict is not None or labels.unsaved:
            return
        self.desk.accepted(self.uuid)
        self.queue.done.add(self.uuid)
        self.upkeep.touch(self.uuid)
        following = self.queue.after(self.uuid, unfinished=True)
        if following is None:
            self._say(f"All {len(self.queue.order)} episodes of this queue are reviewed.")
        else:
            self.open_episode(following)

    def _step_episode(self, direction: int) -> None:
        uuid = self.queue.after(self.uuid) if direction > 0 else self.queue.before(self.uuid)
        if uuid is None:
            self._say("That was the last one." if direction > 0 else "That is the first one.")
        else:
            self.open_episode(uuid)

    def set_reviewer(self, code: str) -> None:
        """Review as ``code`` from now on; what is open is opened again with its labels."""
        if code == self.desk.reviewer:
            return
        self._leave()
        try:
            self.desk.set_reviewer(code, self.uuid)
        except (DamagedJournalError, EditConflict, OSError) as error:
            self._say(f"You stay {self.desk.reviewer}: {error}", "bad")
            self.bar.reviewer.setText(self.desk.reviewer)
            return
        self.bar.reviewer.setText(code)
        self._settings.reviewer = code
        self.library.load()
        self.queue = self.library.queue()
        self.episode.session = None
        if self.uuid:
            self.open_episode(self.uuid)

    # what the window asks

    def perform(self, action: ActionId) -> bool:
        for name, chosen in PAGE_ACTIONS.items():
            if action is chosen:
                self.show_page(name)
                return True
        if action is ActionId.REVIEW_SEARCH:
            self.show_page("Library")
            self.library.view.focus_search()
        elif self.page == "Adjudicate" and self.adjudicate.perform(action):
            return True
        elif action is ActionId.REVIEW_ACCEPT and self.page == "Library":
            self.open_from_library(self.library.view.current or self.library.queue().first())
        elif self.page == "Library" and action in STEPS:
            self.library.view.step(STEPS[action])
        elif self.page != "Episode" and action in EPISODE_ONLY:
            self._say("Open an episode first: this belongs to its page.", "warn")
        elif action in STEPS:
            self._step_episode(STEPS[action])
        elif action is ActionId.REVIEW_ACCEPT:
            self.accept()
        elif action in BESIDE:
            self.comparison.perform(action, self.uuid, self.library.view.selected())
        elif action is ActionId.REVIEW_IMPORT:
            self.transfer.ask_import(self._on_imported)
        else:
            return self.page == "Episode" and self.episode.perform(action)
        return True

    def press_key(self, key: str) -> bool:
        return self.page == "Episode" and self.episode.press_key(key)

    def extra_keys(self) -> list[tuple[str, str, str]]:
        labels = self.episode.session
        schema = labels.labeller.schema if labels else self.desk.schema("")
        terms = (*schema.phases, *schema.events)
        return [(term.title, term.key, "Phases and events") for term in terms if term.key]

    def set_keys(self, keys: dict[ActionId, str]) -> None:
        self.bar.set_keys({name: keys[item] for name, item in PAGE_ACTIONS.items()})
        self.episode.set_keys(keys)
        self.adjudicate.set_keys(keys)

    def use_jobs(self, jobs: JobRunner) -> None:
        self.upkeep.jobs = jobs
        self.transfer.use_jobs(jobs)

    def _on_imported(self) -> None:
        self.library.load()
        self.upkeep.make_overviews()

    def tick(self) -> None:
        if self.page == "Replay":
            self.replay.tick()

    def refresh(self) -> None:
        self._ticks += 1
        self.upkeep.refresh(self.episode.player.playing)
        labels = self.episode.session
        self.insight.refresh()
        self.replay.refresh(self.page == "Replay")
        if self.episode.late_overview():
            self.episode.use_candidates(self.desk.labeller(self.episode.player.episode))
        if self._ticks % RELOAD_TICKS == 0:
            if labels is not None and labels.unsaved and labels.retry():
                self.episode.draw()
            if self.page == "Library" and self.widget.isVisible():
                self.library.load()

    def shown(self) -> None:
        self.library.load()
        self.upkeep.make_overviews()
        if self.page == "Library":
            self.library.view.table.setFocus()

    def hidden(self) -> None:
        self.episode.player.pause()
        self.adjudicate.player.pause()

    def remember(self, settings: Settings) -> None:
        settings.review_dataset = str(self.dataset.root)
        settings.reviewer = self.desk.reviewer
        sizes = {"review_player": self.episode.player.splitter.sizes()}
        settings.splitters = settings.splitters | sizes
        settings.library_filters = self.library.filters

    def restore(self, settings: Settings) -> None:
        self.library.set_filters(settings.library_filters)
        sizes = settings.splitters.get("review_player", [])
        if len(sizes) == self.episode.player.splitter.count() and all(sizes):
            self.episode.player.splitter.setSizes(sizes)

    def close(self) -> None:
        self._leave()
        self.upkeep.finish()
        self.episode.player.set_episode(None)
        self.adjudicate.close_episode()
        for page in (self.insight, self.transfer, self.replay):
            page.close_work()
        self.cache.close()


def _people(row: LibraryRow) -> str:
    episode = row.episode
    return f"{episode.operator_code}  {episode.source}  operator: {episode.outcome}"
