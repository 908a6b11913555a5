"""What an apply would do: pure decisions on desired and observed State. Knows no platform and no file."""

from picsellia_apply.planner.digest import plan_digest
from picsellia_apply.planner.plan import plan

__all__ = ["plan", "plan_digest"]
