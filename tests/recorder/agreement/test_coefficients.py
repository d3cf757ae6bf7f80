"""Published worked values of kappa and alpha."""

from __future__ import annotations

import numpy as np
import pytest

from recorder.agreement.alpha import alpha
from recorder.agreement.coefficient import NO_VARIATION, with_interval
from recorder.agreement.kappa import cohen_kappa, fleiss_kappa, raw_agreement, table_of

NAN = float("nan")
# Krippendorff's reliability data: 4 observers, 12 units, dots are missing
FOUR_BY_TWELVE = ("123321412...", "1233224125.3", ".3332342251.", "12332441251.")
# Wikipedia, Krippendorff's alpha: 3 coders, 15 units
THREE_BY_FIFTEEN = ("*****34121133*3", "1*213343*******", "**21344*21133*4")
# Fleiss (1971) as tabled in Wikipedia: 10 subjects, 14 raters, 5 categories
FLEISS_TABLE = (
    (0, 0, 0, 0, 14), (0, 2, 6, 4, 2), (0, 0, 3, 5, 6), (0, 3, 9, 2, 0), (2, 2, 8, 1, 1),
    (7, 7, 0, 0, 0), (3, 2, 6, 3, 0), (2, 5, 3, 2, 2), (6, 5, 2, 1, 0), (0, 2, 2, 3, 7),
)  # fmt: skip


def numbers(*rows: str) -> np.ndarray:
    return np.array([[NAN if c in ".*" else float(c) for c in row] for row in rows])


@pytest.mark.parametrize(
    ("table", "kappa"),
    [
        (((20, 5), (10, 15)), 0.40),
        (((45, 15), (25, 15)), 0.1304),
        (((25, 35), (5, 35)), 0.2593),
    ],
)
def test_cohen_kappa_gives_the_published_value(table, kappa):
    assert cohen_kappa(table) == pytest.approx(kappa, abs=5e-5)


def test_high_raw_agreement_can_hide_no_agreement_beyond_chance():
    paradox = ((90, 5), (5, 0))
    assert raw_agreement(paradox) == pytest.approx(0.90)
    assert cohen_kappa(paradox) == pytest.approx(-0.053, abs=5e-4)


def test_fleiss_kappa_gives_the_published_value():
    assert fleiss_kappa(FLEISS_TABLE) == pytest.approx(0.210, abs=5e-4)


def test_fleiss_kappa_refuses_subjects_with_different_numbers_of_reviewers():
    with pytest.raises(ValueError, match="got 2 to 3"):
        fleiss_kappa(((2, 0), (1, 2)))


@pytest.mark.parametrize(
    ("level", "value"),
    [("nominal", 0.743), ("ordinal", 0.815), ("interval", 0.849), ("ratio", 0.797)],
)
def test_alpha_of_four_observers_with_gaps_gives_the_published_values(level, value):
    assert alpha(numbers(*FOUR_BY_TWELVE), level) == pytest.approx(value, abs=5e-4)


def test_alpha_of_binary_data_gives_the_published_value():
    assert alpha(numbers("0100000010", "1110010000")) == pytest.approx(0.095, abs=5e-4)


def test_alpha_of_nominal_letters_gives_the_published_value():
    rows = [[ord(c) for c in row] for row in ("aabbdcccedda", "babbbccceddd")]
    assert alpha(rows) == pytest.approx(0.692, abs=5e-4)


@pytest.mark.parametrize(("level", "value"), [("nominal", 0.691), ("interval", 0.811)])
def test_alpha_of_three_coders_gives_the_published_values(level, value):
    assert alpha(numbers(*THREE_BY_FIFTEEN), level) == pytest.approx(value, abs=5e-4)


def test_without_variation_nothing_is_claimed():
    assert cohen_kappa(((7, 0), (0, 0))) is None
    assert fleiss_kappa(((3, 0), (3, 0))) is None
    assert alpha([[1, 1, 1], [1, 1, 1]]) is None
    assert alpha([[1, NAN], [NAN, 2]]) is None
    assert with_interval(lambda weights: None, 5).text() == NO_VARIATION


def test_interval_holds_the_value_and_repeats_with_its_seed():
    first = np.array([0, 1, 0, 1, 1, 0, 1, 0, 0, 1] * 4)
    second = first.copy()
    second[::7] = 1 - second[::7]

    def kappa(weights):
        return cohen_kappa(table_of(np.repeat(first, weights), np.repeat(second, weights), 2))

    once, again = (with_interval(kappa, len(first), seed=3, resamples=300) for _ in range(2))
    assert once == again
    assert once.low < once.value < once.high
    assert once.value == pytest.approx(cohen_kappa(table_of(first, second, 2)))
