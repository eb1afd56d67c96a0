"""Formats of credentials that hardly anything else has, as data: what `events.secrets.credentials` looks for.

Each is looked for only in a text that has one of its `marks`, so that a text without any costs next to
nothing; and each goes over a text once, however it is made: what a stranger sends is looked through, too.
"""

import re
from functools import cache
from typing import Final

from msgspec import Struct


class Format(Struct, frozen=True):
    """What it is, what any text that has one contains, and the form itself, wherever it stands."""

    what: str
    marks: tuple[str, ...]
    form: str


def _format(what: str, marks: str, form: str) -> Format:
    return Format(what, tuple(marks.split()), form)


FORMATS: Final[tuple[Format, ...]] = (
    _format("a private key", "PRIVATE", r"-----BEGIN (?:[A-Z0-9]+ )*PRIVATE KEY(?: BLOCK)?-----"),
    _format("an AWS access key", "AKIA ASIA ABIA ACCA", r"\b(?:AKIA|ASIA|ABIA|ACCA)[A-Z2-7]{16}\b"),
    _format(
        "a GitHub token",
        "ghp_ gho_ ghu_ ghs_ ghr_ github_pat_",
        r"\b(?:gh[pousr]_[A-Za-z0-9]{36,255}|github_pat_[A-Za-z0-9_]{50,255})\b",
    ),
    _format("a GitLab token", "gl", r"\bgl(?:pat|dt|rt|ptt|cbt|soat)-[A-Za-z0-9_-]{20}"),
    _format("a Slack token", "xox", r"\bxox[abeoprs]-[A-Za-z0-9-]{10}"),
    _format(
        "a Slack webhook",
        "hooks.slack.com",
        r"https://hooks\.slack\.com/(?:services|workflows)/[A-Za-z0-9/+]{20}",
    ),
    _format(
        "a Discord webhook",
        "/api/webhooks/",
        r"https://discord(?:app)?\.com/api/webhooks/[0-9]+/[A-Za-z0-9_-]{30}",
    ),
    _format("an authorization header", "Bearer Basic", r"\b(?:Bearer|Basic) [A-Za-z0-9+/_.=-]{20}"),
    _format("a Telegram token", ":AA", r"\b[0-9]{8,10}:AA[A-Za-z0-9_-]{33}\b"),
    _format("a Twilio key", "SK", r"\bSK[0-9a-f]{32}\b"),
    _format("a Mailchimp key", "-us", r"\b[0-9a-f]{32}-us[0-9]{1,2}\b"),
    _format("a Google API key", "AIza", r"\bAIza[A-Za-z0-9_-]{35}(?![A-Za-z0-9_-])"),
    _format("a Google OAuth secret", "GOCSPX-", r"\bGOCSPX-[A-Za-z0-9_-]{28}"),
    _format("an Azure storage key", "AccountKey=", r"\bAccountKey=[A-Za-z0-9+/]{86}=="),
    _format("an Azure access signature", "sig=", r"[?&]sig=[A-Za-z0-9%+/]{40}"),
    _format("an Azure client secret", "Q~", r"\b[A-Za-z0-9_~.]{3}[0-9]Q~[A-Za-z0-9_~.-]{31,34}\b"),
    _format("an Anthropic key", "sk-ant-", r"\bsk-ant-[A-Za-z0-9_-]{40}"),
    _format("an OpenAI key", "sk-", r"\bsk-(?:proj-|svcacct-|admin-)?[A-Za-z0-9_-]{40}"),
    _format("a Groq key", "gsk_", r"\bgsk_[A-Za-z0-9]{40}"),
    _format("an NVIDIA key", "nvapi-", r"\bnvapi-[A-Za-z0-9_-]{60}"),
    _format("a Replicate token", "r8_", r"\br8_[A-Za-z0-9]{37}\b"),
    _format("a Hugging Face token", "hf_", r"\bhf_[A-Za-z0-9]{30,}\b"),
    _format("a Databricks token", "dapi", r"\bdapi[0-9a-f]{32}\b"),
    _format("a Docker Hub token", "dckr_pat_", r"\bdckr_pat_[A-Za-z0-9_-]{27}"),
    _format("a Vault token", "hvs.", r"\bhvs\.[A-Za-z0-9_-]{24}"),
    _format("a Grafana token", "glsa_", r"\bglsa_[A-Za-z0-9]{32}_[0-9a-f]{8}\b"),
    _format("a DigitalOcean token", "_v1_", r"\bdo[opr]_v1_[0-9a-f]{64}\b"),
    _format("an npm token", "npm_", r"\bnpm_[A-Za-z0-9]{36}\b"),
    _format("a PyPI token", "pypi-AgE", r"\bpypi-AgE[A-Za-z0-9_-]{50}"),
    _format("a SendGrid key", "SG.", r"\bSG\.[A-Za-z0-9_-]{20,24}\.[A-Za-z0-9_-]{39,50}"),
    _format("a Stripe key", "k_live_", r"\b[rs]k_live_[A-Za-z0-9]{20}"),
    _format("a ZenML key", "ZEN", r"\bZEN(?:KEY|PROKEY|PAT)_[A-Za-z0-9]{20}"),
    _format("a Stackroom token", "sr", r"\bsr[msju]_[A-Za-z0-9]{47}\b"),
    _format(
        "a JSON Web Token",
        "eyJ",
        # Not \b: after a hyphen it would begin again inside what was gone over, at a cost by the square.
        r"(?<![A-Za-z0-9_-])eyJ[A-Za-z0-9_-]{10,}\.eyJ[A-Za-z0-9_-]{10,}\.[A-Za-z0-9_-]{10}",
    ),
)

# Compiled when a text has its mark: all of them take longer than most commands that look for one.
_compiled: Final = cache(re.compile)

_BY_MARK: Final = tuple((mark, format) for format in FORMATS for mark in format.marks)


def within(text: str) -> str | None:
    """What is in `text`, by the first format that it has; None where it has none."""
    for mark, format in _BY_MARK:
        if mark in text and _compiled(format.form).search(text) is not None:
            return format.what
    return None
