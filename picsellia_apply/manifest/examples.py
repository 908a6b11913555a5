"""One document of each kind, as the manual shows them; a test reads each of them as a manifest."""

from __future__ import annotations

HEAD = "apiVersion: picsellia-apply/v1\nkind: {}\n"

EXAMPLES = {
    "PictureSet": """\
metadata: {name: flight-12}
spec:
  from: ./pictures/flight-12
  include: ["**/*.jpg"]
  exclude: ["previews/**"]
  naming: path
  tags: [drone, flight-12]
  index: flight-12.index
  protect: true
""",
    "TagQuery": """\
metadata: {name: night-drone}
spec:
  tags: [drone, night]
  quantity: 0.5
  add: [reviewed]
  remove: [draft]
""",
    "Dataset": """\
metadata: {name: Streets}
spec:
  description: Aerial street scenes
  private: true
  labels:
    - {name: car, type: rectangle}
    - {name: roof, type: polygon}
  versions:
    - name: first
      pictures: {query: night-drone}
      annotations:
        - {path: ./annotations/coco.json, format: COCO, policy: merge}
    - name: second
      from: first
      pictures: {tags: [drone], quantity: 0.5}
    - name: gold
      pictures: {set: flight-12}
      labels: [{name: car, type: rectangle}]
      annotations:
        - {path: ./xml, format: PASCAL-VOC, policy: seed, coordinates: one-based, ignore: [background]}
      frozen: true
""",
    "Network": """\
metadata: {name: efficientdet-d2}
spec:
  type: detection
  framework: tensorflow2
  description: Detector for aerial scenes
  private: true
  tags: [efficientdet, d2]
  labels: {1: car, 2: roof}
  base_parameters: {batch_size: 8, learning_rate: 0.001}
  readme: {file: ./README-network.md}
  files: {config: ./pipeline.config, model-latest: ./saved_model.zip}
  thumbnail: ./effdet.png
""",
    "Workspace": """\
metadata: {name: prod}
spec:
  host: https://platform.example/sdk/v2/
  organization: acme
  guards: {deletePercent: 10, updatePercent: 50}
  prune: false
  variables: {share: 0.5, prefix: null}
  moved:
    - {from: pictures/flight, to: pictures/flight-12}
""",
    "Policy": """\
metadata: {name: release}
spec:
  versions: ["Streets@*"]
  maxDelete: {pictures: 0, objects: 100}
  minObjectsPerLabel: {car: 300, "*": 50}
  requiredLabels: [car]
  maxUnannotatedPercent: 5
  maxImbalance: 20
  noFindingAbove: note
  ignoreFindings: [Q003]
  exec: [./check_plan.py, --rules, rules.txt]
  timeout: 30
""",
}
