"""Where the inventory is kept: beside the data on a platform that offers it, else in a file of this project."""

from picsellia_apply.inventory.store import read_inventory, write_inventory

__all__ = ["read_inventory", "write_inventory"]
