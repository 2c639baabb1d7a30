"""Plans that arrive as drawings: `plans import-dxf`."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from siteplan.cli.session import CatalogOption, Session, in_session, words
from siteplan.locale import number, text

if TYPE_CHECKING:
    from siteplan.layers.catalog import Catalog
    from siteplan.layers.drawing.importer import Imported

FOLDER = "quy_hoach"


@in_session
def plans_import_dxf(
    now: Session,
    file: Annotated[Path, typer.Argument(help=words("plans.dxf.file"))],
    plan: Annotated[str, typer.Option("--plan", help=words("plans.plan"))],
    layers: Annotated[Path | None, typer.Option("--layers", help=words("plans.dxf.layers"), show_default=False)] = None,
    control: Annotated[
        list[str] | None, typer.Option("--control", help=words("plans.dxf.control"), show_default=False)
    ] = None,
    tolerance: Annotated[
        float, typer.Option("--tolerance", min=0.0, max=10.0, help=words("plans.dxf.tolerance"))
    ] = 0.1,
    sagitta: Annotated[float, typer.Option("--sagitta", min=0.001, max=5.0, help=words("plans.dxf.sagitta"))] = 0.02,
    unit: Annotated[str, typer.Option("--unit", help=words("plans.dxf.unit"), show_default=False)] = "",
    crs: Annotated[int | None, typer.Option("--crs", help=words("plans.dxf.crs"), show_default=False)] = None,
    horizon: Annotated[str, typer.Option("--horizon", help=words("plans.dxf.horizon"), show_default=False)] = "",
    catalog: CatalogOption = None,
) -> None:
    """Make the zones of a plan from its drawing, a catalog entry for them, and the list of all that is wrong in it."""
    from siteplan.errors import Problem, UsageError
    from siteplan.layers.catalog import load_catalog
    from siteplan.layers.drawing import control as points
    from siteplan.layers.drawing.entities import UNITS
    from siteplan.layers.drawing.importer import Options, import_dxf, write_zones
    from siteplan.rules import load_rules
    from siteplan.workspace import lock

    if unit and unit not in UNITS:
        raise UsageError(Problem("dxf_unit_unknown", value=unit, params={"known": ", ".join(UNITS)}))
    name = _file_name(plan)
    place = now.workspace(catalog)
    target = catalog or place.catalog
    known = load_catalog(target)
    folder = target.parent / FOLDER
    table = layers or folder / f"{name}.lop.csv"
    options = Options(
        tolerance_m=tolerance, sagitta_m=sagitta, unit=unit, control=tuple(map(points.parse, control or ())),
        epsg=crs, layers=table, horizon=horizon,
    )  # fmt: skip
    rules = load_rules(place.layers / "rules")
    with lock(place):
        found = import_dxf(file, plan, known.province, rules, options)
        found = replace(found, problems=[*found.problems, *_of_register(known, plan, file.name)])
        zones = write_zones(folder / f"{name}.gpkg", found)
        listed = _write_faults(folder / f"{name}_loi", found, now.lang)
        entry = _enter(known, zones, name, plan, file)
    _tell(now, found, table, now.lang)
    now.problems(found.problems)
    for path in (zones, *listed):
        now.line("written", file=str(path))
    if entry:
        now.line("layers.added", catalog=str(target), name=entry)


def _file_name(plan: str) -> str:
    """Name of the files of a plan: plain letters, so that no id can lead out of the folder."""
    from siteplan.errors import Problem, UsageError
    from siteplan.layers.add import name_from

    name = name_from(Path(plan.replace("/", "_").replace("\\", "_").replace(".", "_")), "")
    if not name or len(name) > 60:
        raise UsageError(Problem("plan_id_unfit", value=plan[:80]))
    return name


def _of_register(catalog: Catalog, plan: str, file: str) -> list[Any]:
    """Tell where the plan is not in the register, or is on paper only (then what was drawn is a tracing)."""
    from siteplan.errors import Problem
    from siteplan.layers.register import read_register

    entries = tuple(e for e in catalog.layers if e.role == "plans")
    rows = read_register(replace(catalog, layers=entries, problems=())).table("plans")
    rows = rows[rows["plan_id"] == plan]
    if not len(rows):
        return [Problem("dxf_plan_unregistered", "warning", file=file, value=plan)]
    row = rows.iloc[0]
    if bool(row["paper_only"]):
        accuracy = row["accuracy_m"]
        key = "dxf_plan_paper" if accuracy == accuracy else "dxf_plan_paper_inexact"  # noqa: PLR0124 - NaN
        return [Problem(key, "warning", file=file, value=plan, params={"accuracy_m": accuracy})]
    return []


def _write_faults(folder: Path, found: Imported, lang: str) -> list[Path]:
    """Write the list of faults as CSV and XLSX, and those that have a place as points."""
    from siteplan.layers.drawing.importer import fault_points
    from siteplan.locale import problem_row
    from siteplan.runs import write_geopackage, write_problems

    folder.mkdir(parents=True, exist_ok=True)
    write_problems(folder, found.problems, lang)
    written = [folder / "problems.csv", folder / "problems.xlsx"]
    points = folder / "diem_loi.gpkg"
    points.unlink(missing_ok=True)
    if found.places:
        write_geopackage(
            points, {"diem_loi": fault_points(found, [problem_row(p, lang)["what"] for p in found.problems])}
        )
        written.append(points)
    return written


def _enter(catalog: Catalog, zones: Path, name: str, plan: str, file: Path) -> str:
    """Write the catalog entry of a plan's zones; "" where it stands there already."""
    from siteplan.layers.add import append_entry, inspect

    entry = f"o_{name}"
    if any(known.name == entry for known in catalog.layers):
        return ""
    proposal = inspect(zones, "plan_zones", catalog.province, folder=catalog.folder, name=entry)
    source = text("plans.dxf.source", "vi", plan=plan, file=file.name)
    append_entry(catalog.path, replace(proposal, entry={**proposal.entry, "source": source}, remarks=()))
    return entry


def _tell(now: Session, found: Imported, table: Path, lang: str) -> None:
    from siteplan.layers.drawing.layer_table import uses_of

    position, uses = found.position, uses_of(found.table)
    key = "plans.dxf.proposed" if found.proposed else "plans.dxf.read"
    now.out.print(text(key, lang, table=str(table), **uses), markup=False)
    how = text(f"plans.dxf.how.{position.how}", lang, unit=position.unit, epsg=position.epsg or "")
    now.out.print(how, markup=False)
    if position.helmert is not None:
        fitted = position.helmert
        residuals = "; ".join(f"{number(r, 3, lang)} m" for r in fitted.residuals_m)
        now.out.print(
            text("plans.dxf.helmert", lang, scale=number(fitted.scale, 6, lang),
                 rotation=number(fitted.rotation_degrees, 4, lang), residuals=residuals), markup=False,
        )  # fmt: skip
    sizes = found.zones.assign(m2=found.zones.area, function=found.zones["function"].fillna(""))
    rows = sizes.groupby("function")["m2"].agg(["size", "sum"]).sort_values("sum", ascending=False)
    columns = [(text("plans.show.function", lang), "left"), (text("plans.list.zones", lang), "right"),
               (text("plans.show.hectares", lang), "right")]  # fmt: skip
    lines = [
        [str(function) or text("plans.show.no_function", lang), number(int(count), 0, lang),
         number(float(area) / 10_000, 4, lang)]
        for function, count, area in rows.itertuples()
    ]  # fmt: skip
    lines.append([text("plans.show.sum", lang), number(len(sizes), 0, lang),
                  number(float(sizes["m2"].sum()) / 10_000, 4, lang)])  # fmt: skip
    now.table(text("plans.show.zones", lang), columns, lines)
