"""Names and values that would like to be more than text."""

from collections.abc import Iterator
from urllib.parse import quote

from playwright.sync_api import expect

from stackroom.client.files.shape import ComponentFile
from stackroom.client.files.text import parse
from stackroom.events.values import Value
from tests.commands.hubs import Hub
from tests.dashboard.conftest import Opens, edit, token_of

SCRIPTS = [
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    "\"'><svg onload=alert(1)>",
    "javascript:alert(1)",
    "{{constructor.constructor('alert(1)')()}}",
    "${alert(1)}",
    "</pre></textarea><iframe srcdoc='<script>parent.alert(1)</script>'>",
    "../../auth/forget",
    "a/b?c#d%2e&at=1",
    "..",
]

TRICKY: list[Value] = [
    *(
        "no",
        "Yes",
        "~",
        "null",
        "NaN",
        ".inf",
        "1e3",
        "0x10",
        "010",
        "1_000",
        "12:30",
        "2026-01-01",
        "=",
        "<<",
        "-",
        "? a",
    ),
    *(
        "- a",
        "a: b",
        "a #b",
        "#a",
        "@a",
        "`a`",
        "*a",
        "&a",
        "!a",
        "|",
        ">",
        "%a",
        "'",
        '"',
        "\\",
        "a\\nb",
        " a ",
        "",
    ),
    *(
        "a\nb\n",
        "\t",
        "\u2028",
        "\u0085",
        "\ufeff",
        "\x07",
        "\x7f",
        "ünï",
        "😀",
        "x" * 300,
        "a\r\nb",
    ),
    *(None, True, False, 0, -1, 1.0, 1e300, 2.5e-9, 2**60, -(2**63), 0.1),
]


def named(text: str) -> str:
    """As a name, which has no slash."""
    return text.replace("/", "|")


def values(text: str) -> tuple[dict[str, Value], dict[str, str]]:
    """The configuration and labels of a component: texts that YAML would read as something else, too."""
    nested: Value = [text, {text: text, "empty": {}, "none": []}, [], [[text], [1, [2.5]]]]
    return {"v": text, f"k{text}": nested, **dict(enumerated(TRICKY))}, {"l": text}


def enumerated(texts: list[Value]) -> Iterator[tuple[str, Value]]:
    return ((f"t{n}", text) for n, text in enumerate(texts))


def test_every_name_and_value_is_text(hub: Hub, opens: Opens) -> None:
    for n, text in enumerate(SCRIPTS):
        name = named(text)
        with edit(hub, text) as draft:
            draft.register_component(
                "orchestrator",
                name,
                name,
                config=values(text)[0],
                labels=values(text)[1],
            )
            stack = draft.register_stack(
                name,
                {"orchestrator": name},
                labels={"l": text},
                description=text,
                extra={text: text},
            )
            if not n:
                draft.default_stack(name)
            stack.extra("n", n)
    tab = opens(hub).sign_in(token_of(hub))
    page = tab.page
    for n, text in enumerate(SCRIPTS):
        page.get_by_role("link", name=named(text), exact=True).click()
        expect(page.get_by_role("heading", level=1)).to_have_text(named(text))
        expect(page.locator(".lead")).to_have_text(text)
        expect(page.locator(".page .history .entry").first).to_contain_text(text)
        page.locator(".members a").click()
        expect(page.locator(".under")).to_contain_text(named(text))
        # The history of every value, of one of them; of the others, that of some.
        for value in page.locator(".value").all()[:: 9 if n else 1]:
            value.click()
        file = parse(page.locator(".yaml pre").inner_text(), "page")
        assert file == ComponentFile("orchestrator", named(text), named(text), *values(text))
        page.reload()
        expect(page.get_by_role("heading", level=1)).to_have_text(named(text))
        page.keyboard.press("g")
        page.keyboard.press("s")
        expect(page.get_by_role("grid")).to_be_visible()
    page.get_by_label("Search stacks").fill(named(SCRIPTS[1]))
    expect(page.get_by_role("row")).to_have_count(2)
    page.keyboard.press("Escape")
    page.keyboard.press("g")
    page.keyboard.press("a")
    expect(page.locator(".entry")).to_have_count(len(SCRIPTS) + 1)
    for path in (
        f"/p/{quote(SCRIPTS[0], safe='')}",
        f"/p/team/stacks/{quote(SCRIPTS[1], safe='')}?q={quote(SCRIPTS[2])}&at=1",
    ):
        tab.go(path)
        page.locator("#main h1").wait_for()
    assert (
        tab.evaluate("document.querySelectorAll('main script, main iframe, main img').length") == 0
    )
    assert len(tab.context.cookies()) == 1
