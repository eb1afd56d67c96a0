"""What was asked of Stackroom as a whole: the lines of one table, which head the report.

A target names the line that it belongs to. What has none was asked for elsewhere, part by part.
"""

from enum import Enum


class Asked(Enum):
    """A line: the work, in the order of the table."""

    ONE_WRITER = "commits a second, 1 writer"
    MANY_WRITERS = "commits a second, 32 writers"
    PUSHES = "… in pushes of 100 proposals"
    DELIVERED = "delivered commits a second, 50 and 200 subscribers"
    LATENCY = "writer's send to the last subscriber's receipt, 50 commits a second"
    COLD_CLIENT = "cold client, 100,000 commits"
    MILLION = "a million commits in one profile"
    IDLE = "1,000 profiles, 5,000 idle connections on one hub"
    WIRE = "bytes on the wire for 100,000 commits"
    HUB = "hub memory and cold start with 100,000 commits"
    READS = "command line, whole process, 1,000 stacks"
    WRITE = "write on the command line, hub on localhost"
    ZENML = "against ZenML 0.98's server"
