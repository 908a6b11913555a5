"""Where the inventory is kept: beside the data on a platform that offers it, else in a file of this project."""

from picsellia_apply.inventory.body import DamagedInventory
from picsellia_apply.inventory.owners import foreign_owners, of_others
from picsellia_apply.inventory.store import read_inventory, write_inventory

__all__ = ["DamagedInventory", "foreign_owners", "of_others", "read_inventory", "write_inventory"]
