"""Plays a recorded episode: exact frames by time, a transport that moves the time, a small cache.

Nothing here knows Qt; widgets poll.
"""
