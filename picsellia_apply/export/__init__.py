"""What is on the platform, as manifests: read whole, written so that a plan of them has nothing to do.

content    the platform's pictures, datasets and networks as plain values   layout    which file holds what
names      names of a platform as names of files                           documents the YAML
writing    a folder that is ours: resumed, refreshed, never taken over
"""

from picsellia_apply.export.content import Content, Wish, read_content
from picsellia_apply.export.layout import Export, laid_out
from picsellia_apply.export.writing import write_export

__all__ = ["Content", "Export", "Wish", "laid_out", "read_content", "write_export"]
