"""What every name has in common, wherever it is written."""

from __future__ import annotations

NAME_LENGTH = 1024
"""Most characters of a name: of a picture, a tag, a label, a dataset, a version, a network, an organization."""
