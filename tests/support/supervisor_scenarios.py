"""The fixed, seeded set of situations that every correct supervisor survives.

Each scenario builds its own bench and raises ``AssertionError`` when a promise is broken. The
property tests run them as they are; the mutation tests run them against damaged supervisors.
"""

from support import motion_scenarios, state_scenarios
from support.scenario import QUICK, SCENARIOS, ready

__all__ = ["QUICK", "SCENARIOS", "motion_scenarios", "ready", "state_scenarios"]
