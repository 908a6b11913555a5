"""Drives 5.0.5: the organization's id in paths as in 5.0.8, ids as results and `push_dataset` as in 4.7."""

from __future__ import annotations

from tests.published import (
    annotation_steps,
    dataset_steps,
    network_steps,
    picture_steps,
    push_steps,
    session_steps,
)

STEPS = (
    *session_steps.STEPS,
    *picture_steps.STEPS,
    *dataset_steps.STEPS,
    *annotation_steps.STEPS,
    dataset_steps.deletes_versions,
    *push_steps.STEPS,
    *network_steps.STEPS,
    picture_steps.deletes_pictures,
)
