"""`python -m picsellia_apply`."""

from picsellia_apply.cli import main

main()
