"""How long the laws are looked for a counterexample: the Hypothesis profiles of this repository.

`ci` is bounded and always draws the same, so that what has not changed does not turn red by chance. `laws` (of
`make laws`) draws afresh each time, 1,000 cases for each law. The environment's PICSELLIA_LAWS chooses. `hunt` is
`laws` without shrinking, for those who work on them.
"""

from __future__ import annotations

import os

from hypothesis import HealthCheck, Phase, settings

LONG = "laws"
CASES = 1_000
"""Cases for each law in the long run."""

_SLOW = (HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.filter_too_much, HealthCheck.large_base_example)
_UNSHRUNK = (Phase.explicit, Phase.reuse, Phase.generate)
"""A counterexample as it was found: shrinking takes minutes, and is done by whoever looks for its cause."""
_FRESH = settings(settings.get_profile("default"), deadline=None, derandomize=False, suppress_health_check=_SLOW)
"""Not what is in force: the rest of the suite always draws the same."""
settings.register_profile("ci", _FRESH, derandomize=True, database=None, phases=_UNSHRUNK)
settings.register_profile(LONG, _FRESH, max_examples=CASES, print_blob=True)
settings.register_profile("hunt", settings.get_profile(LONG), phases=_UNSHRUNK)

PROFILE = os.environ.get("PICSELLIA_LAWS", "ci")


def bounded(cases: int, *, steps: int = 0) -> settings:
    """Return the settings of a law that gets so many cases in CI.

    Args:
        cases: In CI; the long run has `CASES`, or what PICSELLIA_LAWS_CASES says.
        steps: Most steps of one case, where the law is a machine with rules.
    """
    profile = settings.get_profile(PROFILE)
    count = cases if PROFILE == "ci" else int(os.environ.get("PICSELLIA_LAWS_CASES", CASES))
    if steps:
        return settings(profile, max_examples=count, stateful_step_count=steps)
    return settings(profile, max_examples=count)
