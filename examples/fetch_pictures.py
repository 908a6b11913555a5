"""Copy the example's photographs out of the scikit-image wheel into `examples/pictures`.

They are real photographs, each CC0 or in the public domain (see `skimage.data`), and are not kept in this repository.
"""

from __future__ import annotations

import shutil
import sys
from importlib.util import find_spec
from pathlib import Path

PICTURES = (
    "astronaut.png",  # NASA, public domain
    "camera.png",  # Lav Varshney, CC0
    "chelsea.png",  # Stefan van der Walt, CC0
    "coffee.png",  # Rachel Michetti, CC0
    "hubble_deep_field.jpg",  # NASA, public domain
    "rocket.jpg",  # SpaceX, public domain
)


def copy_pictures(target: Path) -> int:
    """Copy the pictures that are not there yet into `target` and return how many were copied."""
    spec = find_spec("skimage")
    if spec is None or spec.origin is None:
        sys.exit("scikit-image is not installed: run `make demo`, or `pip install 'picsellia-apply[examples]'`")
    source = Path(spec.origin).parent / "data"
    target.mkdir(parents=True, exist_ok=True)
    missing = [name for name in PICTURES if not (target / name).exists()]
    for name in missing:
        partial = target / f".{name}.part"
        shutil.copyfile(source / name, partial)
        partial.replace(target / name)
    return len(missing)


if __name__ == "__main__":
    folder = Path(__file__).parent / "pictures"
    sys.stderr.write(f"{copy_pictures(folder)} photographs copied to examples/pictures\n")
