"""What should be there: the declaration evaluated on the predicted lake. Pure; knows no platform and no file."""

from picsellia_apply.resolve.selection import in_share
from picsellia_apply.resolve.state import resolve

__all__ = ["in_share", "resolve"]
