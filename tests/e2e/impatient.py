"""Run the command line with bars that are shown at once, not after a second."""

from __future__ import annotations

from picsellia_apply.cli import main, progress, reading

if __name__ == "__main__":
    progress.PATIENCE_S = reading.PATIENCE_S = 0.0
    main()
