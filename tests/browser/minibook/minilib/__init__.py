"""A course in miniature: one model, one data file, panels in the pattern of the real ones."""

from .model import chips, tokens_per_s
from .panels import controls, explorer, fragile

__all__ = ["chips", "controls", "explorer", "fragile", "tokens_per_s"]
