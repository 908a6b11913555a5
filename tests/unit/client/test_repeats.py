"""What must not happen twice, where looking does not tell whether the first request arrived."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from picsellia_apply.client.repeats import once
from picsellia_apply.errors import ConflictError, NetworkError, PicselliaError

TAKEN, LOST = ConflictError("taken"), NetworkError("cut")


def answering(*answers: str | PicselliaError | None) -> Callable[[], str | None]:
    """Return what gives these answers in turn, or raises them."""
    left = list(answers)

    def answer() -> str | None:
        one = left.pop(0)
        if isinstance(one, PicselliaError):
            raise one
        return one

    return answer


def test_a_refusal_after_a_lost_answer_is_looked_at_again() -> None:
    assert once(answering(LOST, TAKEN), answering(None, "ours")) == "ours"


@pytest.mark.parametrize(("answers", "partly"), [((ConflictError("t"),), False), ((LOST, ConflictError("t")), True)])
def test_a_refusal_after_a_lost_answer_may_be_that_of_our_own_request(
    answers: tuple[PicselliaError, ...], *, partly: bool
) -> None:
    with pytest.raises(ConflictError) as caught:
        once(answering(*answers), answering(None, None))
    assert caught.value.partly is partly
