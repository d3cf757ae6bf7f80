"""Disk in both directions: capture log, finalise, episode reader, catalogue."""
