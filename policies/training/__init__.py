"""Training of policies: rows and windows of episodes, the trainer, launchers, conversion."""

import policies.networks  # noqa: F401 - how threads wait is said before torch is loaded
