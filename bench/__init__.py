"""Ours beside peers and limits, in one process and one run, as ratios. Never imported by a room."""
