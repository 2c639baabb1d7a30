"""The workbook of one or more runs: every table of the results as a sheet that can be filtered and printed.

Tables that are the same in all runs given appear once; those that belong to an option (programme, money, surplus)
appear for each.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from siteplan import locale
from siteplan.outputs import compare, opinions, plan_form, replies, summary, why, wording
from siteplan.outputs.spreadsheet import Book, Field, field_of
from siteplan.tables import RESULTS

if TYPE_CHECKING:
    from pathlib import Path

    import pandas as pd

    from siteplan.runs import Run

_COMMUNE_MARKS = ("code", "name", "kind", "former_district", "population", "area_km2", "is_border", "is_central_ward")
_COMMUNE_AFTER = (
    "gap_basis",
    "report_state",
    "inventory_state",
    "report_no",
    "report_date",
    "build_type",
    "build_reasons",
    "kept_facility_id",
    "unit_class",
    "unit_class_decision_no",
    "classification_points",
    "classification_notes",
    "group",
    "scope",
    "staff",
    "staff_basis",
    "required_usable_area_m2",
    "required_footprint_m2",
    "binding_rule",
    "coverage_percent",
    "rests_on",
)
_SITES = (
    "site_id",
    "commune_code",
    "label",
    "letter",
    "area_m2",
    "plot_size",
    "required_area_m2",
    "score",
    "score_low",
    "score_high",
    "rank",
    "is_best",
    "eligible",
    "broken_rules",
    "check_result",
    "conformity",
    "shift",
    "conflict_count",
    "overlap_area_m2",
    "overlap_percent",
    "slope_mean_percent",
    "slope_max_percent",
    "dem_resolution_m",
    "access_minutes",
    "access_share_30_percent",
    "road_distance_m",
    "main_road_distance_m",
    "seat_distance_m",
    "service_distance_m",
    "power_distance_m",
    "land_use_main",
    "land_use_shares",
    "rice_percent",
    "forest_percent",
    "forbidden_percent",
    "hazard_level",
    "hazard_percent",
    "buildings_inside",
    "households_displaced",
    "compensation",
    "compensation_cost",
    "infrastructure",
    "room_to_extend_percent",
    "clearance",
    "locked",
    "reasons",
    "rests_on",
)


def write_workbook(runs: Sequence[Run], path: Path, lang: str = locale.DEFAULT_LANGUAGE) -> Path:
    """Write the workbook of the runs given; the same runs give the same bytes.

    Parameters
    ----------
    runs
        One run, or one per option over the same inputs.
    path
        The .xlsx file.

    Raises
    ------
    InputError
        Where several runs have different inputs (see :func:`siteplan.outputs.compare.compare_runs`).
    """
    comparison = compare.compare_runs(runs) if len(runs) > 1 else None
    path.parent.mkdir(parents=True, exist_ok=True)
    with Book(path, runs, lang, locale.text("workbook.title", lang)) as book:
        _summary_sheet(book, runs, lang)
        _per_run(book, runs, "communes", _communes_sheet, lang, without=summary.OF_OPTION)
        for name in ("totals", "figures", "scopes", "groups", "deviations"):
            _per_run(book, runs, name, _plain(name), lang)
        _per_run(book, runs, "sites", _sites_sheet, lang)
        _per_run(book, runs, "conflicts", _evidence_sheet, lang)
        _per_run(book, runs, "conformity", _conformity_sheet, lang)
        if any(len(run.opinions) for run in runs):
            _per_run(book, runs, "opinions", opinions.add_sheet, lang)
        _per_run(book, runs, "agency_answers", replies.add_sheets, lang)
        _per_run(book, runs, "communes", _priority_sheet, lang, without=summary.OF_OPTION)
        for run in runs:
            _programme_sheet(book, run, lang)
            plan_form.add_sheet(book, run, lang)
            for name in ("steps", "land_requests"):
                if len(run.table(name)):
                    _plain(name)(book, run, lang, "")
            _funding_sheet(book, run, lang)
            _surplus_sheet(book, run, lang)
            for name in ("surplus_totals", "surplus_buildings"):
                if len(run.table(name)):
                    _plain(name)(book, run, lang, summary.option_of(run))
            why.add_sheets(book, run, lang)
        if comparison is not None:
            compare.add_sheets(book, comparison, lang)
        _per_run(book, runs, "scores", _scores_sheet, lang)
        if any(len(run.agreement) for run in runs):
            _per_run(book, runs, "agreement", _plain("agreement"), lang)
        for name in (
            "facilities",
            "needs",
            "costs",
            "build_options",
            "land_account",
            "land_options",
            "access_points",
            "climate",
        ):
            _per_run(book, runs, name, _plain(name), lang)
        _coverage_sheet(book, runs[0], lang)
        _per_run(book, runs, "standards", _plain("standards"), lang)
        _per_run(book, runs, "assumptions", _plain("assumptions"), lang)
        _per_run(book, runs, "sources", _plain("sources"), lang)
    return path


def _per_run(
    book: Book,
    runs: Sequence[Run],
    table: str,
    write: Callable[[Book, Run, str, str], None],
    lang: str,
    without: Sequence[str] = (),
) -> None:
    """Write a sheet once where the table is the same in all runs, else once for each."""
    if summary.same_rows(runs, table, without):
        write(book, runs[0], lang, "")
    else:
        for run in runs:
            write(book, run, lang, summary.option_of(run))


def _name(key: str, lang: str, option: str = "") -> str:
    words = locale.text(f"workbook.sheet.{key}", lang)
    return f"{words} {option}" if option else words


def _heading(key: str, lang: str, run: Run, option: str = "") -> str:
    words = locale.text(f"workbook.heading.{key}", lang)
    return f"{words} – {wording.title_of(run, lang)}" if option else words


def _rows(run: Run, frame: pd.DataFrame, table: str, names: Sequence[str], lang: str) -> list[list[Any]]:
    columns = [RESULTS[table].column(name) for name in names]
    basis = wording.Basis.of(run) if "rests_on" in names else None
    parts = [wording.cells(column, frame[column.name], lang, basis) for column in columns]
    return [list(row) for row in zip(*parts, strict=True)]


def _fields(table: str, names: Sequence[str], lang: str, totals: Sequence[str] = ()) -> list[Field]:
    return [field_of(RESULTS[table].column(name), lang, total=name in totals) for name in names]


def _with_names(run: Run, fields: list[Field], rows: list[list[Any]], codes: Sequence[Any], lang: str, at: int) -> None:
    """Insert the commune's name as column `at` of a sheet."""
    names = summary.names_by_code(run)
    fields.insert(at, Field(locale.text("workbook.commune", lang), 20))
    for row, code in zip(rows, codes, strict=True):
        row.insert(at, wording.clean(names.get(str(code), "")))


def _summary_sheet(book: Book, runs: Sequence[Run], lang: str) -> None:
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
    kind, name = wording.province_of(runs[0])
    notes = [locale.text("workbook.province", lang, kind=kind, name=name)]
    notes += [
        locale.text(
            "workbook.run",
            lang,
            title=wording.title_of(run, lang),
            name=run.name,
            date=wording.day(str(run.manifest.get("created", "")), lang),
        )
        for run in runs
    ]
    notes.append(locale.text("workbook.scope", lang, scope=_scope(runs[0], lang)))
    if wording.illustrative_line(runs, lang):
        notes.append(wording.illustrative_line(runs, lang))
    book.sheet(_name("summary", lang), locale.text("workbook.title", lang), fields, rows, notes=notes)


def _scope(run: Run, lang: str) -> str:
    scope = str(wording.scenario_of(run).get("need", {}).get("scope", ""))
    return locale.value_text("scope", scope, lang)


def _communes_sheet(book: Book, run: Run, lang: str, option: str) -> None:
    table = RESULTS["communes"]
    fields = [field_of(table.column(name), lang) for name in _COMMUNE_MARKS]
    fields += [
        field_of(table.column(name), lang, group=locale.text(f"workbook.group.{group}", lang), total=True)
        for group, name in summary.EXISTING_EXTENSION_NEW
    ]
    fields += [field_of(table.column(name), lang) for name in _COMMUNE_AFTER]
    names = [*_COMMUNE_MARKS, *(name for _, name in summary.EXISTING_EXTENSION_NEW), *_COMMUNE_AFTER]
    rows = _rows(run, run.communes, "communes", names, lang)
    notes = [locale.text("workbook.missing_note", lang)]
    book.sheet(
        _name("communes", lang, option),
        _heading("communes", lang, run, option),
        fields,
        rows,
        notes=notes,
        frozen_columns=2,
    )


def _sites_sheet(book: Book, run: Run, lang: str, option: str) -> None:
    sites = run.sites.sort_values(["commune_code", "rank", "site_id"], kind="stable", na_position="last")
    fields, rows = _fields("sites", _SITES, lang), _rows(run, sites, "sites", _SITES, lang)
    _with_names(run, fields, rows, list(sites["commune_code"]), lang, 2)
    book.sheet(_name("sites", lang, option), _heading("sites", lang, run, option), fields, rows, frozen_columns=3)


def _evidence_sheet(book: Book, run: Run, lang: str, option: str) -> None:
    evidence = wording.printable_evidence(run, lang)
    names = [name for name in RESULTS["conflicts"].names if name not in ("plan_id", "restricted")]
    fields, rows = _fields("conflicts", names, lang), _rows(run, evidence, "conflicts", names, lang)
    _with_names(run, fields, rows, list(evidence["commune_code"]), lang, 3)
    notes = [locale.text("workbook.evidence_note", lang)]
    book.sheet(
        _name("conflicts", lang, option),
        _heading("conflicts", lang, run, option),
        fields,
        rows,
        notes=notes,
        frozen_columns=2,
    )


def _conformity_sheet(book: Book, run: Run, lang: str, option: str) -> None:
    """Write what each plan says of the sites that are proposed or among the first of their commune."""
    rows_of = summary.conformity_of_best(run)
    names = RESULTS["conformity"].names
    fields, rows = _fields("conformity", names, lang), _rows(run, rows_of, "conformity", names, lang)
    _with_names(run, fields, rows, list(rows_of["commune_code"]), lang, 2)
    book.sheet(
        _name("conformity", lang, option),
        _heading("conformity", lang, run, option),
        fields,
        rows,
        notes=[locale.text("workbook.conformity_note", lang, ranks=summary.RANKS_OF_CONFORMITY)],
        frozen_columns=3,
    )


def _priority_sheet(book: Book, run: Run, lang: str, option: str) -> None:
    keys, points = summary.points_by_criterion(run, "commune")
    communes = run.communes.sort_values(["priority_rank", "code"], kind="stable", na_position="last")
    first = ("priority_rank", "code", "name", "kind", "is_border", "is_central_ward")
    after = (
        "base_points",
        "border_points",
        "ward_points",
        "supplement_points",
        "priority_points",
        "base_rank",
        "priority_missing",
        "rests_on",
    )
    fields = _fields("communes", first, lang)
    group = locale.text("workbook.group.parts", lang)
    fields += [Field(wording.criterion_label([run], "commune", key, lang), 13, "number", 3, group) for key in keys]
    fields += _fields("communes", after, lang)
    parts = points.reindex(communes["code"])[keys].to_numpy()
    missing_at = after.index("priority_missing")
    rows: list[list[Any]] = []
    for own, head, tail, missing in zip(
        parts,
        _rows(run, communes, "communes", first, lang),
        _rows(run, communes, "communes", after, lang),
        communes["priority_missing"],
        strict=True,
    ):
        tail[missing_at] = wording.criteria_listed(run, "commune", missing, lang)
        rows.append([*head, *(wording.scalar(value) for value in own), *tail])
    notes = [locale.text("workbook.priority_note", lang), *wording.weighings(run, "commune", lang)]
    book.sheet(
        _name("priority", lang, option),
        _heading("priority", lang, run, option),
        fields,
        rows,
        notes=notes,
        frozen_columns=3,
    )


def _programme_sheet(book: Book, run: Run, lang: str) -> None:
    option = summary.option_of(run)
    names = [name for name in RESULTS["programme"].names if name != "option"]
    rows = summary.programme(run)
    totals = ("total_cost", "population", "deficit_floor_area_m2")
    fields, lines = _fields("programme", names, lang, totals), _rows(run, rows, "programme", names, lang)
    notes = [locale.text("workbook.programme_note", lang)]
    parts = {
        status: summary.add_up(rows.loc[rows["status"] == status, "total_cost"]) for status in ("planned", "waiting")
    }
    if parts["waiting"]:
        notes.append(locale.text("workbook.programme_split", lang, **parts))
    book.sheet(
        _name("programme", lang, option),
        _heading("programme", lang, run, option),
        fields,
        lines,
        notes=notes,
        frozen_columns=2,
    )


def _funding_sheet(book: Book, run: Run, lang: str) -> None:
    option = summary.option_of(run)
    money = summary.money_by_year_and_source(summary.of_option(run.funding, run))
    sources = [str(name) for name in money.columns if name not in ("year", summary.TOTAL)]
    unit = locale.text("unit.money_shown", lang)
    fields = [Field(locale.text("workbook.year", lang), 9, "year")]
    fields += [
        Field(f"{wording.clean(locale.value_text('source', source, lang))} ({unit})", 22, "money", total=True)
        for source in sources
    ]
    fields.append(Field(f"{locale.text('workbook.total', lang)} ({unit})", 18, "money", total=True))
    rows = [
        [int(line["year"]), *(round(line[name] / wording.MONEY_SHOWN, 9) for name in (*sources, summary.TOTAL))]
        for line in money.to_dict("records")
    ]
    kind = str(wording.scenario_of(run).get("programme", {}).get("label_of_funds", "assumed"))
    notes = [locale.text(f"workbook.funds.{kind}", lang)]
    book.sheet(
        _name("funding", lang, option),
        _heading("funding", lang, run, option),
        fields,
        rows,
        notes=notes,
        frozen_columns=1,
    )


def _surplus_sheet(book: Book, run: Run, lang: str) -> None:
    option = summary.option_of(run)
    names = [name for name in RESULTS["surplus"].names if name != "option"]
    rows = summary.of_option(run.surplus, run)
    fields = _fields("surplus", names, lang, ("floor_area_m2", "land_area_m2"))
    lines = _rows(run, rows, "surplus", names, lang)
    _with_names(run, fields, lines, list(rows["commune_code"]), lang, 2)
    book.sheet(_name("surplus", lang, option), _heading("surplus", lang, run, option), fields, lines, frozen_columns=2)


def _coverage_sheet(book: Book, run: Run, lang: str) -> None:
    cover = run.coverage
    roles = list(
        dict.fromkeys(cover.sort_values(["mandatory", "role"], ascending=[False, True], kind="stable")["role"])
    )
    required = {str(r) for r, m in zip(cover["role"], cover["mandatory"], strict=True) if wording.scalar(m)}
    status = {(c, r): s for c, r, s in zip(cover["commune_code"], cover["role"], cover["status"], strict=True)}
    groups = {True: locale.text("workbook.group.mandatory", lang), False: locale.text("workbook.group.other", lang)}
    fields = [*_fields("communes", ("code", "name", "coverage_percent"), lang)]
    fields += [Field(wording.role_label(str(role), lang), 14, group=groups[str(role) in required]) for role in roles]
    head = _rows(run, run.communes, "communes", ("code", "name", "coverage_percent"), lang)
    rows = [
        [*marks, *(_status_word(status.get((code, role)), lang) for role in roles)]
        for code, marks in zip(run.communes["code"], head, strict=True)
    ]
    notes = [locale.text("workbook.coverage_note", lang)]
    book.sheet(_name("coverage", lang), _heading("coverage", lang, run), fields, rows, notes=notes, frozen_columns=2)


def _status_word(token: Any, lang: str) -> str:
    return (
        locale.value_text("status", token, lang)
        if isinstance(token, str)
        else locale.text("workbook.not_checked", lang)
    )


def _scores_sheet(book: Book, run: Run, lang: str, option: str) -> None:
    """Points of each site by criterion; rows in the order of the sheet of sites."""
    keys, points = summary.points_by_criterion(run, "site")
    sites = run.sites.sort_values(["commune_code", "rank", "site_id"], kind="stable", na_position="last")
    names = ("site_id", "commune_code", "label", "rank", "score")
    fields, rows = _fields("sites", names, lang), _rows(run, sites, "sites", names, lang)
    group = locale.text("workbook.group.parts", lang)
    fields += [Field(wording.criterion_label([run], "site", key, lang), 13, "number", 3, group) for key in keys]
    parts = points.reindex(sites["site_id"])[keys].to_numpy()
    for row, own in zip(rows, parts, strict=True):
        row += [wording.scalar(value) for value in own]
    _with_names(run, fields, rows, list(sites["commune_code"]), lang, 2)
    notes = [locale.text("workbook.scores_note", lang), *wording.weighings(run, "site", lang)]
    book.sheet(
        _name("scores", lang, option),
        _heading("scores", lang, run, option),
        fields,
        rows,
        notes=notes,
        frozen_columns=3,
    )


def _plain(table: str) -> Callable[[Book, Run, str, str], None]:
    """Return the writer of a table as it stands; of the needs, those of the planned scope."""

    def write(book: Book, run: Run, lang: str, option: str) -> None:
        frame = wording.without_restricted(run.table(table), run)
        notes = []
        scope = wording.scenario_of(run).get("need", {}).get("scope")
        if table == "needs" and scope:
            frame = frame[frame["scope"] == scope]
            notes.append(locale.text("workbook.scope", lang, scope=_scope(run, lang)))
        if locale.has_text(f"workbook.note.{table}", lang):
            notes.append(locale.text(f"workbook.note.{table}", lang))
        names = [name for name in RESULTS[table].names if name != "order"]
        fields, rows = _fields(table, names, lang), _rows(run, frame, table, names, lang)
        if "commune_code" in names:
            _with_names(run, fields, rows, list(frame["commune_code"]), lang, names.index("commune_code") + 1)
        heading = locale.text("workbook.heading.plain", lang, label=_label(table, lang))
        if option:
            heading = f"{heading} – {wording.title_of(run, lang)}"
        book.sheet(_name(table, lang, option), heading, fields, rows, notes=notes, frozen_columns=1)

    return write


def _label(table: str, lang: str) -> str:
    found = RESULTS[table]
    return found.label_en if lang == "en" else found.label
