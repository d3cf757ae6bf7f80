"""The player: pictures, hand and timeline of a recorded episode, all at one time."""
