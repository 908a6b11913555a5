"""Frozen values that the stages hand to each other. Knows no file, no network, no clock."""
