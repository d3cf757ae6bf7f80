"""Datasets of other programs, read behind a guard and turned into episodes."""
