"""Rates and ages are the publisher's, whatever the screen drops."""

import numpy as np
import pytest

from devices.stream import FLAG_FIRST, FLAG_STALE, Sample, StreamSpec
from widgets.freshness import Freshness, age_text

SPEC = StreamSpec(name="front/rgb", kind="image", dtype="u1", shape=(2, 2, 3), rate_hz=30)


def _sample(seq, stamp_s, flags=0):
    return Sample(seq, int(stamp_s * 1e9), None, flags, np.zeros(1))


def test_rate_counts_samples_the_screen_never_saw():
    freshness = Freshness(SPEC)
    for seq in range(0, 60, 3):
        freshness.note(_sample(seq, 1 + seq / 30))
    assert freshness.rate_hz == pytest.approx(30.0, rel=0.01)


def test_restarted_publisher_begins_a_new_count():
    freshness = Freshness(SPEC)
    freshness.note(_sample(500, 1.0))
    freshness.note(_sample(0, 2.0, FLAG_FIRST))
    assert freshness.rate_hz == 0.0
    freshness.note(_sample(15, 2.5))
    assert freshness.rate_hz == pytest.approx(30.0)


def test_sample_that_repeats_itself_is_stale_although_it_is_new():
    freshness = Freshness(SPEC)
    freshness.note(_sample(1, 1.0, FLAG_STALE))
    assert freshness.level(int(1.01e9)) == "stale"


def test_slow_stream_is_not_called_late_between_its_own_samples():
    slow = Freshness(SPEC.model_copy(update={"rate_hz": 10.0}))
    slow.note(_sample(1, 1.0))
    assert slow.level(int(1.25e9)) == "ok"
    assert slow.level(int(1.35e9)) == "late"


@pytest.mark.parametrize(
    ("age_s", "text"),
    [(None, "\N{EN DASH}"), (0.0123, "12 ms"), (1.44, "1.4 s"), (-0.001, "0 ms"), (240, "4 min")],
)
def test_ages_are_written_for_people(age_s, text):
    assert age_text(age_s) == text
