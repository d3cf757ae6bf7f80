"""Training of policies: rows and windows of episodes, the trainer, launchers, conversion."""
