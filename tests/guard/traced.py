"""Runs a module as a program, and counts what it does: `python -m tests.guard.traced COUNTS MODULE [ARGUMENT …]`.

COUNTS is a file of three numbers of 8 bytes: whether to count (set from outside), the bytecode
instructions executed in `events/`, `sync/` and `client/` so far, and the statements given to SQLite.
"""

import mmap
import runpy
import sqlite3
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from types import CodeType, FrameType
from typing import Any

ROOT = Path(__file__).parents[2]
ROOMS = tuple(f"{ROOT / room}/" for room in ("events", "sync", "client"))
COUNTING, INSTRUCTIONS, STATEMENTS = range(3)
BYTES = 3 * 8


def numbers(path: Path) -> "memoryview[int]":
    """The file's numbers, shared with whoever else has them."""
    with path.open("r+b") as file:
        return memoryview(mmap.mmap(file.fileno(), BYTES)).cast("Q")


def count_instructions(counts: "memoryview[int]") -> None:
    """All that our code executes from now on, in any thread, is counted while `COUNTING` says so."""
    if sys.version_info >= (3, 12):
        _monitor(counts)
        return
    trace = _tracer(counts)
    threading.settrace(trace)
    sys.settrace(trace)


def _monitor(counts: "memoryview[int]") -> None:
    """By sys.monitoring (PEP 669); what is not ours is not asked about again."""
    monitoring = sys.monitoring
    tool, event = monitoring.PROFILER_ID, monitoring.events.INSTRUCTION

    def instruction(code: CodeType, offset: int) -> Any:
        if not code.co_filename.startswith(ROOMS):
            return monitoring.DISABLE
        counts[INSTRUCTIONS] += counts[COUNTING]
        return None

    monitoring.use_tool_id(tool, "guard")
    monitoring.register_callback(tool, event, instruction)
    monitoring.set_events(tool, event)


def _tracer(counts: "memoryview[int]") -> Callable[[FrameType, str, Any], Any]:
    """By a trace function, which the interpreter calls for every frame."""

    def instruction(frame: FrameType, event: str, argument: Any) -> Any:
        if event == "opcode":
            counts[INSTRUCTIONS] += 1
        return instruction

    def call(frame: FrameType, event: str, argument: Any) -> Any:
        if not counts[COUNTING] or not frame.f_code.co_filename.startswith(ROOMS):
            return None
        frame.f_trace_opcodes, frame.f_trace_lines = True, False
        return instruction

    return call


def count_statements(counts: "memoryview[int]") -> None:
    """Every connection to SQLite that is opened from now on is listened to."""
    connect = sqlite3.connect

    def listened(statement: str) -> None:
        counts[STATEMENTS] += counts[COUNTING]

    def connected(*arguments: Any, **named: Any) -> sqlite3.Connection:
        conn = connect(*arguments, **named)
        conn.set_trace_callback(listened)
        return conn

    sqlite3.connect = connected


def main() -> None:
    """Runs the module, its threads included, as if it had been started by itself."""
    _, path, module, *arguments = sys.argv
    counts = numbers(Path(path))
    count_statements(counts)
    sys.argv = [module, *arguments]
    count_instructions(counts)
    runpy.run_module(module, run_name="__main__", alter_sys=True)


if __name__ == "__main__":
    main()
