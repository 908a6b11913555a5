"""Computer-vision datasets as code: manifests in git, a plan, an apply, and an empty next plan."""

__version__ = "0.1.0"
