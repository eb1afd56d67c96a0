"""Bars as SVG: one a contender, its rounds as a whisker, readable on light and on dark ground.

The pictures are small and need no library, script or font; a screen reader is given their title and
all their figures. Colours are chosen to differ in lightness, so that they also read in grey.
"""

from collections.abc import Iterator
from html import escape
from typing import Final

from msgspec import Struct

from benchmarks.series import Series

WIDTH: Final = 760
LABELS: Final = 220
"""Where the bars begin."""
FIGURES: Final = 110
"""What is kept free to the right of the longest bar."""
BAR: Final = 16
STEP: Final = 22
STYLE: Final = """
svg { color-scheme: light dark; font: 12px system-ui, sans-serif; }
text { fill: #1f2328; } .quiet { fill: #59636e; }
.bar { fill: #8c959f; } .ours { fill: #0550ae; } .whisker, .limit { stroke: #1f2328; }
.limit { stroke-dasharray: 4 3; }
@media (prefers-color-scheme: dark) {
  text { fill: #e6edf3; } .quiet { fill: #9198a1; }
  .bar { fill: #6e7681; } .ours { fill: #58a6ff; } .whisker, .limit { stroke: #e6edf3; }
}
"""


class Bar(Struct, frozen=True):
    """One contender's figure."""

    label: str
    series: Series
    ours: bool = False


class Group(Struct, frozen=True):
    """Bars of one question; `limit` is what the machine gives by itself, or what was asked for."""

    title: str
    bars: tuple[Bar, ...]
    limit: float | None = None
    limit_label: str = ""


class Plot(Struct, frozen=True):
    """A picture. `slug` is the name of its file; each group has a scale of its own, from zero."""

    slug: str
    title: str
    unit: str
    groups: tuple[Group, ...]
    digits: int = 0


def svg(plot: Plot) -> str:
    """The picture as a file's text."""
    parts: list[str] = []
    y = 52
    for group in plot.groups:
        parts += _group(plot, group, y)
        y += 20 + STEP * len(group.bars) + 14
    told = escape(" ".join(_told(plot)))
    title = escape(plot.title)
    return "\n".join(
        (
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {y}" width="{WIDTH}"'
            f' height="{y}" role="img" aria-labelledby="title desc">',
            f'<title id="title">{title}</title>',
            f'<desc id="desc">{told}</desc>',
            f"<style>{STYLE}</style>",
            f'<text x="8" y="20" font-size="15" font-weight="600">{title}</text>',
            f'<text x="8" y="38" class="quiet">{escape(plot.unit)}; line: least to most of the '
            "rounds</text>",
            *parts,
            "</svg>\n",
        )
    )


def _group(plot: Plot, group: Group, y: int) -> Iterator[str]:
    most = max((bar.series.most for bar in group.bars), default=0.0)
    scale = (WIDTH - LABELS - FIGURES) / (max(most, group.limit or 0.0) or 1.0)
    yield f'<text x="8" y="{y + 13}" font-weight="600">{escape(group.title)}</text>'
    top = y + 20
    for n, bar in enumerate(group.bars):
        yield from _bar(plot, bar, top + n * STEP, scale)
    if group.limit is not None:
        x = LABELS + group.limit * scale
        bottom = top + STEP * len(group.bars)
        yield f'<line x1="{x:.1f}" x2="{x:.1f}" y1="{top - 3}" y2="{bottom}" class="limit"/>'
        yield (
            f'<text x="{x:.1f}" y="{y + 13}" text-anchor="end" class="quiet">'
            f"{escape(group.limit_label)} {group.limit:,.{plot.digits}f}</text>"
        )


def _bar(plot: Plot, bar: Bar, y: int, scale: float) -> Iterator[str]:
    series, middle = bar.series, y + BAR / 2
    kind = "bar ours" if bar.ours else "bar"
    yield f'<text x="{LABELS - 8}" y="{y + 12}" text-anchor="end">{escape(bar.label)}</text>'
    yield (
        f'<rect x="{LABELS}" y="{y}" width="{max(series.median * scale, 1):.1f}" height="{BAR}"'
        f' rx="2" class="{kind}"/>'
    )
    low, high = LABELS + series.least * scale, LABELS + series.most * scale
    if len(series.values) > 1:
        yield (
            f'<line x1="{low:.1f}" x2="{high:.1f}" y1="{middle}" y2="{middle}" class="whisker"/>'
        )
    yield f'<text x="{high + 6:.1f}" y="{y + 12}">{series.median:,.{plot.digits}f}</text>'


def _told(plot: Plot) -> Iterator[str]:
    """All that is seen, as sentences."""
    yield f"In {plot.unit}."
    for group in plot.groups:
        bars = "; ".join(f"{bar.label} {bar.series.shown(plot.digits)}" for bar in group.bars)
        yield f"{group.title}: {bars}."
        if group.limit is not None:
            yield f"{group.limit_label}: {group.limit:,.{plot.digits}f}."
