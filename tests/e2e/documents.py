"""The manifests that most of these tests begin with: a set of pictures, a dataset of it with boxes, and their file."""

from __future__ import annotations

SET = """\
apiVersion: picsellia-apply/v1
kind: PictureSet
metadata: {name: s}
spec: {from: pictures}
"""
TAGGED = SET.replace("pictures}", "pictures, tags: [t]}")
DATASET = """\
apiVersion: picsellia-apply/v1
kind: Dataset
metadata: {name: D}
spec:
  labels: [{name: car, type: rectangle}]
  versions:
    - name: first
      pictures: {set: s}
      annotations: [{path: boxes.json, format: COCO}]
"""
COCO = """\
{"images": [{"id": 1, "file_name": "p0.png", "width": 16, "height": 12}],
 "categories": [{"id": 1, "name": "car"}],
 "annotations": [{"id": 1, "image_id": 1, "category_id": 1, "bbox": [1, 2, 3, 4], "area": 12, "iscrowd": 0}]}
"""
