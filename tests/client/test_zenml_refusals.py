"""What a ZenML server says where it refuses: answers of a real 0.98, as a sentence without values."""

import json

import pytest

from stackroom.client.zenml_server.refusals import sentence

CONFIGURATION = """2 validation errors for SlackAlerterConfig
slack_token
  Input should be a valid string [type=string_type, input_value=['verysecret'], input_type=list]
    For further information visit https://errors.pydantic.dev/2.12/v/string_type
timeout
  Input should be a valid integer, unable to parse string as an integer [type=int_parsing, \
input_value='verysecret', input_type=str]
    For further information visit https://errors.pydantic.dev/2.12/v/int_parsing"""

STACK = """1 validation error:
  {'type': 'value_error', 'loc': ('body', 'components'), 'msg': 'Value error, Stack must contain at least \
an orchestrator and artifact store.', 'input': {}, 'ctx': {'error': ValueError('Stack must contain at \
least an orchestrator and artifact store.')}}

  File "/zenml/zen_server/utils.py", line 58, in create_stack
    POST /api/v1/stacks"""

REQUEST = """2 validation errors:
  {'type': 'string_type', 'loc': ('body', 'name'), 'msg': 'Input should be a valid string', 'input': 7}
  {'type': 'enum', 'loc': ('body', 'type'), 'msg': "Input should be 'alerter' or 'sandbox'", 'input': \
'verysecret'}

  File "/zenml/zen_server/utils.py", line 62, in create_stack_component
    POST /api/v1/components"""


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        (
            {"detail": ["ValueError", CONFIGURATION]},
            (
                "slack_token: Input should be a valid string; "
                "timeout: Input should be a valid integer, unable to parse string as an integer"
            ),
        ),
        (
            ["ValueError", STACK],
            "components: Stack must contain at least an orchestrator and artifact store",
        ),
        (
            ["ValueError", REQUEST],
            "name: Input should be a valid string; type: Input should be 'alerter' or 'sandbox'",
        ),
        (
            {"detail": ["ValueError", "Invalid configuration keys ['slack_tokn'] for slack alerter."]},
            "Invalid configuration keys ['slack_tokn'] for slack alerter",
        ),
        ({"detail": "Not Found"}, "Not Found"),
        ({"detail": ["KeyError", "'No such stack.'\n  File \"x.py\""]}, "No such stack"),
        ({"detail": "there is no flavor 'x'"}, "there is no flavor 'x'"),
        (["ValueError", "1 validation error:\n  in words of its own"], "what it was asked is not valid"),
        ({"detail": []}, "error 418"),
        ({"detail": {"a": 1}}, "error 418"),
        ([], "error 418"),
        (7, "error 418"),
    ],
)  # fmt: skip
def test_what_is_said(answer: object, said: str) -> None:
    found = sentence(418, json.dumps(answer).encode())
    assert found == said
    assert "verysecret" not in found


def test_what_is_not_json() -> None:
    assert sentence(502, b"<html>Bad gateway</html>") == "error 502"
