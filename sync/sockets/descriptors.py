"""How many files this process may have open: each connection is one."""

import contextlib


def raise_limit() -> None:
    """Has the process open as many files as it may: most shells allow 1,024, and far more if asked."""
    try:
        import resource
    except ImportError:
        return  # Not on Windows, which has no such limit.
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft != hard:
        # macOS says that there is no limit, and refuses that.
        with contextlib.suppress(ValueError, OSError):
            resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
