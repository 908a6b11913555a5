"""Faults between us and the platform, injected by an adapter of our own or by a server that misbehaves."""

from __future__ import annotations

import logging
import socket
from collections.abc import Callable, Sequence
from typing import Any

import pytest
import requests

from picsellia_apply import errors
from picsellia_apply.client.transport import LONGEST_WAIT_S, Settings, Transport

Script = Callable[..., Any]
"""Makes the adapter `Scripted` of conftest.py from its steps."""
Step = tuple[int, dict[str, str], bytes]
Server = Callable[[Sequence[bytes | None]], str]

OK: Step = (200, {}, b'{"fine": 1}')
BUSY: Step = (503, {}, b'{"error": "busy"}')


def ask(transport: Transport, *, repeat_safe: bool = True, method: str = "GET", body: object = None) -> Any:
    return transport.ask(method, "ping", answer=dict[str, Any], repeat_safe=repeat_safe, body=body)


def patient(base_url: str, slept: list[float], *, read_s: float = 5.0) -> Transport:
    return Transport(base_url, "s3cret", settings=Settings(timeout_s=(5.0, read_s), attempts=3, sleep=slept.append))


def test_a_busy_platform_is_asked_again(scripted: Script) -> None:
    network = scripted(BUSY, (502, {}, b""), OK)
    transport = network.transport()
    assert ask(transport) == {"fine": 1}
    assert (len(network.sent), transport.requests) == (3, 3)
    assert network.slept[0] >= 0.5
    assert network.slept[1] >= 1.0


@pytest.mark.parametrize("status", [500, 502, 503, 504])
def test_what_is_not_safe_to_repeat_is_sent_once(scripted: Script, status: int) -> None:
    network = scripted((status, {}, b'{"error": "broken"}'))
    with pytest.raises(errors.ProcessingError, match="broken"):
        ask(network.transport(), repeat_safe=False)
    assert len(network.sent) == 1


def test_a_limit_is_obeyed_also_where_a_repeat_is_unsafe(scripted: Script) -> None:
    network = scripted((429, {"Retry-After": "7"}, b"{}"), OK)
    assert ask(network.transport(), repeat_safe=False) == {"fine": 1}
    assert 7.0 <= network.slept[0] <= 7.5


def test_a_limit_that_lasts_is_told(scripted: Script) -> None:
    network = scripted(*[(429, {}, b'{"error": "slow down"}')] * 5)
    with pytest.raises(errors.ApiLimitError, match="slow down"):
        ask(network.transport())
    assert len(network.slept) == 4


def test_a_wait_beyond_patience_is_told_at_once(scripted: Script) -> None:
    network = scripted((429, {"Retry-After": str(int(LONGEST_WAIT_S) + 1)}, b"{}"))
    with pytest.raises(errors.ApiLimitError):
        ask(network.transport())
    assert network.slept == []


def test_a_limit_told_to_one_counts_for_all(scripted: Script) -> None:
    network = scripted((429, {"Retry-After": "7"}, b"{}"), OK, OK)
    transport = network.transport(attempts=1)
    with pytest.raises(errors.ApiLimitError):
        ask(transport)
    assert ask(transport) == ask(transport) == {"fine": 1}
    assert network.slept == [7.0]


def test_an_unreadable_retry_after_falls_back_to_our_own_waits(scripted: Script) -> None:
    network = scripted((503, {"Retry-After": "soon"}, b"{}"), OK)
    assert ask(network.transport()) == {"fine": 1}
    assert 0.5 <= network.slept[0] <= 1.5


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (400, errors.InvalidQueryError),
        (401, errors.UnauthorizedError),
        (402, errors.UnsufficientRessourcesError),
        (403, errors.ForbiddenError),
        (404, errors.ResourceNotFoundError),
        (409, errors.ConflictError),
        (412, errors.ConflictError),
        (413, errors.InvalidQueryError),
        (422, errors.InvalidQueryError),
        (405, errors.ProcessingError),
        (302, errors.ProcessingError),
    ],
)
def test_every_refusal_has_its_exception(scripted: Script, status: int, kind: type[Exception]) -> None:
    network = scripted((status, {"Location": "http://elsewhere.test/"}, b'{"errors": ["because", "so"]}'))
    with pytest.raises(kind) as caught:
        ask(network.transport())
    assert type(caught.value) is kind or status == 413
    assert len(network.sent) == 1
    assert status == 302 or "because; so" in str(caught.value)


def test_neither_token_nor_control_characters_reach_a_message(scripted: Script) -> None:
    network = scripted((401, {}, b'{"error": "bad \\u001b[31m token s3cret"}'))
    with pytest.raises(errors.UnauthorizedError) as caught:
        ask(network.transport())
    assert "s3cret" not in str(caught.value)
    assert "\x1b" not in str(caught.value)


def test_neither_token_nor_signature_reaches_the_log(scripted: Script, caplog: pytest.LogCaptureFixture) -> None:
    network = scripted(BUSY, OK, (200, {}, b"bytes"))
    transport = network.transport()
    with caplog.at_level(logging.DEBUG, logger="picsellia_apply"):
        ask(transport)
        transport.object_get("http://lake.test/objects/a?signature=abc").close()
    assert "ping" in caplog.text
    assert "s3cret" not in caplog.text
    assert "abc" not in caplog.text


def test_signed_urls_carry_no_token(scripted: Script) -> None:
    network = scripted((200, {}, b""), (204, {}, b""), (200, {"ETag": '"1"'}, b""), OK)
    transport = network.transport()
    transport.object_get("http://lake.test/objects/a?signature=abc").close()
    transport.object_form("http://lake.test/objects", {"key": "a"}, b"content")
    assert transport.object_put("http://lake.test/objects/a", b"part")["ETag"] == '"1"'
    ask(transport)
    assert ["Authorization" in request.headers for request in network.sent] == [False, False, False, True]
    assert b'name="key"\r\n\r\na\r\n' in network.bodies[1]
    assert network.bodies[1].index(b'name="key"') < network.bodies[1].index(b'name="file"')


def test_an_expired_signature_is_told_without_the_url(scripted: Script) -> None:
    network = scripted((403, {}, b""))
    with pytest.raises(errors.ForbiddenError) as caught:
        network.transport().object_get("http://lake.test/objects/a?signature=abc")
    assert "objects/a" in str(caught.value)
    assert "abc" not in str(caught.value)


def test_an_answer_that_is_no_json_names_the_host_s_form(scripted: Script) -> None:
    network = scripted((200, {}, b"<html>welcome</html>"))
    with pytest.raises(errors.ProcessingError) as caught:
        ask(network.transport())
    assert "/sdk/v2/" in caught.value.hint


def test_an_answer_of_another_shape_is_refused(scripted: Script) -> None:
    network = scripted((200, {}, b"[1]"))
    with pytest.raises(errors.ProcessingError, match="makes no sense"):
        ask(network.transport())


def test_a_get_carries_its_body(scripted: Script) -> None:
    network = scripted(OK)
    ask(network.transport(), body={"object_name": "a"})
    assert (network.sent[0].method, network.bodies[0]) == ("GET", b'{"object_name":"a"}')


def test_a_long_body_is_sent_whole_at_every_attempt(scripted: Script) -> None:
    network = scripted(BUSY, OK)
    transport = network.transport()
    content = bytes(range(256)) * 1024
    transport.ask_raw("PUT", "x", answer=dict[str, Any], repeat_safe=True, data=content)
    assert network.bodies == [content, content]
    assert network.sent[1].headers["Content-Length"] == str(len(content))


def test_every_name_is_one_segment(scripted: Script) -> None:
    network = scripted(OK)
    network.transport().ask("GET", "dataset", "a/b?c#d%e é", answer=dict[str, Any], repeat_safe=True)
    assert network.sent[0].url == "http://lake.test/sdk/v2/dataset/a%2Fb%3Fc%23d%25e%20%C3%A9"


@pytest.mark.parametrize("name", ["", ".", ".."])
def test_names_that_no_url_can_carry_are_refused(scripted: Script, name: str) -> None:
    with pytest.raises(errors.TyperError):
        scripted().transport().ask("GET", "dataset", name, answer=dict[str, Any], repeat_safe=True)


def test_an_unknown_failure_of_the_library_is_a_network_error(scripted: Script) -> None:
    network = scripted(requests.exceptions.ContentDecodingError("gzip"), OK)
    assert ask(network.transport()) == {"fine": 1}


def test_an_untrusted_certificate_is_not_asked_twice(scripted: Script) -> None:
    network = scripted(requests.exceptions.SSLError("self-signed"))
    with pytest.raises(errors.NetworkError, match="TLS"):
        ask(network.transport())
    assert network.slept == []


def test_nobody_listens() -> None:
    slept: list[float] = []
    with socket.socket() as deaf:  # bound, so that nobody else gets the port; it does not listen
        deaf.bind(("127.0.0.1", 0))
        transport = patient(f"http://127.0.0.1:{deaf.getsockname()[1]}/sdk/v2/", slept)
        with pytest.raises(errors.NetworkError, match="no connection"):
            ask(transport, repeat_safe=False)  # never sent, so it may be repeated
    assert len(slept) == 2
    transport.close()


def http(body: bytes, *, length: int | None = None) -> bytes:
    size = len(body) if length is None else length
    return b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\nConnection: close\r\n\r\n%b" % (size, body)


def test_a_connection_that_breaks_is_opened_again(server: Server) -> None:
    slept: list[float] = []
    transport = patient(server([b"", http(b'{"fine": 1}')]), slept)
    assert ask(transport) == {"fine": 1}
    assert len(slept) == 1
    transport.close()


def test_a_truncated_answer_is_not_believed(server: Server) -> None:
    slept: list[float] = []
    transport = patient(server([http(b'{"fine": 1}', length=50), http(b'{"fine": 2}')]), slept)
    assert ask(transport) == {"fine": 2}
    transport.close()


def test_a_lost_answer_to_an_unsafe_request_is_told(server: Server) -> None:
    slept: list[float] = []
    transport = patient(server([b""]), slept)
    with pytest.raises(errors.NetworkError, match="broke"):
        ask(transport, repeat_safe=False, method="POST")
    assert slept == []
    transport.close()


def test_a_platform_that_never_answers_is_given_up(server: Server) -> None:
    transport = patient(server([None]), [], read_s=0.05)
    with pytest.raises(errors.NetworkError, match="no answer within"):
        ask(transport, repeat_safe=False)
    transport.close()


def test_connections_are_kept(server: Server) -> None:
    answer = b'HTTP/1.1 200 OK\r\nContent-Length: 11\r\n\r\n{"fine": 1}'
    transport = patient(server([answer]), [])
    assert ask(transport) == {"fine": 1}
    pool = transport._session.get_adapter("http://").poolmanager  # type: ignore[union-attr]
    assert [pool.pools[key].pool.qsize() for key in pool.pools.keys()] == [32]  # noqa: SIM118 - a urllib3 container
    transport.close()


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("GET", ("datalake", "org"), None),
        ("POST", ("get_organization",), None),
        ("POST", ("datalake", "search", "org"), None),
        ("POST", ("ext", "org", "pictures", "lookup"), None),
        ("POST", ("ext", "org", "annotations", "lookup"), None),
        ("GET", ("ext", "org", "workspaces", "demo"), None),
    ],
)
def test_reading_is_open_to_a_read_only_client(
    scripted: Script, method: str, path: tuple[str, ...], body: object
) -> None:
    transport = scripted(OK).transport(read_only=True)
    assert transport.ask(method, *path, answer=dict[str, Any], repeat_safe=True, body=body) == {"fine": 1}


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("POST", ("datalake", "tag", "org")),
        ("POST", ("datalake", "delete", "org")),
        ("PUT", ("dataset", "org")),
        ("DELETE", ("dataset", "org", "a", "first")),
        ("PATCH", ("network", "org", "id")),
        ("POST", ("ext", "org", "pictures", "batch")),
        ("POST", ("ext", "org", "annotations", "replace")),
        ("PUT", ("ext", "org", "workspaces", "demo")),
        ("GET", ("init_multipart_upload",)),
        ("POST", ("generate_presigned_url",)),
        ("POST", ("something", "new")),
    ],
)
def test_writing_is_closed_to_a_read_only_client(scripted: Script, method: str, path: tuple[str, ...]) -> None:
    network = scripted()
    with pytest.raises(errors.RefusedError):
        network.transport(read_only=True).ask(method, *path, answer=dict[str, Any], repeat_safe=True)
    assert network.sent == []


def test_objects_are_closed_to_a_read_only_client(scripted: Script) -> None:
    transport = scripted().transport(read_only=True)
    with pytest.raises(errors.RefusedError):
        transport.object_put("http://lake.test/objects/a", b"")
    with pytest.raises(errors.RefusedError):
        transport.object_form("http://lake.test/objects", {}, b"")


@pytest.mark.parametrize("url", ["http://[bad/x?signature=abc", "http://[::1/x"])
def test_a_signed_url_that_is_none_is_the_platforms_fault(scripted: Callable[..., Any], url: str) -> None:
    transport = scripted().transport()
    asks: tuple[Callable[[], object], ...] = (
        lambda: transport.object_get(url),
        lambda: transport.object_form(url, {}, b""),
        lambda: transport.object_put(url, b""),
    )
    for ask in asks:
        with pytest.raises(errors.ProcessingError) as caught:
            ask()
        assert "abc" not in str(caught.value)


def test_before_every_attempt_to_write_somebody_may_say_no_and_reading_asks_nobody(scripted: Script) -> None:
    network = scripted(OK, OK, (503, {}, b""), OK, OK)
    transport = network.transport()
    asked: list[str] = []
    transport.before_write, transport.write_headers = (lambda: asked.append("?")), {"X-Lease": "1"}
    ask(transport)
    transport.ask("POST", "ext", "o", "leases", "renew", answer=dict[str, Any], repeat_safe=True)
    assert asked == []
    transport.ask("PUT", "label", "v", "car", "rectangle", answer=dict[str, Any], repeat_safe=True)
    assert len(asked) == 2
    transport.object_put(f"{transport.base_url}object?signature=s", b"x")
    assert len(asked) == 3
    assert [request.headers.get("X-Lease") for request in network.sent] == [None, None, "1", "1", None]


def test_a_write_that_somebody_forbids_does_not_leave(scripted: Script) -> None:
    network = scripted(OK)
    transport = network.transport()

    def refuse() -> None:
        raise errors.LeaseHeld("lost")

    transport.before_write = refuse
    writes: tuple[Callable[[], object], ...] = (
        lambda: transport.ask("PUT", "label", "v", "car", "rectangle", answer=dict[str, Any], repeat_safe=True),
        lambda: transport.object_put(f"{transport.base_url}o", b"x"),
        lambda: transport.object_form(f"{transport.base_url}o", {"key": "k"}, b"x"),
    )
    for write in writes:
        with pytest.raises(errors.LeaseHeld):
            write()
    assert network.sent == []


def test_a_lease_that_ended_is_told_as_such(scripted: Script) -> None:
    with pytest.raises(errors.LeaseHeld, match="no longer held"):
        ask(scripted((423, {}, b'{"error": "the lease is no longer held"}')).transport(), method="PUT")
