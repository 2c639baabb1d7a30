"""What is said of a run as a whole: its option, province and criteria, the stamp of a draft, what may be printed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from siteplan import locale
from siteplan.outputs import wording

if TYPE_CHECKING:
    from siteplan.runs import Run


def without_restricted(frame: Any, run: Run) -> Any:
    """Return rows that may leave the house: those of restricted layers only where the run was made to include them."""
    if run.manifest.get("include_restricted") or "restricted" not in frame.columns:
        return frame
    return frame[~frame["restricted"].fillna(value=False).astype(bool)].reset_index(drop=True)


# what would tell where a restricted object is, or which one
_TELLING = (
    "plan_id",
    "plan_kind",
    "decision_no",
    "decision_date",
    "authority",
    "plan_status",
    "function",
    "area_m2",
    "percent_of_site",
    "width_m",
    "accuracy_m",
    "coordinates",
    "horizon",
    "rule_name",
    "shift_direction",
    "shift_m",
)


def printable_evidence(run: Run, lang: str) -> Any:
    """Return the evidence of a run for printing.

    A finding that rests on a restricted layer stays in the list, because the site does need a written confirmation, but
    says nothing of the object, unless the run was made to include restricted layers. One that has no name says that
    its layer is restricted.
    """
    evidence = run.conflicts
    flags = evidence["restricted"].fillna(value=False).astype(bool)
    if not flags.any():
        return evidence
    evidence = evidence.copy()
    nameless = flags
    if run.manifest.get("include_restricted"):
        nameless = flags & evidence["title"].fillna("").eq("")
    else:
        evidence.loc[flags, list(_TELLING)] = None
        evidence.loc[flags, "zone_id"] = locale.text("restricted.zone", lang)
    evidence.loc[nameless, "title"] = locale.text("restricted.title", lang)
    return evidence


def scenario_of(run: Run) -> Mapping[str, Any]:
    """Return the scenario of a run as resolved."""
    found: Mapping[str, Any] = run.manifest.get("scenario", {})
    return found


def title_of(run: Run, lang: str) -> str:
    """Title of the option a run computed."""
    scenario = scenario_of(run)
    english = str(scenario.get("title_en") or "")
    return wording.clean(english if lang == "en" and english else str(scenario.get("title") or run.name))


def province_of(run: Run) -> tuple[str, str]:
    """Kind and name of the province, as the manifest tells."""
    province = run.manifest.get("province", {})
    return str(province.get("kind", "tỉnh")), str(province.get("name", ""))


def criterion_label(runs: Sequence[Run], of: str, key: str, lang: str) -> str:
    """Label of a criterion: the scenario's own, else the text of its key."""
    for run in runs:
        for criterion in scenario_of(run).get("criteria", ()):
            if criterion.get("of", "site") == of and criterion.get("key") == key:
                own = criterion.get("label_en" if lang == "en" else "label")
                if own:
                    return wording.clean(str(own))
    return wording.clean(locale.value_text("criterion", key, lang))


def criteria_listed(run: Run, of: str, keys: Any, lang: str) -> str | None:
    """Write criterion keys joined by ";" (``priority_missing``) by their labels."""
    found = wording.scalar(keys)
    if not found:
        return None
    return "; ".join(criterion_label([run], of, key.strip(), lang) for key in str(found).split(";") if key.strip())


def is_draft(runs: Sequence[Run]) -> bool:
    """Whether one of the runs is not frozen."""
    return any(not run.manifest.get("frozen") for run in runs)


def stamp(runs: Sequence[Run], lang: str) -> str:
    """Line that says what state the figures are in: DỰ THẢO with program version and date, or the frozen version."""
    if is_draft(runs):
        newest = max(str(run.manifest.get("created", "")) for run in runs)
        version = _version(runs[0])
        return locale.text("stamp.draft", lang, version=version, date=wording.day(newest, lang))
    frozen = [run.manifest["frozen"] for run in runs]
    words = sorted({f"{f.get('version', '')} ({wording.day(str(f.get('date', '')), lang)})" for f in frozen})
    return wording.clean(locale.text("stamp.frozen", lang, version="; ".join(words)))


def _version(run: Run) -> str:
    found = run.manifest.get("version", "")
    if isinstance(found, Mapping):
        found = found.get("siteplan", "")
    return str(found)


def illustrative_line(runs: Sequence[Run], lang: str) -> str:
    """Sentence that names the illustrative layers the figures rest on; empty where there is none."""
    layers = sorted({str(name) for run in runs for name in run.manifest.get("illustrative_layers", ())})
    if not layers:
        return ""
    names = list(dict.fromkeys(wording.layer_labels(layers, lang, runs).values()))
    return wording.clean(locale.text("stamp.illustrative", lang, count=len(layers), layers="; ".join(names)))


def stamp_lines(runs: Sequence[Run], lang: str) -> list[str]:
    """Return the lines every page carries: the stamp, and a short word on illustrative data where there is some."""
    lines = [stamp(runs, lang)]
    if illustrative_line(runs, lang):
        lines.append(locale.text("stamp.illustrative_short", lang))
    return lines


def weighings(run: Run, of: str, lang: str) -> list[str]:
    """Say how weights that were not given one by one came about: comparisons in pairs, or an order of rank."""
    told = []
    for found in run.manifest.get("weighting", ()):
        if found["of"] != of:
            continue
        by = f", {found['by']}" if found.get("by") else ""
        shares = zip(found["names"], found["shares"], strict=True)
        names = "; ".join(
            f"{wording.clean(str(name))} {locale.number(100 * share, 1, lang)} %" for name, share in shares
        )
        params = {"by": by, "names": names, "table": found.get("index_table", "")}
        params |= {
            key: locale.number(found.get(source), places, lang)
            for key, source, places in (
                ("lambda_max", "lambda_max", 3), ("ratio", "consistency_ratio", 4), ("limit", "limit", 1),
            )
        }  # fmt: skip
        told.append(locale.text(f"workbook.weighing.{found['method']}", lang, **params))
    return told
