"""Pictures and files on this disk: found, named, hashed; a second look at the same files costs a stat each."""

from picsellia_apply.local.cache import StatCache, default_cache
from picsellia_apply.local.hashing import hash_file
from picsellia_apply.local.index import PictureIndex, index_text, read_index
from picsellia_apply.local.scan import scan_pictures

__all__ = ["PictureIndex", "StatCache", "default_cache", "hash_file", "index_text", "read_index", "scan_pictures"]
