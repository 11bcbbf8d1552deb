"""Telephone numbers: sealed at rest, found again by keyed hash."""
