"""Findings on pictures and annotations, and the object matcher that plan and diff share."""

from picsellia_apply.quality.matcher import match_objects, present_objects
from picsellia_apply.quality.overlap import overlap

__all__ = ["match_objects", "overlap", "present_objects"]
