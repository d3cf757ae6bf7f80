"""The ``review`` figures: keys, waiting and model seconds of labelling in the real window.

Task A is outcome, quality and the next episode; task B adds four contiguous phases, two contacts, a
trim and the instruction. Phases, contacts and trim are set live while the episode plays. What the
keys meant is compared with the labels on disk, so a key that does nothing cannot count as done.

Keystroke-level model (Card, Moran and Newell): T = nK K + nP P + n_click C + nH H + nM M + sum R
with one M per decision, a modifier as a further K, no overlap; the time of watching is not in it.
The peers' figures are cited model outputs from assumed methods; nobody has measured them.
"""

from __future__ import annotations

import contextlib
import random
import tempfile
from pathlib import Path
from typing import Any

import numpy as np

from app.virtual_display import VirtualDisplay, has_display
from benchmarks.machine import parser, report
from benchmarks.review_driver import Effort, ReviewDriver
from recorder.dataset import Dataset, open_dataset
from recorder.overview.store import make_missing
from recorder.review.state import LabelState
from recorder.review.store import read_state
from recorder.synthetic import SyntheticTake, write_take

K_S, P_S, CLICK_S, H_S, M_S = 0.28, 1.10, 0.20, 0.40, 1.35  # see the module
DECISIONS_A_PREFILLED = 1
DECISIONS_A = 2  # outcome, quality
DECISIONS_B = 11  # outcome, quality, 4 phases, 2 contacts, both ends of the trim, instruction
SEEKS = 120
STEPS = 60
SIZE = (640, 480)
CAMERAS = ("front", "wrist", "side")
EPISODES = 5  # each of 60 s takes about 0.9 GB of the temporary folder
NS_PER_S = 1_000_000_000
REACTION_S = 0.25
SNAP_S = 0.15
LATE_S = 0.10  # real time the script may press after the instant it aims at
PEERS_S = {
    "A": {
        "Thenar, model": "1.63 prefilled, 3.54 with quality",
        "MS dataviewer, if its keys were mounted": 3.54,
        "Label Studio hotkeys": 3.82,
        "HF visualizer, one binary flag": 4.68,
        "LeRobot GUI fork": 6.38,
        "any three-click form": 7.95,
        "BORIS": 8.98,
    },
    "B": {"Thenar, model": 18.5, "ELAN-like": 46, "mouse drag form": 62},
}
TARGETS = {
    "a_prefilled_keys": "<= 3",
    "a_keys": "<= 3",
    "b_keys": "<= 20",
    "pointing": "0",
    "step_p95_ms": "<= 50",
    "seek_p95_ms": "<= 100",
    "next_episode_max_ms": "<= 200",
    "labels_wrong": "0",
    "frames_wrong": "0",
}


def prepared(seconds: float, episodes: int = EPISODES) -> Dataset:
    """The dataset, made once per length and kept in the temporary folder; without labels."""
    root = Path(tempfile.gettempdir()) / f"thenar-bench-review-{seconds:g}s"
    dataset = open_dataset(root, create=True)
    there = {int(path.stem.split("_")[1]) for path in dataset.published()}
    for number in range(episodes):
        if number not in there:
            take = SyntheticTake(
                number=number,
                seconds=seconds,
                cameras=CAMERAS,
                size=SIZE,
                texture=True,
                seed=number,
            )
            write_take(dataset, take)
    make_missing(dataset)
    for path in sorted((root / "reviews").glob("**/*"), reverse=True):
        path.rmdir() if path.is_dir() else path.unlink()
    return dataset


def klm_s(effort: Effort, decisions: int) -> float:
    """Seconds by the keystroke-level model."""
    motor_s = effort.keys * K_S + effort.points * P_S + effort.clicks * CLICK_S
    return motor_s + effort.homings * H_S + decisions * M_S + sum(effort.waits_s)


def open_first(driver: ReviewDriver) -> None:
    """From the library into the first episode, with keys."""
    review = driver.review
    driver.wait(lambda: review.library.rows, "rows in the library")
    driver.settle(0.5)
    driver.press("Return", list)
    driver.wait(lambda: review.page == "Episode", "the episode page")
    driver.settle(0.5)


def accept(driver: ReviewDriver) -> float:
    """Return; seconds until the next episode's pictures are painted."""
    before = driver.review.uuid
    spent_s = driver.press("Return", lambda: [*driver.tiles(), *driver.panel()])
    if driver.review.uuid == before:
        raise RuntimeError(f"Return did not open the next episode: {driver.review.uuid}")
    return spent_s


def play_until(driver: ReviewDriver, at_s: float) -> None:
    """Watch until the playhead is where a reviewer would press for ``at_s``."""
    player = driver.player
    pressed_ns = round((at_s + REACTION_S * player.transport.speed) * NS_PER_S)
    driver.wait(lambda: player.time_ns >= pressed_ns or not player.playing, "the instant", 300.0)


def task_b(driver: ReviewDriver, seconds: float) -> dict[str, float]:
    """Everything there is to say, live; returns what was meant, s."""
    first, second = 0.35 * seconds, 0.40 * seconds  # touches of the made-up hand
    meant = {
        "trim_start": 0.02 * seconds,
        "reach": 0.05 * seconds,
        "grasp": first,
        "manipulate": 0.5 * seconds,
        "release": 0.75 * seconds,
        "trim_stop": 0.95 * seconds,
    }
    script = [("trim_start", "["), ("reach", "A"), ("grasp", "S"), ("", "C"), ("contact", "C"),
              ("manipulate", "D"), ("release", "F"), ("trim_stop", "]")]  # fmt: skip
    driver.press("Space", list)
    for name, key in script:
        if name:
            play_until(driver, second if name == "contact" else meant[name])
        driver.press(key)
    for key in ("Y", "4", "T", "1"):
        driver.press(key)
    return meant


def wrong_b(state: LabelState, meant: dict[str, float], speed: float) -> list[str]:
    """What on disk is not what was meant."""
    wrong = []
    reach_s = SNAP_S + LATE_S * speed
    phases = {phase.label: phase for phase in state.phases.values()}
    order = ["reach", "grasp", "manipulate", "release"]
    if list(phases) != order:
        return [f"phases {list(phases)}"]
    for name, phase in phases.items():
        if abs(phase.start_ns / NS_PER_S - meant[name]) > reach_s:
            wrong.append(f"{name} begins at {phase.start_ns / NS_PER_S:.2f} s")
    stops = [phase.stop_ns for phase in phases.values()]
    starts = [phase.start_ns for phase in phases.values()]
    trim = state.trim
    if trim is None or stops != [*starts[1:], trim.stop_ns]:
        wrong.append("phases are not contiguous to the end of the trim")
    else:
        for name, at_ns in (("trim_start", trim.start_ns), ("trim_stop", trim.stop_ns)):
            if abs(at_ns / NS_PER_S - meant[name]) > reach_s:
                wrong.append(f"{name} {at_ns / NS_PER_S:.2f} s")
    fingers = {contact.finger for contact in state.contacts.values() if contact.proposed}
    if len(fingers) != 2:
        wrong.append(f"contacts {fingers}")
    said = (state.outcome, state.quality, bool(state.instruction), state.accepted)
    if said != ("success", 4, True, True):
        wrong.append(f"verdict {said}")
    return wrong


def responses(driver: ReviewDriver, seconds: float) -> dict[str, Any]:
    """Step, seek and jump latencies, and whether every shown picture is the recorded one."""
    player, wrong = driver.player, 0
    random_times = random.Random(0)

    def is_wrong() -> bool:
        episode = player.episode
        assert episode is not None
        return any(
            player.shown(name).index != episode.index_at(name, player.time_ns)
            for name in player.pictures.streams
            if name.endswith("/rgb")
        )

    seeks_s, steps_s = [], []
    for _ in range(SEEKS):
        at_ns = random_times.randrange(NS_PER_S, round(seconds * NS_PER_S) - NS_PER_S)
        seeks_s.append(driver.measure(lambda ns=at_ns: player.seek(ns), driver.tiles, "a seek"))
        wrong += is_wrong()
        driver.settle(0.02)
    for at in range(STEPS):
        key = "Right" if at % 3 else "Left"
        steps_s.append(driver.press(key, lambda: driver.tiles()[:1]))
        wrong += is_wrong()
    return {
        "step_p95_ms": _ms(np.percentile(steps_s, 95)),
        "step_max_ms": _ms(max(steps_s)),
        "seek_p95_ms": _ms(np.percentile(seeks_s, 95)),
        "seek_median_ms": _ms(np.median(seeks_s)),
        "seeks": len(seeks_s),
        "frames_wrong": wrong,
    }


def run(seconds: float, speed: float, size: tuple[int, int]) -> dict[str, Any]:
    """Do the tasks; returns the figures."""
    dataset = prepared(seconds)
    driver = ReviewDriver(dataset.root, size)
    try:
        open_first(driver)
        return _tasks(driver, dataset, seconds, speed)
    finally:
        driver.close()


def _tasks(driver: ReviewDriver, dataset: Dataset, seconds: float, speed: float) -> dict[str, Any]:
    wrong: list[str] = []
    nexts_s: list[float] = []

    def disk(uuid: str) -> LabelState:
        return read_state(dataset, "R1", uuid) or LabelState()

    uuid = driver.review.uuid
    prefilled = driver.begin()
    nexts_s.append(accept(driver))
    if (disk(uuid).outcome, disk(uuid).accepted) != ("success", True):
        wrong.append(f"task A prefilled: {disk(uuid)}")

    uuid = _ready(driver)
    verdict = driver.begin()
    driver.press("Y")
    driver.press("4")
    nexts_s.append(accept(driver))
    if (disk(uuid).outcome, disk(uuid).quality, disk(uuid).accepted) != ("success", 4, True):
        wrong.append(f"task A: {disk(uuid)}")

    uuid = _ready(driver)
    while driver.player.transport.speed < speed:
        driver.press("=", list)
    full = driver.begin()
    meant = task_b(driver, seconds)
    nexts_s.append(accept(driver))
    wrong += [f"task B: {what}" for what in wrong_b(disk(uuid), meant, speed)]

    _ready(driver)
    driver.begin()
    measured = responses(driver, seconds)
    while driver.review.queue.left > 1:
        _ready(driver)
        nexts_s.append(accept(driver))
    efforts = {"a_prefilled": prefilled, "a": verdict, "b": full}
    decisions = {"a_prefilled": DECISIONS_A_PREFILLED, "a": DECISIONS_A, "b": DECISIONS_B}
    figures: dict[str, Any] = {}
    for name, effort in efforts.items():
        figures[f"{name}_keys"] = effort.keys
        figures[f"{name}_klm_s"] = round(klm_s(effort, decisions[name]), 2)
        figures[f"{name}_waiting_s"] = round(sum(effort.waits_s), 3)
    figures["pointing"] = sum(effort.points + effort.clicks for effort in efforts.values())
    figures["homing"] = sum(effort.homings for effort in efforts.values())
    figures |= measured
    figures["next_episode_max_ms"] = _ms(max(nexts_s))
    figures["next_episode_median_ms"] = _ms(np.median(nexts_s))
    figures["next_episode_ms"] = [_ms(one) for one in nexts_s]
    figures["labels_wrong"] = len(wrong)
    figures["wrong"] = wrong
    figures["cited_peers_s"] = PEERS_S
    figures["passed"] = _passed(figures)
    return figures


def _ready(driver: ReviewDriver) -> str:
    """A reviewer looks at an episode for a second before speaking; the next one gets warm."""
    driver.begin()  # what comes before the task belongs to none
    driver.settle(1.0)
    driver.review.cache.wait()
    return driver.review.uuid


def _passed(figures: dict[str, Any]) -> bool:
    return all(figures[name] <= float(limit.removeprefix("<= ")) for name, limit in TARGETS.items())


def _ms(seconds: float) -> float:
    return round(1000 * float(seconds), 1)


def main() -> None:
    """Entry point."""
    options = parser(__doc__ or "", 60.0)
    options.add_argument("--speed", type=float, default=4.0, help="playing speed of task B")
    options.add_argument("--size", default="1280x800", help="window size in pixels")
    chosen = options.parse_args()
    width, height = (int(part) for part in chosen.size.split("x"))
    with contextlib.nullcontext() if has_display() else VirtualDisplay():
        figures = run(chosen.seconds, chosen.speed, (width, height))
    report("review", {"window": chosen.size, **figures}, TARGETS, chosen.json)


if __name__ == "__main__":
    main()
