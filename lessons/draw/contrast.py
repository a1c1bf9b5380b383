"""How far apart two colours are, for readers with and without colour blindness. The look's tests measure with it.

Contrast is WCAG 2.2's ratio of relative luminances (https://www.w3.org/TR/WCAG22/#dfn-contrast-ratio). Distances are
Euclidean in OKLab (Björn Ottosson, A perceptual color space for image processing, 2020,
https://bottosson.github.io/posts/oklab/), where 0.02 is about a just noticeable step. Colour blindness is simulated
with the matrices for severity 1.0 of Machado, Oliveira and Fernandes, A Physiologically-based Model for Simulation of
Color Vision Deficiency, IEEE TVCG 15(6), 2009, doi:10.1109/TVCG.2009.113, applied to linear RGB.
"""

from __future__ import annotations

from collections.abc import Iterable

Colour = tuple[float, float, float]
Matrix = tuple[Colour, Colour, Colour]

#: What each kind of eye makes of linear RGB.
VISION: dict[str, Matrix] = {
    "normal": ((1.0, 0.0, 0.0), (0.0, 1.0, 0.0), (0.0, 0.0, 1.0)),
    "protan": (
        (0.152286, 1.052583, -0.204868),
        (0.114503, 0.786281, 0.099216),
        (-0.003882, -0.048116, 1.051998),
    ),
    "deutan": (
        (0.367322, 0.860646, -0.227968),
        (0.280085, 0.672501, 0.047413),
        (-0.011820, 0.042940, 0.968881),
    ),
    "tritan": (
        (1.255528, -0.076749, -0.178779),
        (-0.078411, 0.930809, 0.147602),
        (0.004733, 0.691367, 0.303900),
    ),
}
#: Ottosson's matrices: linear sRGB to cone responses, their cube roots to L, a, b.
_CONES: Matrix = (
    (0.4122214708, 0.5363325363, 0.0514459929),
    (0.2119034982, 0.6806995451, 0.1073969566),
    (0.0883024619, 0.2817188376, 0.6299787005),
)
_LAB: Matrix = (
    (0.2104542553, 0.7936177850, -0.0040720468),
    (1.9779984951, -2.4285922050, 0.4505937099),
    (0.0259040371, 0.7827717662, -0.8086757660),
)


def linear(colour: str) -> Colour:
    """Linear RGB of a #rrggbb colour (IEC 61966-2-1).

    >>> linear("#ffffff")
    (1.0, 1.0, 1.0)
    """

    def channel(start: int) -> float:
        value = int(colour[start : start + 2], 16) / 255
        return value / 12.92 if value <= 0.04045 else ((value + 0.055) / 1.055) ** 2.4

    return channel(1), channel(3), channel(5)


def luminance(colour: str) -> float:
    """Relative luminance, 0 for black and 1 for white."""
    red, green, blue = linear(colour)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(first: str, second: str) -> float:
    """The WCAG ratio of two colours, from 1 to 21.

    >>> round(contrast("#000000", "#ffffff"), 2)
    21.0
    """
    a, b = luminance(first), luminance(second)
    return (max(a, b) + 0.05) / (min(a, b) + 0.05)


def oklab(colour: str, vision: str = "normal") -> Colour:
    """L, a, b of a colour as this kind of eye sees it.

    >>> [round(v, 3) for v in oklab("#ff0000")]
    [0.628, 0.225, 0.126]
    """
    seen = tuple(min(1.0, max(0.0, v)) for v in _times(VISION[vision], linear(colour)))
    roots = tuple(v ** (1 / 3) for v in _times(_CONES, seen))
    return _times(_LAB, roots)


def distance(first: str, second: str, vision: str = "normal") -> float:
    """How different two colours look to this kind of eye."""
    a, b = oklab(first, vision), oklab(second, vision)
    return sum((x - y) ** 2 for x, y in zip(a, b, strict=True)) ** 0.5


def closest(
    colours: dict[str, str], pairs: Iterable[tuple[str, str]], vision: str = "normal"
) -> tuple[float, str, str]:
    """The pair that is hardest to tell apart, with its distance."""
    return min((distance(colours[a], colours[b], vision), a, b) for a, b in pairs)


def mixed(colour: str, paper: str, opacity: float) -> str:
    """What a translucent fill looks like on paper, mixed in sRGB as browsers do."""
    parts = []
    for start in (1, 3, 5):
        value = opacity * int(colour[start : start + 2], 16) + (1 - opacity) * int(
            paper[start : start + 2], 16
        )
        parts.append(f"{round(value):02x}")
    return "#" + "".join(parts)


def _times(matrix: Matrix, vector) -> Colour:
    return tuple(sum(m * v for m, v in zip(row, vector, strict=True)) for row in matrix)
