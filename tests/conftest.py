"""What all tests share: their order."""

from __future__ import annotations


def pytest_collection_modifyitems(items) -> None:
    """Tests without a browser first: they fail sooner, and Playwright keeps an event loop that others must not find running."""
    items.sort(key=lambda item: item.get_closest_marker("browser") is not None)
