"""Do what a plan says, and keep the record of it."""

from picsellia_apply.executor.events import Advanced, Event, Finished, Started
from picsellia_apply.executor.journal import Journal, journal_path
from picsellia_apply.executor.run import execute

__all__ = ["Advanced", "Event", "Finished", "Journal", "Started", "execute", "journal_path"]
