"""Sentences and tables of the dossier: what all its parts share."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from siteplan import locale
from siteplan.outputs import run_words, summary, wording
from siteplan.outputs.paper_table import aligned, capital
from siteplan.tables import RESULTS

if TYPE_CHECKING:
    import pandas as pd

    from siteplan.outputs.dossier_pictures import Pictures
    from siteplan.outputs.paper import Paper
    from siteplan.outputs.paper_table import Align
    from siteplan.runs import Run
    from siteplan.tables import Column

# longer text stands in full in the workbook
CELL_LIMIT = 320
ROMAN = ("I", "II", "III", "IV", "V", "VI", "VII", "VIII", "IX", "X", "XI", "XII", "XIII", "XIV", "XV")


@dataclass(frozen=True)
class Writer:
    """What all parts of the dossier need."""

    paper: Paper
    runs: Sequence[Run]
    lang: str
    annex_numbers: Mapping[str, str] = field(default_factory=dict)
    pictures: Pictures | None = None

    def annex(self, name: str) -> str:
        """Say where an annex is: "Phụ lục III", or its name where the template of the annexes leaves it out."""
        number = self.annex_numbers.get(name)
        return (
            self.words("annex", number=number) if number else self.words("annex_left_out", name=self.annex_name(name))
        )

    def annex_name(self, name: str) -> str:
        """Name of an annex."""
        return self.words(f"annex_name.{name}")

    @property
    def run(self) -> Run:
        """The first run: what does not depend on the option is taken from it."""
        return self.runs[0]

    def option_of(self, run: Run) -> str:
        """Name of the option of a run: its title up to the colon, where that tells it from the others."""
        own, *others = (run_words.title_of(one, self.lang).split(":")[0].strip() for one in (run, *self.runs))
        return own if others.count(own) == 1 else run_words.title_of(run, self.lang)

    def of_options(self, tell: Callable[[Run], str]) -> str:
        """Say of each option what is told of its run: once where that is the same of all, else under its name."""
        told = [tell(run) for run in self.runs]
        if len(set(told)) == 1:
            return told[0]
        named = (f"{self.option_of(run)}: {words[:1].lower()}{words[1:]}" for run, words in zip(
            self.runs, told, strict=True) if words)  # fmt: skip
        return " ".join(named)

    def beside(self, tell: Callable[[Run], str]) -> str:
        """Tell of the first run within a sentence; where others differ, whose it is and theirs in brackets behind."""
        own = tell(self.run)
        others = {self.option_of(run): words for run in self.runs[1:] if (words := tell(run)) != own}
        if not others:
            return own
        listed = "; ".join(f"{option}: {words}" for option, words in others.items())
        return self.words("beside", own=own, option=self.option_of(self.run), others=listed)

    def counted(self, of: str, counts: Mapping[str, int], between: str = ", ") -> str:
        """Name what there is of each kind in a sentence; kinds without any are left out."""
        parts = [self.words(f"counted.{of}.{kind}", count=self.number(n)) for kind, n in counts.items() if n]
        if len(parts) < 2:
            return parts[0] if parts else self.words("counted.none")
        return between.join(parts[:-1]) + self.words("counted.and") + parts[-1]

    def map(self, name: str, caption: str, width_mm: float) -> None:
        """Add a map with its caption, where maps are drawn."""
        if self.pictures is not None:
            self.paper.picture(self.pictures[name], width_mm, caption)

    def words(self, key: str, **params: Any) -> str:
        """Return the text ``dossier.<key>``."""
        return locale.text(f"dossier.{key}", self.lang, **params)

    def say(self, key: str, **params: Any) -> None:
        """Write the text ``dossier.<key>`` as a paragraph."""
        self.paper.text(self.words(key, **params))

    def number(self, value: float | None, decimals: int = 0) -> str:
        """Write a number in the reader's style."""
        return locale.number(value, decimals, self.lang)

    def m2(self, value: float | None) -> str:
        """Write an area."""
        return f"{self.number(value, 2)} m²"

    def money(self, dong: float | None) -> str:
        """Write a sum of đồng in tỷ đồng."""
        unit = locale.text("unit.money_shown", self.lang)
        return f"{self.number(None if dong is None else dong / wording.MONEY_SHOWN, wording.MONEY_DECIMALS)} {unit}"

    def table(
        self,
        table: str,
        names: Sequence[str],
        frame: pd.DataFrame,
        *,
        size_pt: float = 9,
        extra: Sequence[tuple[int, str, Sequence[str]]] = (),
        total: Sequence[str] = (),
        total_of: pd.DataFrame | None = None,
        total_words: str = "",
    ) -> None:
        """Write rows of a result table.

        Parameters
        ----------
        table, names, frame
            Schema, columns in order, rows.
        extra
            Further columns of text: position, heading, one text a row.
        total, total_of, total_words
            Columns summed in a last row, over which rows (all, unless given), and what the row is called.
        """
        columns = [RESULTS[table].column(name) for name in names]
        headings = [wording.label(column, self.lang) for column in columns]
        align: list[Align] = ["right" if c.kind in ("int", "float") else "left" for c in columns]
        rows = [
            [self.cell(column, value) for column, value in zip(columns, row, strict=True)]
            for row in zip(*(frame[c.name] for c in columns), strict=True)
        ]
        bold: list[int] = []
        if total and rows:
            summed = frame if total_of is None else total_of
            last = [
                wording.shown(c, summary.add_up(summed[c.name]), self.lang) if c.name in total else "" for c in columns
            ]
            rows.append(last)
            bold.append(len(rows) - 1)
        for at, heading, texts in extra:
            headings.insert(at, heading)
            align.insert(at, "right" if texts and all(_is_number(words) for words in texts) else "left")
            for row, words in zip(rows, [*texts, ""] if bold else texts, strict=True):
                row.insert(at, capital(words))
        if bold:
            rows[-1][0] = total_words or locale.text("workbook.total", self.lang)
        self.paper.table(headings, rows, align=align, bold_rows=bold, size_pt=size_pt)

    def cell(self, column: Column, value: Any) -> str:
        """Return what a cell of a table shows: long texts cut, tokens and messages with a capital."""
        words = wording.clean(wording.shown(column, value, self.lang))
        if len(words) > CELL_LIMIT:
            words = _cut(words)
        return capital(words) if column.values or column.kind in ("bool", "messages") else words

    def sums(
        self,
        headings: Sequence[str],
        rows: Sequence[Sequence[str]],
        total: Sequence[str],
        *,
        groups: Sequence[tuple[str, int]] = (),
        size_pt: float = 11,
    ) -> None:
        """Write a table of figures by what stands in its first column, and below it their `total` in bold."""
        named = [[capital(row[0]), *row[1:]] for row in rows]
        align = aligned(["left"], "right", len(headings) - 1)
        last = [locale.text("workbook.total", self.lang), *total]
        self.paper.table(
            headings, [*named, last], align=align, groups=groups, bold_rows=[len(named)], size_pt=size_pt
        )  # fmt: skip


def _cut(words: str) -> str:
    """Cut text where a part of it ends, else at the limit."""
    end = max(words.rfind(mark, 0, CELL_LIMIT) for mark in ("; ", ". "))
    return f"{words[: end + 1]} …" if end > CELL_LIMIT // 3 else f"{words[: CELL_LIMIT - 1]}…"


def _is_number(words: str) -> bool:
    return words in ("", "–") or words.replace(".", "").replace(",", "").isdecimal()
