"""Widgets of the Clean workspace: picture, strips, episodes, parameters."""
