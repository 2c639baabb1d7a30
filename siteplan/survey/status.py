"""What each task of the province still lacks: complete, partial or missing, and which layer or figure is absent.

A task is complete only on real data: a figure that rests on an illustrative layer or an assumed sum makes it
partial.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal, Protocol

import pandas as pd

from siteplan import locale
from siteplan.locale import Message
from siteplan.outputs.wording import clean, role_label

if TYPE_CHECKING:
    from siteplan.errors import Problem
    from siteplan.runs import Run

State = Literal["complete", "partial", "missing"]

# the province's eight instructions, and the roles of the catalog each needs
TASKS: dict[str, tuple[str, ...]] = {
    "size": ("communes", "commune_facts", "commune_staff"),
    "locations": ("communes", "land_use", "dem", "roads", "hazards"),
    "plans": ("plans", "plan_zones"),
    "priority": ("commune_facts", "facilities", "filing"),
    "options": (),
    "old_facilities": ("facilities",),
    "figures": ("facilities",),
    "dossier": (),
}
# without these a task has nothing to stand on
_GROUND: dict[str, tuple[str, ...]] = {
    "size": ("communes", "commune_facts"),
    "locations": ("communes", "dem", "roads"),
    "plans": ("plans", "plan_zones"),
    "priority": ("commune_facts",),
    "old_facilities": ("facilities",),
    "figures": ("facilities",),
}


@dataclass
class TaskStatus:
    """State of one task.

    Parameters
    ----------
    task
        Key of the task; its name is ``status.task.<task>``.
    state
        ``complete``, ``partial`` or ``missing``.
    lacking
        Messages: what is absent, or what the figures rest on that is not final.
    """

    task: str
    state: State = "complete"
    lacking: list[Message] = field(default_factory=list)

    def lack(self, key: str, state: State = "partial", **params: Any) -> None:
        """Note what is lacking; the state only gets worse."""
        self.lacking.append((f"status.lack.{key}", params))
        if self.state != "missing":
            self.state = state

    def row(self, lang: str = locale.DEFAULT_LANGUAGE) -> dict[str, str]:
        """Return task and what is lacking in words, and the state as its token (``value.task_state.<token>``)."""
        return {
            "task": locale.text(f"status.task.{self.task}", lang),
            "state": self.state,
            "lacking": "; ".join(_words(key, params, lang) for key, params in self.lacking),
        }


def _words(key: str, params: Mapping[str, Any], lang: str) -> str:
    """Write what is lacking: roles, layers, plan kinds and criteria by their names for readers."""
    shown = dict(params)
    role = role_label(str(shown["role"]), lang) if "role" in shown else ""
    if role:
        shown["role"] = role
    if "layers" in shown:  # named beside their role only where they are called otherwise
        names = sorted({clean(title) if title and lang != "en" else role for title in shown["titles"]})
        shown["layers"] = ", ".join(names)
        key += "_named" if names != [role] else ""
    if "plan_kind" in shown:
        shown["plan_kind"] = locale.value_text("plan_kind", shown["plan_kind"], lang)
    if "criterion" in shown:
        own = shown["label_en" if lang == "en" else "label"]
        shown["label"] = clean(str(own)) if own else locale.value_text("criterion", shown["criterion"], lang)
    return locale.text(key, lang, **shown)


class CatalogEntry(Protocol):
    """What is asked of an entry of the catalog."""

    @property
    def name(self) -> str:
        """Name of the layer."""

    @property
    def role(self) -> str:
        """Role of the layer."""

    @property
    def illustrative(self) -> bool:
        """Whether the layer is illustrative."""

    @property
    def title(self) -> str:
        """What readers see instead of the name; empty where the label of the role says it."""


def task_status(
    run: Run | None,
    entries: Iterable[CatalogEntry],
    lang: str = locale.DEFAULT_LANGUAGE,
    problems: Sequence[Problem] = (),
) -> list[dict[str, str]]:
    """Return a row a task for `siteplan status`: ``task`` and ``lacking`` in words, ``state`` as a token.

    Parameters
    ----------
    run
        The newest run, None where there is none yet.
    entries
        Entries of the catalog as it is now.
    lang
        Language of the words.
    problems
        What a check found, where one was made.
    """
    listed = [(entry.name, entry.role, entry.title, bool(entry.illustrative)) for entry in entries]
    sources = pd.DataFrame(listed, columns=["layer", "role", "title", "illustrative"])
    return [status.row(lang) for status in judge(run, None, sources, problems)]


def judge(
    run: Run | None,
    coverage: pd.DataFrame | None,
    sources: pd.DataFrame | None,
    problems: Sequence[Problem] = (),
) -> list[TaskStatus]:
    """Judge the eight tasks.

    Parameters
    ----------
    run
        The newest run, None where there is none yet.
    coverage, sources
        Tables ``coverage`` and ``sources`` of the layers as they are now (or of the run); None where they could not
        be read.
    problems
        What the check found; errors make the tasks that need their layer partial.

    Returns
    -------
    list of TaskStatus
        In the order of the province's instructions.
    """
    cover = coverage if coverage is not None else (run.coverage if run is not None else None)
    layers = sources if sources is not None else (run.sources if run is not None else None)
    found = []
    for task, roles in TASKS.items():
        status = TaskStatus(task)
        _judge_layers(status, roles, layers, problems)
        if run is None:
            status.lack("run", "missing" if task in ("options", "dossier") else "partial")
        else:
            _JUDGES[task](status, run, cover)
        if task == "plans":
            _judge_plans(status, cover)
        found.append(status)
    _judge_dossier(found, run)
    return found


def _flag(values: pd.Series[Any]) -> pd.Series[Any]:
    return values.fillna(value=False).astype(bool)


def _judge_layers(
    status: TaskStatus, roles: Sequence[str], layers: pd.DataFrame | None, problems: Sequence[Problem]
) -> None:
    if layers is None:
        if roles:
            status.lack("layers_unread", "missing")
        return
    ground = _GROUND.get(status.task, ())
    own = layers[layers["role"].isin(roles)]
    for role in roles:
        if role not in set(own["role"]):
            status.lack("layer", "missing" if role in ground else "partial", role=role)
    illustrative = own[_flag(own["illustrative"])]
    for role in sorted({str(r) for r in illustrative["role"]}):
        those = illustrative[illustrative["role"] == role]
        titles = tuple(str(t) if isinstance(t, str) else "" for t in those["title"])
        status.lack("illustrative", role=role, layers=", ".join(sorted(map(str, those["layer"]))), titles=titles)
    role_of = dict(zip(own["layer"].astype(str), own["role"].astype(str), strict=True))
    wrong = sorted({p.layer for p in problems if p.severity == "error" and p.layer in role_of})
    for layer in wrong:
        status.lack("errors", layer=layer, role=role_of[layer])


def _count(status: TaskStatus, key: str, count: int, total: int, all_is_missing: bool = True) -> None:
    """Note `count` of `total` communes that lack something; none at all has it: the task is missing."""
    if count:
        status.lack(key, "missing" if all_is_missing and count == total else "partial", count=count, total=total)


def _size(status: TaskStatus, run: Run, cover: pd.DataFrame | None) -> None:
    del cover
    communes = run.communes
    total = len(communes)
    _count(status, "need", int(communes["required_floor_area_m2"].isna().sum()), total)
    _count(status, "staff", int((communes["staff_basis"] != "approved").sum()), total, all_is_missing=False)
    _assumed(status, run)


def _assumed(status: TaskStatus, run: Run) -> None:
    norms = run.table("needs")
    unsure = norms[norms["certainty"].isin(("R", "P"))]
    if len(unsure):
        status.lack("norms", count=int(unsure["item"].nunique()))


def _locations(status: TaskStatus, run: Run, cover: pd.DataFrame | None) -> None:
    communes = run.communes
    _count(status, "site", int(communes["best_site_id"].isna().sum()), len(communes))
    if cover is not None:
        lacking = cover[cover["role"].isin(("land_use", "hazards", "dem")) & (cover["status"] != "covered")]
        for role, part in lacking.groupby("role", sort=True):
            status.lack("covered", role=str(role), count=int(part["commune_code"].nunique()))


def _judge_plans(status: TaskStatus, cover: pd.DataFrame | None) -> None:
    if cover is None:
        return
    plans = cover[cover["role"].str.startswith("plans/") & _flag(cover["mandatory"])]
    lacking = plans[plans["status"] != "covered"]
    for role, part in lacking.groupby("role", sort=True):
        kind = str(role).removeprefix("plans/")
        status.lack(
            "plan_kind",
            plan_kind=kind,
            count=int(part["commune_code"].nunique()),
            total=int(cover["commune_code"].nunique()),
        )


def _plans(status: TaskStatus, run: Run, cover: pd.DataFrame | None) -> None:
    del cover
    chosen = run.communes["best_check_result"]
    unclear = int((~chosen.isin(("clear",)) & chosen.notna()).sum())
    if unclear:
        status.lack("not_clear", count=unclear, total=int(chosen.notna().sum()))


def _priority(status: TaskStatus, run: Run, cover: pd.DataFrame | None) -> None:
    del cover
    communes = run.communes
    _count(status, "rank", int(communes["priority_rank"].isna().sum()), len(communes))
    keys: dict[str, int] = {}
    for cell in communes["priority_missing"].dropna():
        for key in str(cell).split(";"):
            if key.strip():
                keys[key.strip()] = keys.get(key.strip(), 0) + 1
    listed = run.manifest.get("scenario", {}).get("criteria", ())
    own = {str(c.get("key")): c for c in listed if c.get("of") == "commune"}
    for key in sorted(keys):
        label, label_en = (own.get(key, {}).get(name) or "" for name in ("label", "label_en"))
        status.lack("criterion", criterion=key, count=keys[key], label=label, label_en=label_en)


def _options(status: TaskStatus, run: Run, cover: pd.DataFrame | None) -> None:
    del cover
    programme = run.programme
    if programme.empty:
        status.lack("programme", "missing")
        return
    scenario = run.manifest.get("scenario", {})
    if scenario.get("programme", {}).get("label_of_funds", "assumed") != "approved":
        status.lack("funds")
    planned = programme[programme["status"] == "planned"]
    _count(
        status, "clearance", int((~_flag(planned["clearance_cost_included"])).sum()), len(planned), all_is_missing=False
    )
    uncosted = int(planned["cost_at_price_year"].isna().sum())
    _count(status, "cost", uncosted, len(planned))


def _old_facilities(status: TaskStatus, run: Run, cover: pd.DataFrame | None) -> None:
    del cover
    facilities, surplus = run.facilities, run.surplus
    if facilities.empty:
        status.lack("facilities", "missing")
        return
    untreated = int((~facilities["facility_id"].isin(set(surplus["facility_id"]))).sum())
    _count(status, "treatment", untreated, len(facilities))
    _facility_figures(status, facilities)


def _facility_figures(status: TaskStatus, facilities: pd.DataFrame) -> None:
    for column in ("floor_area_m2", "land_area_m2", "condition", "year_built"):
        count = int(facilities[column].isna().sum())
        if count:
            status.lack(f"facility_{column}", count=count, total=len(facilities))
    assumed = int(_flag(facilities["position_assumed"]).sum())
    if assumed:
        status.lack("position", count=assumed, total=len(facilities))


def _figures(status: TaskStatus, run: Run, cover: pd.DataFrame | None) -> None:
    del cover
    communes = run.communes
    basis = communes["gap_basis"].astype("object").where(communes["gap_basis"].notna(), "missing")
    for token in ("estimated", "missing"):
        count = int((basis == token).sum())
        if count:
            everything = count == len(communes)
            status.lack(f"figures_{token}", "missing" if everything else "partial", count=count, total=len(communes))


def _dossier(status: TaskStatus, run: Run, cover: pd.DataFrame | None) -> None:
    del cover
    if not run.manifest.get("frozen"):
        status.lack("frozen")
    layers = run.manifest.get("illustrative_layers", ())
    if layers:
        status.lack("illustrative_run", count=len(layers))


def _judge_dossier(found: Sequence[TaskStatus], run: Run | None) -> None:
    """Hold the dossier to its parts: it is complete only when every other task is."""
    if run is None:
        return
    own = next(status for status in found if status.task == "dossier")
    open_tasks = [status for status in found if status.task != "dossier" and status.state != "complete"]
    if open_tasks:
        own.lack("tasks", count=len(open_tasks))


_JUDGES: dict[str, Callable[[TaskStatus, Any, pd.DataFrame | None], None]] = {
    "size": _size,
    "locations": _locations,
    "plans": _plans,
    "priority": _priority,
    "options": _options,
    "old_facilities": _old_facilities,
    "figures": _figures,
    "dossier": _dossier,
}
