"""Who said which profile to work on: names for programs, and phrases for people."""

from typing import Final, Literal, TypeAlias

Why: TypeAlias = Literal[
    "--profile", "STACKROOM_PROFILE", "repository", "setting", "only one", "default"
]
"""The first that says something counts; `default` is the profile that first use has made."""

PHRASES: Final[dict[Why, str]] = {
    "--profile": "from --profile",
    "STACKROOM_PROFILE": "from STACKROOM_PROFILE",
    "repository": "from repository",
    "setting": "set here",
    "only one": "the only one",
    "default": "the default",
}

Secrets: TypeAlias = Literal["refuse", "reference", "keep"]
"""What becomes of credentials in plain text that an import brings."""
