"""Networks on the wire: reading one, patching it, and sending its files by signed form or in parts."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec

from picsellia_apply.client.repeats import once
from picsellia_apply.client.transport import Transport
from picsellia_apply.errors import ConflictError, ProcessingError, TyperError
from picsellia_apply.wire import v2

if TYPE_CHECKING:
    from picsellia_apply.client.conditional import Conditional

SERVED_KEY = "model-latest"
"""The file a serving platform loads; its object lives in a folder of its own. Source: the reference's example."""

_files_lock = threading.RLock()

Reached = Callable[[int], None]
"""Told how many bytes of a file were sent so far; fewer than before when it is sent anew."""


def _untold(_: int) -> None:
    """Tell nobody."""


def _unchecked() -> None:
    """Pass, whatever is there."""


class _Form(msgspec.Struct):
    url: str
    fields: dict[str, str]


class _FormUrl(msgspec.Struct):
    url: _Form


class _Url(msgspec.Struct):
    url: str


class _Upload(msgspec.Struct):
    upload_id: str


def read_network(
    transport: Transport, organization: str, *, name: str | None = None, model_id: str | None = None
) -> v2.Network:
    """Return a network by exactly one of name and id."""
    path = ("network", organization, model_id or "") if name is None else ("network", "by_name", organization, name)
    return transport.ask("GET", *path, answer=v2.Network, repeat_safe=True)


def patch_network(transport: Transport, organization: str, model_id: str, fields: Mapping[str, Any]) -> dict[str, Any]:
    """Set properties of a network under their wire names and return the platform's answer.

    Raises:
        TyperError: A property is read-only, or no network has it.
    """
    unknown = sorted(fields.keys() - set(v2.Network.__struct_fields__))
    if unknown:
        raise TyperError(f"a network has no `{'`, `'.join(unknown)}`")
    fixed = sorted(v2.NETWORK_READ_ONLY & fields.keys())
    if fixed:
        raise TyperError(f"a network's `{'`, `'.join(fixed)}` cannot be changed")
    body = {**fields, "model_id": model_id}
    path = ("network", organization, model_id)
    return transport.ask("PATCH", *path, answer=dict[str, Any], repeat_safe=True, body=body)


def signed_url(transport: Transport, object_name: str, *, model: bool) -> str:
    """Return a URL to read an object by; `model` picks the namespace of network files."""
    body = v2.PresignedRequest("get", object_name, bucket_model=model)
    return transport.ask("POST", "generate_presigned_url", answer=_Url, repeat_safe=True, body=body).url


def send_form(
    transport: Transport, object_name: str, data: bytes, *, model: bool, check: Callable[[], None] = _unchecked
) -> None:
    """Send an object by a signed form; `check` is called right before, and raises where it must not be."""
    body = v2.PresignedRequest("post", object_name, bucket_model=model)
    form = transport.ask("POST", "generate_presigned_url", answer=_FormUrl, repeat_safe=True, body=body).url
    check()
    transport.object_form(form.url, form.fields, data)


def send_file(
    transport: Transport,
    object_name: str,
    path: Path,
    reached: Reached = _untold,
    *,
    check: Callable[[], None] = _unchecked,
) -> None:
    """Send a network's file: as a form below one part's size, else in parts.

    Args:
        transport: Sends it.
        object_name: What is there under this name is replaced, at once.
        path: The file.
        reached: Told how far it is.
        check: Called right before the object is there, and raises where it must not be.
    """
    if path.stat().st_size < v2.MULTIPART_PART_SIZE:
        data = path.read_bytes()
        send_form(transport, object_name, data, model=True, check=check)
        reached(len(data))
        return
    looked = False

    def look() -> None:
        nonlocal looked
        if not looked:  # later, what is there may be ours: the answer to the last step was lost
            looked = True
            check()

    # Whether an answer to the last step was lost or not, the parts are gone then: send them anew.
    once(lambda: _send_parts(transport, object_name, path, reached, look), lambda: None)


def _send_parts(transport: Transport, object_name: str, path: Path, reached: Reached, check: Callable[[], None]) -> str:
    """Send a file part by part, holding one part in memory."""
    start = v2.MultipartStart(object_name)
    upload_id = transport.ask("GET", "init_multipart_upload", answer=_Upload, repeat_safe=True, body=start).upload_id
    parts: list[v2.Part] = []
    with path.open("rb") as stream:
        while data := stream.read(v2.MULTIPART_PART_SIZE):
            number = len(parts) + 1
            asked = v2.MultipartPartRequest(object_name, upload_id, number)
            url = transport.ask("POST", "generate_post_part_url", answer=_Url, repeat_safe=True, body=asked).url
            tag = transport.object_put(url, data).get("ETag")
            if not tag:
                raise ProcessingError(f"part {number} of `{object_name}` was taken without an ETag")
            parts.append(v2.Part(tag, number))
            reached(stream.tell())
    check()
    done = v2.MultipartComplete(object_name, upload_id, parts)
    transport.ask("POST", "complete_part_upload", answer=dict[str, Any], repeat_safe=False, body=done)
    return object_name


def object_name_for(model_id: str, key: str, file_name: str, files: Mapping[str, str]) -> str:
    """Return the object name of a network's file; another key's object is never overwritten.

    Args:
        model_id: The network.
        key: The file's key.
        file_name: The file's base name.
        files: Key -> object name of the network's files so far.
    """
    plain = f"{model_id}/0/{file_name}" if key == SERVED_KEY else f"{model_id}/{file_name}"
    taken = any(other != key and name == plain for other, name in files.items())
    return f"{model_id}/{key}/{file_name}" if taken else plain


@dataclass(frozen=True, slots=True)
class _Place:
    """Where a network names one of its objects: under a key of its files, or as its thumbnail.

    Attributes:
        now: Returns the object name that is there, None where there is none.
        wanted: Returns the object name that ours gets.
        fields: Returns the properties that put it there.
        send: Sends the bytes under an object name.
    """

    now: Callable[[v2.Network], str | None]
    wanted: Callable[[v2.Network], str]
    fields: Callable[[v2.Network, str], Mapping[str, Any]]
    send: Callable[[str], None]


def store_file(  # noqa: PLR0917 - made in one place
    transport: Transport,
    organization: str,
    model_id: str,
    key: str,
    path: Path,
    on_sent: Callable[[int], None] = _untold,
    *,
    conditional: Conditional | None = None,
    check: Callable[[], None] = _unchecked,
) -> str:
    """Send a file of a network, put it under `key` and return its object name.

    `on_sent` is told how many bytes more were sent; what has to be sent a second time is not counted again.

    `files` is written as a whole (SDK v2 has nothing finer), so it is read again once the file is sent: sending takes
    long, and what others put there meanwhile must stay. Within this process it is one file at a time. With
    `conditional` nothing can come between that reading and the writing. `check` is called right before each of the two
    requests that replace something, the object and what is under the key, and raises where that must not be.
    """
    furthest = 0

    def reached(position: int) -> None:
        nonlocal furthest
        if position > furthest:
            on_sent(position - furthest)
            furthest = position

    place = _Place(
        now=lambda network: network.files.get(key),
        wanted=lambda network: object_name_for(model_id, key, path.name, network.files),
        fields=lambda network, name: {"files": {**network.files, key: name}},
        send=lambda name: send_file(transport, name, path, reached, check=check),
    )
    with _files_lock:
        return _store(transport, organization, model_id, place, conditional=conditional, check=check)


def store_thumbnail(
    transport: Transport,
    organization: str,
    model_id: str,
    path: Path,
    *,
    conditional: Conditional | None = None,
    check: Callable[[], None] = _unchecked,
) -> str:
    """Send a network's thumbnail and return its object name; `conditional` and `check` as for a file.

    Raises:
        TyperError: The file is not smaller than 5 MiB.
    """
    if path.stat().st_size >= v2.MULTIPART_PART_SIZE:
        raise TyperError(f"the thumbnail `{path.name}` is not smaller than 5 MiB")
    place = _Place(
        now=lambda network: network.thumb_object_name,
        wanted=lambda _: f"{model_id}/{path.name}",
        fields=lambda _, name: {"thumb_object_name": name},
        send=lambda name: send_form(transport, name, path.read_bytes(), model=False, check=check),
    )
    return _store(transport, organization, model_id, place, conditional=conditional, check=check)


def _store(
    transport: Transport,
    organization: str,
    model_id: str,
    place: _Place,
    *,
    conditional: Conditional | None,
    check: Callable[[], None],
) -> str:
    """Send an object and name it in its place, unless `check` says that somebody else filled that meanwhile.

    An object that is there under the same name was replaced by sending it. One that is there under it after a write of
    ours that met another state was put there by that very write, whose answer was lost.
    """
    name, ours = "", False
    while True:
        state = conditional.network_state(model_id) if conditional is not None and name else ""
        network = read_network(transport, organization, model_id=model_id)
        now, wanted = place.now(network), place.wanted(network)
        if name != wanted:
            name, ours = wanted, now == wanted
            place.send(name)
        elif now == name and ours:
            return name
        else:
            check()
            if conditional is None:
                network = read_network(transport, organization, model_id=model_id)
                patch_network(transport, organization, model_id, place.fields(network, name))
                return name
            ours = True
            with suppress(ConflictError):  # somebody else wrote to it meanwhile: look again
                conditional.change_network(model_id, place.fields(network, name), state)
                return name
