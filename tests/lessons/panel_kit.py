"""What the tests of panels share."""

from __future__ import annotations

import re

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st

from lessons.panels.parts import View

QUICK = settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])


def one_of(values):
    return st.sampled_from(list(values))


def labels(view: View) -> list[str]:
    return re.findall(r'role="img" aria-label="([^"]*)"', view.picture)
