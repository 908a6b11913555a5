"""`picsellia-apply schema`: the JSON Schema of the manifests, for editors and for checks without us."""

from __future__ import annotations

import click


@click.command("schema")
def command() -> None:
    """Print the JSON Schema of one manifest document.

    Save it, and let your editor check as you type by the first line of a manifest:

        picsellia-apply schema > picsellia-apply.schema.json

        # yaml-language-server: $schema=picsellia-apply.schema.json
    """
    import json

    from picsellia_apply.manifest import json_schema

    click.echo(json.dumps(json_schema(), indent=2))
