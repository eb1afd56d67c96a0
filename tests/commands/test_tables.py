"""Tables: as wide as there is room, folded at blanks and between letters, or a record for each row."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stackroom.client.commands.cells import fold, letters, width
from stackroom.client.commands.output import printable
from stackroom.client.commands.tables import NARROWEST, fitted, table
from stackroom.client.commands.terminal import Screen
from tests.commands.runner import Person, command
from tests.commands.terminal import plain, shown

PIPE = Screen()
FAMILY = "\U0001f469\u200d\U0001f52c"
"""A scientist: three characters, one letter."""


def rows(*texts: tuple[str, ...]) -> list[list[tuple[str, None]]]:
    return [[(text, None) for text in row] for row in texts]


class TestCells:
    @pytest.mark.parametrize(
        ("text", "cells"),
        [
            ("abc", 3),
            ("", 0),
            ("スタック", 8),
            ("e\u0301", 1),
            ("🚀", 2),
            ("שלום", 4),
            ("مرحبا", 5),
        ],
    )
    def test_width(self, text: str, cells: int) -> None:
        assert width(text) == cells

    @pytest.mark.parametrize(
        ("text", "cells", "lines"),
        [
            ("short", 10, ["short"]),
            ("", 10, [""]),
            ("two words here", 9, ["two words", "here"]),
            ("a-name-without-blanks", 10, ["a-name-wit", "hout-blank", "s"]),
            ("go a-name-without-blanks", 10, ["go", "a-name-wit", "hout-blank", "s"]),
            ("スタック", 5, ["スタ", "ック"]),
            ("ae\u0301" * 3, 2, ["ae\u0301"] * 3),
            ("  kept", 10, ["  kept"]),
        ],
    )
    def test_fold(self, text: str, cells: int, lines: list[str]) -> None:
        assert fold(text, cells) == lines

    def test_what_people_see_as_one_letter_stays_whole(self) -> None:
        assert list(letters(f"a{FAMILY}e\u0301👍🏽")) == ["a", FAMILY, "e\u0301", "👍🏽"]
        assert FAMILY in fold(f"xxxxxxxxx{FAMILY}yyyy", 10)[1]

    @given(st.text(st.characters(exclude_categories=["Cc", "Cs", "Zl", "Zp"])), st.integers(2, 40))
    def test_nothing_but_blanks_is_lost_and_every_line_fits(self, text: str, cells: int) -> None:
        lines = fold(text, cells)
        assert re.sub(r"\s", "", "".join(lines)) == re.sub(r"\s", "", text)
        for line in lines:
            assert width(line) <= cells or len(list(letters(line))) == 1


class TestWidths:
    def test_what_fits_is_left_alone(self) -> None:
        assert fitted([5, 30], [4, 4], 37) == [5, 30]

    def test_the_widest_are_cut_first(self) -> None:
        assert fitted([5, 60, 12], [4, 4, 4], 61) == [5, 40, 12]
        assert fitted([60, 60], [4, 4], 43) == [21, 20]

    def test_no_column_becomes_narrower_than_its_heading_or_a_date(self) -> None:
        assert fitted([50, 50], [14, 4], 26) == [14, NARROWEST]
        assert fitted([50, 50], [14, 4], 25) is None
        assert fitted([1, 90], [0, 4], 13) == [1, NARROWEST]

    @given(
        st.lists(st.tuples(st.integers(0, 200), st.integers(0, 15)), min_size=1, max_size=8),
        st.integers(1, 200),
    )
    def test_they_fit(self, needs: list[tuple[int, int]], columns: int) -> None:
        natural = [max(need, heading) for need, heading in needs]
        widths = fitted(natural, [heading for _, heading in needs], columns)
        if widths is None:
            return
        assert sum(widths) + 2 * (len(widths) - 1) <= columns
        for found, need, (_, heading) in zip(widths, natural, needs, strict=True):
            assert min(need, max(NARROWEST, heading)) <= found <= need


class TestTable:
    def test_a_pipe_gets_every_row_on_one_line(self) -> None:
        text = table(("name", "is"), rows(("スタック", "x" * 200), ("a", "b")), PIPE)
        assert text.splitlines() == ["NAME      IS", f"スタック  {'x' * 200}", "a         b"]

    def test_a_long_value_folds_in_its_column(self) -> None:
        text = table(("name", "is"), rows(("prod", "one two three four")), Screen(20))
        assert text.splitlines() == ["NAME  IS", "prod  one two three", "      four"]

    def test_where_columns_do_not_fit_rows_become_records(self) -> None:
        head = ("", "name", "flavor", "labels", "stacks")
        row = ("*", "k8s-production", "kubernetes", "", "x" * 30)
        text = table(head, rows(row, row), Screen(36))
        one = [
            "name:   k8s-production *",
            "flavor: kubernetes",
            f"stacks: {'x' * 28}",
            "        xx",
        ]
        assert text.splitlines() == [*one, "", *one]

    def test_colours_take_no_room(self) -> None:
        cells = [[("a", None), ("parked", "bad")], [("longer", None), ("x", None)]]
        bare = table(("n", "s"), cells, Screen(80))  # type: ignore[arg-type]
        painted = table(("n", "s"), cells, Screen(80, colours=True))  # type: ignore[arg-type]
        assert painted != bare == plain(painted)
        assert "\x1b[31mparked\x1b[0m" in painted


@pytest.fixture
def wide(ada: Person) -> Person:
    """Someone with names of many kinds, short and long."""
    ada.stackroom("profile", "create", "mine", "--local").ok()
    for name in (
        "k8s",
        "オーケストラ",
        "ניהול",
        "🚀 launch",
        "a-very-" + "long-" * 14 + "name",
    ):
        ada.stackroom(
            "orchestrator", "register", name, "-f", "kubernetes", "--label", "team=ml"
        ).ok()
    return ada


class TestOnATerminal:
    LIST = ("component", "list")

    @pytest.mark.parametrize("columns", [40, 60, 80, 120])
    def test_no_line_is_wider_than_the_terminal(self, wide: Person, columns: int) -> None:
        text = shown(command(*self.LIST), wide.environment(), columns=columns).text
        lines = text.splitlines()
        assert max(map(width, lines)) <= columns
        for name in ("k8s", "オーケストラ", "ניהול", "🚀 launch"):
            assert name in text.replace("\n", "")
        if columns >= 60:
            heading = lines[0].index("FLAVOR")
            at = [width(line.partition("kubernetes")[0]) for line in lines if "kubernetes" in line]
            assert at == [heading] * 5

    def test_a_narrow_one_gets_records(self, wide: Person) -> None:
        lines = shown(command(*self.LIST), wide.environment(), columns=40).text.splitlines()
        assert lines[:4] == ["type:   orchestrator", "name:   a-very-long-long-long-long-long-", "        long-long-long-long-long-long-lo", "        ng-long-long-name"]  # fmt: skip
        assert "name:   k8s" in lines

    def test_colours_only_on_a_terminal_and_not_against_ones_will(self, wide: Person) -> None:
        bold = "\x1b[1mNAME"

        def out(**env: str) -> str:
            return shown(command(*self.LIST), wide.environment(env), columns=120).out

        everywhere = wide.environment()
        assert "NO_COLOR" not in everywhere
        assert bold in out()
        assert "\x1b" not in out(NO_COLOR="1")
        assert bold in out(NO_COLOR="")
        assert "\x1b" not in out(TERM="dumb")
        assert "\x1b" not in wide.process(*self.LIST).out
        assert bold in wide.process(*self.LIST, FORCE_COLOR="1").out
        assert bold in wide.process(*self.LIST, CLICOLOR_FORCE="1").out
        assert "\x1b" not in wide.process(*self.LIST, FORCE_COLOR="1", NO_COLOR="1").out

    def test_json_is_never_coloured(self, wide: Person) -> None:
        args = command(*self.LIST, "--output", "json")
        assert "\x1b" not in shown(args, wide.environment()).out

    def test_changes_are_green_red_and_yellow(self, wide: Person) -> None:
        update = ("orchestrator", "update", "k8s")
        wide.stackroom(*update, "--a=1", "--b=1", "--no-validate").ok()
        wide.stackroom(*update, "--a=2", "--unset", "b", "--c=1", "--no-validate").ok()
        out = shown(command("diff", "7"), wide.environment()).out
        assert "\x1b[33m  ~ config.a: 1 → 2\x1b[0m" in out
        assert "\x1b[31m  - config.b: 1\x1b[0m" in out
        assert "\x1b[32m  + config.c: 1\x1b[0m" in out
        assert "\x1b" not in wide.process("diff", "7").out

    def test_errors_stand_out(self, wide: Person) -> None:
        terminal = shown(command("stack", "describe", "x"), wide.environment())
        assert "\x1b[31mError:\x1b[0m There is no stack 'x'." in terminal.out
        assert wide.process("stack", "describe", "x").err.startswith("Error: There is no stack")


def test_no_value_can_turn_the_line_around() -> None:
    assert printable("a\u202eb\x1b[31m\u2067\n") == "a\\u202eb\\x1b[31m\\u2067\n"
    assert printable(FAMILY) == FAMILY
