"""Sheets of the workbook that hold tables of the results as they stand."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from siteplan import locale
from siteplan.outputs import released, run_words, site_counts, summary, wording
from siteplan.outputs.live_cells import Live, column_letter
from siteplan.outputs.reason_words import reasons_of_sites
from siteplan.outputs.spreadsheet import SHEET_NAME_LIMIT, Book, Field, field_of
from siteplan.outputs.workbook.columns import (
    COMMUNE_AFTER,
    COMMUNE_MARKS,
    EVIDENCE_PRINTED,
    LEADING,
    SITES,
    SURPLUS_PRINTED,
    beside,
    in_order,
    on_paper,
    with_whole_reasons,
)  # fmt: skip
from siteplan.tables import RESULTS
from siteplan.tables.need import ITEMS

if TYPE_CHECKING:
    import pandas as pd

    from siteplan.outputs.live_cells import Placed
    from siteplan.runs import Run


def sheet_name(key: str, lang: str, option: str = "") -> str:
    """Return the name of a sheet, with the option it belongs to, whole."""
    words = locale.text(f"workbook.sheet.{key}", lang)
    return f"{words[: SHEET_NAME_LIMIT - len(option) - 1].rstrip(' ,')} {option}" if option else words


def heading(key: str, lang: str, run: Run, option: str = "") -> str:
    """Return the line above a table; with its option, the title of the run."""
    words = locale.text(f"workbook.heading.{key}", lang)
    return f"{words} – {run_words.title_of(run, lang)}" if option else words


def rows_of(run: Run, frame: pd.DataFrame, table: str, names: Sequence[str], lang: str) -> list[list[Any]]:
    """Return the cells of rows of a result table, as people read them."""
    columns = [RESULTS[table].column(name) for name in names]
    basis = wording.Basis.of(run) if "rests_on" in names else None
    parts = [wording.cells(column, frame[column.name], lang, basis) for column in columns]
    if table == "sites" and "reasons" in names:
        parts[names.index("reasons")] = [wording.clean("; ".join(told)) for told in reasons_of_sites(run, frame, lang)]
    if table == "land_options":
        parts = _dropped_rules(frame, names, parts, lang)
    return [list(row) for row in zip(*parts, strict=True)]


def _dropped_rules(frame: pd.DataFrame, names: Sequence[str], parts: list[list[Any]], lang: str) -> list[list[Any]]:
    """Say in words what has no figure: a rule that is dropped altogether, and one that has no distance to shorten."""
    off = (frame["tried"].isna() & frame["present"].notna()).to_numpy()
    without = off & ~(frame["present"] > 0).to_numpy()
    words = {name: locale.text(f"workbook.land_option.{name}", lang) for name in ("dropped", "holds")}
    said = {"tried": (off, words["dropped"]), "present": (without, words["holds"]), "unit": (off & ~without, "m")}
    return [
        [said[name][1] if there else cell for there, cell in zip(said[name][0], part, strict=True)]
        if name in said
        else part
        for name, part in zip(names, parts, strict=True)
    ]


def fields_of(table: str, names: Sequence[str], lang: str, totals: Sequence[str] = ()) -> list[Field]:
    """Return the columns of a sheet for columns of a result table; those in `totals` are summed."""
    return [field_of(RESULTS[table].column(name), lang, total=name in totals) for name in names]


def with_names(run: Run, fields: list[Field], rows: list[list[Any]], codes: Sequence[Any], lang: str, at: int) -> None:
    """Insert the commune's name as column `at` of a sheet."""
    names = summary.names_by_code(run)
    fields.insert(at, Field(locale.text("workbook.commune", lang), 20))
    for row, code in zip(rows, codes, strict=True):
        row.insert(at, wording.clean(names.get(str(code), "")))


def summary_sheet(book: Book, runs: Sequence[Run], lang: str) -> None:
    """Write the provincial totals by where the figures come from, and what was run."""
    columns = [RESULTS["communes"].column(name) for _, name in summary.EXISTING_EXTENSION_NEW]
    fields = [Field(locale.text("workbook.basis", lang), 26), Field(locale.text("workbook.count", lang), 10, "int")]
    fields += [
        field_of(column, lang, group=locale.text(f"workbook.group.{group}", lang))
        for (group, _), column in zip(summary.EXISTING_EXTENSION_NEW, columns, strict=True)
    ]
    rows: list[list[Any]] = []
    for total in summary.totals_by_basis(runs[0].communes).to_dict("records"):
        words = (
            locale.text("workbook.total", lang)
            if total["basis"] == summary.TOTAL
            else locale.value_text("gap_basis", total["basis"], lang)
        )
        rows.append([words, total["count"], *(wording.scalar(total[c.name]) for c in columns)])
    kind, name = run_words.province_of(runs[0])
    notes = [locale.text("workbook.province", lang, kind=kind, name=name)]
    notes += [
        locale.text(
            "workbook.run",
            lang,
            title=run_words.title_of(run, lang),
            name=run.name,
            date=wording.day(str(run.manifest.get("created", "")), lang),
        )
        for run in runs
    ]
    notes.append(locale.text("workbook.scope", lang, scope=_scope(runs[0], lang)))
    if run_words.illustrative_line(runs, lang):
        notes.append(run_words.illustrative_line(runs, lang))
    book.sheet(sheet_name("summary", lang), locale.text("workbook.title", lang), fields, rows, notes=notes)


def _scope(run: Run, lang: str) -> str:
    scope = str(run_words.scenario_of(run).get("need", {}).get("scope", ""))
    return locale.value_text("scope", scope, lang)


def communes_sheet(book: Book, run: Run, lang: str, option: str) -> None:
    """Write what is there, what is extended and built new in each commune."""
    table = RESULTS["communes"]
    fields = [field_of(table.column(name), lang) for name in COMMUNE_MARKS]
    fields += [
        field_of(table.column(name), lang, group=locale.text(f"workbook.group.{group}", lang), total=True)
        for group, name in summary.EXISTING_EXTENSION_NEW
    ]
    fields += [field_of(table.column(name), lang) for name in COMMUNE_AFTER]
    names = [*COMMUNE_MARKS, *(name for _, name in summary.EXISTING_EXTENSION_NEW), *COMMUNE_AFTER]
    rows = rows_of(run, run.communes, "communes", names, lang)
    notes = [locale.text("workbook.missing_note", lang)]
    book.sheet(
        sheet_name("communes", lang, option),
        heading("communes", lang, run, option),
        fields,
        rows,
        notes=notes,
        frozen_columns=2,
    )


def leading_sites_sheet(book: Book, run: Run, lang: str, option: str, page: Any, scores: Placed | None) -> None:
    """Write the sites that are proposed or among the first of their commune."""
    sites = run.sites
    first = (sites["rank"] <= site_counts.RANKS_OF_CONFORMITY).fillna(value=False) | summary.flags(sites["is_best"])
    _sites(book, run, sites[first], LEADING, lang, option, scores, page=page)


def sites_sheet(book: Book, run: Run, lang: str, option: str, scores: Placed | None) -> None:
    """Write all sites with all that is known of them, an annex."""
    _sites(book, run, run.sites, SITES, lang, option, scores)


def _sites(
    book: Book,
    run: Run,
    sites: Any,
    names: Sequence[str],
    lang: str,
    option: str,
    scores: Placed | None,
    page: Any = None,
) -> None:
    """Write sites, best first; score and rank are those of the sheet of scores where it recalculates."""
    sites = sites.sort_values(["commune_code", "rank", "site_id"], kind="stable", na_position="last")
    fields, rows = fields_of("sites", names, lang), rows_of(run, sites, "sites", names, lang)
    fields = with_whole_reasons(fields)
    with_names(run, fields, rows, list(sites["commune_code"]), lang, 2 if names is SITES else 1)
    if scores is not None:
        at = {field.key: n for n, field in enumerate(fields)}
        found = f"MATCH(${column_letter(at['site_id'])}{{row}},{scores.column('site_id')},0)"
        for name in ("score", "score_low", "score_high", "rank"):
            if name in at:
                formula = f"=INDEX({scores.column(name)},{found})"
                for row in rows:
                    row[at[name]] = Live(formula, row[at[name]])
    key, notes = (
        ("sites", [])
        if names is SITES
        else (
            "sites_leading",
            [locale.text("workbook.note.sites_leading", lang, ranks=site_counts.RANKS_OF_CONFORMITY)],
        )
    )
    book.sheet(
        sheet_name(key, lang, option), heading(key, lang, run, option), fields, rows, notes=notes, frozen_columns=3,
        page=page, annex=names is SITES,
    )  # fmt: skip


def evidence_of_best_sheet(book: Book, run: Run, lang: str, option: str) -> None:
    """Write the evidence on the sites that are proposed."""
    _evidence(book, run, lang, option, only_best=True)


def evidence_sheet(book: Book, run: Run, lang: str, option: str) -> None:
    """Write the evidence on all sites, an annex."""
    _evidence(book, run, lang, option, only_best=False)


def _evidence(book: Book, run: Run, lang: str, option: str, only_best: bool) -> None:
    evidence = run_words.printable_evidence(run, lang)
    if only_best:
        evidence = evidence[evidence["site_id"].isin(set(site_counts.proposed_sites(run)["site_id"]))]
    names = [name for name in RESULTS["conflicts"].names if name not in ("plan_id", "restricted")]
    on_screen = ("coordinates", "rests_on")
    first, screen = beside(names, EVIDENCE_PRINTED if only_best else [n for n in names if n not in on_screen])
    names = [*first, *screen]
    fields = on_paper(fields_of("conflicts", names, lang), screen)
    if only_best:
        evidence = evidence.sort_values(["commune_code", "site_id"], kind="stable")
    rows = rows_of(run, evidence, "conflicts", names, lang)
    with_names(run, fields, rows, list(evidence["commune_code"]), lang, names.index("commune_code") + 1)
    key = "conflicts_best" if only_best else "conflicts"
    book.sheet(
        sheet_name(key, lang, option), heading(key, lang, run, option), fields, rows,
        notes=[locale.text("workbook.evidence_note", lang)], frozen_columns=2, annex=not only_best,
    )  # fmt: skip


def conformity_sheet(book: Book, run: Run, lang: str, option: str) -> None:
    """Write what each plan says of the sites that are proposed or among the first of their commune."""
    frame = site_counts.conformity_of_best(run)
    names = RESULTS["conformity"].names
    fields, rows = fields_of("conformity", names, lang), rows_of(run, frame, "conformity", names, lang)
    with_names(run, fields, rows, list(frame["commune_code"]), lang, 2)
    book.sheet(
        sheet_name("conformity", lang, option),
        heading("conformity", lang, run, option),
        fields,
        rows,
        notes=[locale.text("workbook.conformity_note", lang, ranks=site_counts.RANKS_OF_CONFORMITY)],
        frozen_columns=3,
        annex=True,
    )


def surplus_sheet(book: Book, run: Run, lang: str) -> None:
    """Write the surplus facilities of an option."""
    option = summary.short_option(run, book.lang)
    first, screen = beside([name for name in RESULTS["surplus"].names if name != "option"], SURPLUS_PRINTED)
    names = [*first, *screen]
    rows = summary.of_option(run.surplus, run).sort_values(["commune_code", "facility_id"], kind="stable")
    fields = on_paper(fields_of("surplus", names, lang, ("floor_area_m2", "land_area_m2")), screen)
    lines = rows_of(run, rows, "surplus", names, lang)
    with_names(run, fields, lines, list(rows["commune_code"]), lang, 2)
    parts = {name: locale.number(count, 0, lang) for name, count in released.parts_of(run)._asdict().items()}
    book.sheet(
        sheet_name("surplus", lang, option), heading("surplus", lang, run, option), fields, lines,
        notes=[locale.text("workbook.note.surplus", lang, **parts)], frozen_columns=2,
    )  # fmt: skip


def coverage_sheet(book: Book, run: Run, lang: str) -> None:
    """Write which layers cover which commune."""
    cover = run.coverage
    roles = list(
        dict.fromkeys(cover.sort_values(["mandatory", "role"], ascending=[False, True], kind="stable")["role"])
    )
    required = {str(r) for r, m in zip(cover["role"], cover["mandatory"], strict=True) if wording.scalar(m)}
    status = {(c, r): s for c, r, s in zip(cover["commune_code"], cover["role"], cover["status"], strict=True)}
    groups = {True: locale.text("workbook.group.mandatory", lang), False: locale.text("workbook.group.other", lang)}
    fields = [*fields_of("communes", ("code", "name", "coverage_percent"), lang)]
    fields += [Field(wording.role_label(str(role), lang), 14, group=groups[str(role) in required]) for role in roles]
    head = rows_of(run, run.communes, "communes", ("code", "name", "coverage_percent"), lang)
    rows = [
        [*marks, *(_status_word(status.get((code, role)), lang) for role in roles)]
        for code, marks in zip(run.communes["code"], head, strict=True)
    ]
    notes = [locale.text("workbook.coverage_note", lang)]
    book.sheet(
        sheet_name("coverage", lang), heading("coverage", lang, run), fields, rows, notes=notes, frozen_columns=2
    )


def _status_word(token: Any, lang: str) -> str:
    return (
        locale.value_text("status", token, lang)
        if isinstance(token, str)
        else locale.text("workbook.not_checked", lang)
    )


def plain_sheet(table: str, annex: bool = False) -> Callable[[Book, Run, str, str], None]:
    """Return the writer of a table as it stands; of the needs, those of the planned scope."""

    def write(book: Book, run: Run, lang: str, option: str) -> None:
        frame = run_words.without_restricted(run.table(table), run)
        notes = []
        scope = run_words.scenario_of(run).get("need", {}).get("scope")
        if table == "needs" and scope:
            frame = frame[frame["scope"] == scope]
            notes.append(locale.text("workbook.scope", lang, scope=_scope(run, lang)))
        if locale.has_text(f"workbook.note.{table}", lang):
            notes.append(locale.text(f"workbook.note.{table}", lang))
        # a sheet of one option says so in its title
        names = [name for name in RESULTS[table].names if name != "order" and not (option and name == "option")]
        if "step_order" in names:
            frame = frame.sort_values(["commune_code", "step_order"], kind="stable")
        names, fields, rows = listed(run, frame, table, names, lang)
        if "commune_code" in names:
            with_names(run, fields, rows, list(frame["commune_code"]), lang, names.index("commune_code") + 1)
        title = plain_heading(table, run, lang, option)
        book.sheet(sheet_name(table, lang, option), title, fields, rows, notes=notes, frozen_columns=1, annex=annex)

    return write


def listed(
    run: Run, frame: pd.DataFrame, table: str, names: Sequence[str], lang: str
) -> tuple[list[str], list[Field], list[list[Any]]]:
    """Return names, columns and cells of a table in the order of its readers: technical columns last, not printed."""
    names, technical = in_order(table, names)
    fields = [
        replace(field, printed=field.printed and field.key not in technical) for field in fields_of(table, names, lang)
    ]
    if table == "sources":
        fields[0] = replace(fields[0], heading=locale.text("workbook.source", lang))
    return names, fields, rows_of(run, frame, table, names, lang)


def plain_heading(table: str, run: Run, lang: str, option: str) -> str:
    """Title of a sheet that shows a table as it stands."""
    found = RESULTS[table]
    words = locale.text("workbook.heading.plain", lang, label=found.label_en if lang == "en" else found.label)
    return f"{words} – {run_words.title_of(run, lang)}" if option else words


def three_ways_sheet(book: Book, run: Run, lang: str, option: str) -> None:
    """Write what is there, what extension and what new building give: reported, computed, agreed and used."""
    table, figures = RESULTS["figures"], run.table("figures")
    ways = ("reported_m2", "computed_m2", "agreed_m2", "used_m2")
    items = [item for item in ITEMS if item in set(figures["item"])]
    fields = fields_of("communes", ("code", "name", "kind", "gap_basis"), lang)
    fields += [
        field_of(table.column(way), lang, group=locale.value_text("item", item, lang), total=True)
        for item in items
        for way in ways
    ]
    found = {(row["commune_code"], row["item"]): row for row in figures.to_dict("records")}
    rows = rows_of(run, run.communes, "communes", ("code", "name", "kind", "gap_basis"), lang)
    for code, row in zip(run.communes["code"], rows, strict=True):
        row += [wording.scalar(found.get((code, item), {}).get(way)) for item in items for way in ways]
    book.sheet(
        sheet_name("three_ways", lang, option), heading("three_ways", lang, run, option), fields, rows,
        notes=[locale.text("workbook.missing_note", lang)], frozen_columns=2,
    )  # fmt: skip
    plain_sheet("figures", annex=True)(book, run, lang, option)
