"""`picsellia-apply schema`: the JSON Schema of the manifests, of a plan or of events, for whoever checks without us."""

from __future__ import annotations

import click


@click.command("schema")
@click.option("--plan", "of_plan", is_flag=True, help="The schema of what `plan --format json` and `--out` write.")
@click.option("--events", "of_events", is_flag=True, help="The schema of one event of `apply --format json`.")
@click.option("--markdown", is_flag=True, help="The manual of every field of the manifests, as Markdown.")
def command(*, of_plan: bool, of_events: bool, markdown: bool) -> None:
    """Print the JSON Schema of one manifest document, or the manual of its fields.

    Save it, and let your editor check as you type by the first line of a manifest:

        picsellia-apply schema > picsellia-apply.schema.json

        # yaml-language-server: $schema=picsellia-apply.schema.json
    """
    import json

    if of_plan:
        from picsellia_apply.render.form import plan_schema

        click.echo(json.dumps(plan_schema(), indent=2))
        return
    if of_events:
        from picsellia_apply.render.ndjson import events_schema

        click.echo(json.dumps(events_schema(), indent=2))
        return
    if markdown:
        from picsellia_apply.manifest.reference import reference_markdown

        click.echo(reference_markdown(), nl=False)
        return
    from picsellia_apply.manifest import json_schema

    click.echo(json.dumps(json_schema(), indent=2))
