"""Generated stacks and texts for the tests of ZenML's YAML."""

import string

from hypothesis import strategies as st

from stackroom.client.zenml import ComponentSpec, Form, StackFile, Value

AWKWARD = (
    "", " ", "no", "Yes", "on", "true", "null", "~", "=", "<<", "-", "?", ":", "- a", "? a",
    "a: b", "a:", "a #b", "#a", " leading", "trailing ", "two\nlines", "end\n", "\n", "a \nb",
    "a\n b", "\tx", "1", "-1", "+1", "1e3", "1.0e3", "1.0e+3", "1.", ".5", "0x10", "0o17", "0777",
    "08", "1_000", "0b11", "012345678901", "12:30:45", "190:20:30.15", "2020-01-01",
    "2020-01-01T00:00:00Z", ".inf", "-.INF", ".nan", "'", '"', "it's", "{a}", "[a]", "{{s.key}}",
    "&a", "*a", "!a", "|", ">", "%a", "@a", "`a", "---", "...", "--- a", "a, b", "\\", "\x85",
    "\u2028", "\ufeff", "\x00", "é", "\U0001f600", "word " * 40, "word" + " word" * 40, "x" * 200, "é " * 60,
    "it's " * 40, "a  b " * 40, "\\ " * 60,
)  # fmt: skip
"""Texts that YAML 1.1, YAML 1.2 or the folding of lines could spoil."""

texts = st.one_of(
    st.sampled_from(AWKWARD),
    st.text(st.characters(codec="utf-8"), max_size=20),
    st.text(st.sampled_from("ab01  '\"\n\\:#-é"), max_size=200),
)
numbers = st.one_of(
    st.integers(-(2**63), 2**64 - 1), st.floats(allow_nan=False, allow_infinity=False)
)
values = st.recursive(
    st.one_of(st.none(), st.booleans(), numbers, texts),
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(texts, inner, max_size=3)),
    max_leaves=8,
)
names = st.one_of(
    st.sampled_from(
        [t for t in AWKWARD if t.isprintable() and t == t.strip() and "/" not in t if t]
    ),
    st.text(string.ascii_letters + string.digits + " _-.:#'é", min_size=1, max_size=30)
    .map(str.strip)
    .filter(bool),
)
types = st.sampled_from(["orchestrator", "artifact_store", "image_builder", "no", "y", "null"])
maps = st.dictionaries(texts, values, max_size=3)


def _without(keys: set[str]) -> st.SearchStrategy[dict[str, Value]]:
    return maps.map(lambda found: {k: v for k, v in found.items() if k not in keys})


OWN_KEYS = {"name", "flavor", "type", "configuration", "id", "user", "is_shared"}


@st.composite
def stacks(draw: st.DrawFn, form: Form) -> StackFile:
    """A stack that `form` can carry whole, its types sorted as a file has them."""
    several = 3 if form is Form.LIST else 1
    components = [
        ComponentSpec(
            type=component_type,
            name=name,
            flavor=draw(names),
            config=draw(_without(OWN_KEYS)),
            extra={} if form is Form.FLAT else draw(_without(OWN_KEYS)),
        )
        for component_type in sorted(draw(st.sets(types, min_size=1)))
        for name in draw(st.lists(names, min_size=1, max_size=several, unique=True))
    ]
    return StackFile(
        form=form,
        name=draw(names),
        components=tuple(components),
        zenml_version=draw(st.none() | st.sampled_from(["0.13.2", "0.98.0", "1", "no"])),
        extra=draw(_without({"components", "stack_name", "zenml_version"})),
    )
