"""What a hub counts, and how it tells Prometheus (text format 0.0.4)."""

from bisect import bisect_left
from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Final

from stackroom.sync.messages import inspections as wire

SECONDS: Final = (0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 5.0)
SIZES: Final = (1, 2, 5, 10, 20, 50, 100, 200, 500, 1_000, 2_000)


class Histogram:
    """How often a value was at most each of `bounds`, ascending."""

    def __init__(self, bounds: Sequence[float]) -> None:
        self.bounds = bounds
        self.counts = [0] * (len(bounds) + 1)
        self.sum = 0.0

    def observe(self, value: float) -> None:
        """Counts one value."""
        self.counts[bisect_left(self.bounds, value)] += 1
        self.sum += value

    def lines(self, name: str) -> Iterator[str]:
        """The samples, as Prometheus wants them: cumulative."""
        total = 0
        for bound, count in zip((*self.bounds, float("inf")), self.counts, strict=True):
            total += count
            shown = "+Inf" if bound == float("inf") else f"{bound:g}"
            yield f'{name}_bucket{{le="{shown}"}} {total}'
        yield f"{name}_sum {self.sum:g}"
        yield f"{name}_count {total}"


class Metrics:
    """The counters of one hub process."""

    def __init__(self) -> None:
        self.outcomes: Counter[str] = Counter()
        self.commits = 0
        self.batch_sizes = Histogram(SIZES)
        self.commit_seconds = Histogram(SECONDS)
        self.failures = 0
        self.received_bytes = 0
        self.sent_bytes = 0
        self.lagging = 0

    def counters(self) -> wire.Counters:
        """What whoever inspects the hub is told."""
        return wire.Counters(
            commits=self.commits,
            proposals=self.outcomes.total(),
            refused=self.outcomes["rejected"],
            failures=self.failures,
            received_bytes=self.received_bytes,
            sent_bytes=self.sent_bytes,
            lagging=self.lagging,
            batches=sum(self.commit_seconds.counts),
            batch_micros=int(self.commit_seconds.sum * 1e6),
        )

    def text(self, gauges: dict[str, tuple[str, float]], version: str) -> str:
        """The exposition; `gauges` are name to (help, value) of the moment."""
        lines = [
            *_head("stackroom_info", "gauge", "The hub's version."),
            f'stackroom_info{{version="{version}"}} 1',
            *_head("stackroom_proposals_total", "counter", "Proposals answered, by outcome."),
            *(
                f'stackroom_proposals_total{{outcome="{outcome}"}} {count}'
                for outcome, count in sorted(self.outcomes.items())
            ),
            *_head("stackroom_batch_proposals", "histogram", "Proposals in one transaction."),
            *self.batch_sizes.lines("stackroom_batch_proposals"),
            *_head(
                "stackroom_commit_seconds", "histogram", "Time of one transaction, until durable."
            ),
            *self.commit_seconds.lines("stackroom_commit_seconds"),
        ]
        counters: tuple[tuple[str, str, float], ...] = (
            ("commits_total", "Commits of all profiles, and of the people.", self.commits),
            ("failures_total", "Transactions that failed.", self.failures),
            ("received_bytes_total", "Bytes of messages received.", self.received_bytes),
            ("sent_bytes_total", "Bytes of messages sent.", self.sent_bytes),
            ("lagging_total", "Subscribers moved from live delivery to pages.", self.lagging),
        )
        for name, text, value in counters:
            lines += _head(f"stackroom_{name}", "counter", text)
            lines.append(f"stackroom_{name} {value:g}")
        for name, (text, value) in gauges.items():
            lines += _head(f"stackroom_{name}", "gauge", text)
            lines.append(f"stackroom_{name} {value:g}")
        return "\n".join(lines) + "\n"


def _head(name: str, kind: str, text: str) -> tuple[str, str]:
    return f"# HELP {name} {text}", f"# TYPE {name} {kind}"
