"""Connecting, as the clients 5.0 do: `ping` once, `get_organization` often."""

from __future__ import annotations

import os

from tests.published.scene import UUID4, Scene, refused, told


def connects(scene: Scene) -> None:
    with told() as text:
        client = scene.module.Client(scene.token, host=scene.host)
    assert "Hi admin, welcome back." in text.getvalue()
    assert client.username == "admin"
    assert UUID4.fullmatch(client.datalake.organization_id)
    assert client.network.organization == "default"
    scene.seen["client"] = client
    scene.seen["organization"] = client.datalake.organization_id


def connects_to_an_organization_by_name_and_by_id(scene: Scene) -> None:
    for stated in ("default", scene.seen["organization"]):
        client = scene.module.Client(scene.token, organization=stated, host=scene.host)
        assert client.datalake.organization_id == scene.seen["organization"]
        assert client.network.organization == "default"


def takes_the_token_from_the_environment(scene: Scene) -> None:
    with refused(Exception, "PICSELLIA_TOKEN"):
        scene.module.Client(host=scene.host)
    os.environ["PICSELLIA_TOKEN"] = scene.token
    try:
        assert scene.module.Client(host=scene.host).username == "admin"
    finally:
        del os.environ["PICSELLIA_TOKEN"]


def builds_each_part_alone(scene: Scene) -> None:
    parts = scene.module.Client
    assert parts.Datalake(scene.token, host=scene.host).organization_id == scene.seen["organization"]
    assert parts.Datalake.Picture(scene.token, host=scene.host).organization_id == scene.seen["organization"]
    assert parts.Datalake.Dataset(scene.token, host=scene.host).organization_id == scene.seen["organization"]
    assert parts.Network(scene.token, host=scene.host).organization == "default"


def is_refused_with_a_bad_token(scene: Scene) -> None:
    with refused(scene.errors.UnauthorizedError, "the token is not known"):
        scene.module.Client("0" * 40, host=scene.host)


def is_refused_an_unknown_organization(scene: Scene) -> None:
    with refused(scene.errors.ResourceNotFoundError, "there is no organization `nobody`"):
        scene.module.Client(scene.token, organization="nobody", host=scene.host)


STEPS = (
    connects,
    connects_to_an_organization_by_name_and_by_id,
    takes_the_token_from_the_environment,
    builds_each_part_alone,
    is_refused_with_a_bad_token,
    is_refused_an_unknown_organization,
)
