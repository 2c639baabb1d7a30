"""Every table of the dossier is read back from Word and held against the results, cell by cell; none is left out.

What a cell must say is worked out here from the result tables with Decimal and pandas, not by the code that writes.
"""

from __future__ import annotations

import re
from decimal import ROUND_HALF_UP, Decimal

import docx
import pandas as pd
import pytest

from siteplan import locale
from siteplan.locale import encode
from siteplan.outputs import compare, dossier, replies, run_words, wording
from siteplan.tables import RESULTS, conform

NONE = "–"
OVERLAPS = ("overlap", "contains", "within")
AGAINST = ("blocking", "conditional")
STATES = {
    "conforms": "Phù hợp quy hoạch",
    "needs_adjustment": "Cần điều chỉnh quy hoạch",
    "not_in_plan": "Chưa có trong quy hoạch",
    "outside": "Không nằm trong ô đất phải giữ",
    "not_compared": "Có quy hoạch, chưa đủ để đối chiếu",
    "paper_only": "Chỉ có bản giấy",
    "no_plan": "Chưa có quy hoạch, chưa đối chiếu được",
}
EVIDENCE_COLUMNS = ("title", "decision_no", "decision_date", "rule_name", "relation", "area_m2", "percent_of_site")


def vn(value, decimals=0):
    """Write a number as the decree does: dots for thousands, a comma for decimals, halves away from zero."""
    if value is None or pd.isna(value):
        return NONE
    exact = Decimal(repr(float(value))).quantize(Decimal(1).scaleb(-decimals), ROUND_HALF_UP)
    whole, _, rest = f"{abs(exact):f}".partition(".")
    grouped = ".".join([whole[max(0, i - 3) : i] for i in range(len(whole), 0, -3)][::-1])
    return ("-" if exact < 0 else "") + grouped + ("," + rest if rest else "")


def bn(dong):
    return vn(None if dong is None or pd.isna(dong) else Decimal(str(float(dong))) / 10**9, 3)


def capital(words):
    return words[:1].upper() + words[1:]


def total(values):
    known = pd.to_numeric(values, errors="coerce").dropna()
    return None if known.empty else float(known.sum())


def told(table, name, value):
    """Say what a cell of a result table must show; None where it is text of messages, which is held elsewhere."""
    column = RESULTS[table].column(name)
    if (not isinstance(value, str) and pd.isna(value)) or value == "":
        return NONE
    if column.kind == "messages":
        return None
    if column.kind == "bool":
        return "Có" if value else "Không"
    if column.kind == "int":
        return str(int(value)) if name.endswith("year") else vn(value)
    if column.kind == "float":
        areas_and_percents = column.unit in ("m²", "%")
        return bn(value) if column.unit == "đồng" else vn(value, min(column.decimals, 2 if areas_and_percents else 9))
    if column.kind == "date":
        return "/".join(reversed(str(value)[:10].split("-")))
    if name == "value" and re.fullmatch(r"-?\d+(\.\d+)?", str(value)):
        return vn(value, max(0, -Decimal(str(value)).as_tuple().exponent))
    if column.values or name == "build_type":
        return capital(locale.value_text(name, str(value)))
    if name in ("phase", "group", "source"):
        return wording.clean(locale.value_text(name, str(value)))
    return wording.clean(str(value))


def label(table, name):
    column = RESULTS[table].column(name)
    words = wording.label(column, "vi")
    assert column.label in words or column.label_en in words
    return capital(words)


def cells(table):
    """Read a table; a cell over several columns is one with empty ones behind it."""
    lines = []
    for row in table.rows:
        line = []
        for at, cell in enumerate(row.cells):
            line.append("" if at and cell._tc is row.cells[at - 1]._tc else cell.text)
        lines.append(line)
    return lines


def lines_of(table, names, frame):
    return [[told(table, name, value) for name, value in zip(names, row, strict=True)]
            for row in zip(*(frame[name] for name in names), strict=True)]  # fmt: skip


def hold(found, expected):
    """Compare cells; a cell whose text is cut at its limit, or made of messages, is expected as None."""
    assert len(found) == len(expected)
    for line, wanted in zip(found, expected, strict=True):
        assert len(line) == len(wanted)
        for said, meant in zip(line, wanted, strict=True):
            if meant is None:
                assert said
            elif len(meant) > 320:
                assert said.endswith("…")
                assert meant.casefold().startswith(said.rstrip(" …;.").casefold())
            else:
                assert said == meant


class Oracle:
    """What each table of the dossier of some runs must hold."""

    def __init__(self, runs):
        self.runs, self.run = runs, runs[0]
        self.names = {row["code"]: f"{row['kind']} {row['name']}" for row in self.run.communes.to_dict("records")}
        self.short = [run.manifest["scenario"]["title"].split(":")[0].strip() for run in runs]

    def place(self, code):
        return wording.clean(capital(self.names[code]))

    def own(self, run, table):
        frame = run.table(table)
        return frame[frame["option"] == run.manifest["scenario"]["name"]].reset_index(drop=True)

    def programme(self, run):
        return self.own(run, "programme").sort_values(["priority_rank", "commune_code"], na_position="last")

    def planned(self, run):
        rows = self.programme(run)
        return rows[rows["status"] == "planned"]

    def best(self):
        sites = self.run.sites
        return sites[sites["is_best"].fillna(value=False).astype(bool)].sort_values("commune_code")

    def table_of(self, table, names, frame, *, extra=(), sums=(), of=None, total_words="Tổng cộng"):
        lines = lines_of(table, names, frame)
        headings = [label(table, name) for name in names]
        if sums:
            rows = frame if of is None else of
            lines.append([told(table, n, total(rows[n])) if n in sums else "" for n in names])
        for at, heading, texts in extra:
            headings.insert(at, heading)
            for line, words in zip(lines, [*texts, ""] if sums else texts, strict=True):
                line.insert(at, words)
        if sums:
            lines[-1][0] = total_words
        return [headings, *lines]

    # tables of the Đề án, in order

    def basis(self):
        communes = self.run.communes
        parts = [communes[communes["gap_basis"] == token] for token in ("reported", "estimated", "missing")]
        names = [n for _, n in (
            ("", "required_floor_area_m2"), ("", "required_land_area_m2"), ("", "existing_floor_area_m2"),
            ("", "existing_land_area_m2"), ("", "kept_floor_area_m2"), ("", "deficit_floor_area_m2"),
            ("", "extension_floor_area_m2"), ("", "extension_land_area_m2"), ("", "new_floor_area_m2"),
            ("", "new_land_area_m2"))]  # fmt: skip
        heads = [locale.value_text("gap_basis", token) for token in ("reported", "estimated", "missing")]
        rows = [[capital(locale.text("workbook.basis")), *(capital(h) for h in heads), "Tổng cộng"]]
        rows.append([locale.text("workbook.count"), *(str(len(part)) for part in (*parts, communes))])
        rows += [[label("communes", n), *(vn(total(part[n]), 2) for part in (*parts, communes))] for n in names]
        return rows

    def scopes(self):
        rows, areas = self.run.scopes, ("required_floor_area_m2", "required_land_area_m2")
        found = [[label("scopes", n) for n in ("scope", *areas)]]
        for scope in "ABC":
            part = rows[rows["scope"] == scope]
            planned = part["planned"].fillna(value=False).any()
            name = locale.value_text("scope", scope) + (locale.text("dossier.need.planned") if planned else "")
            found.append([name, *(vn(total(part[n]), 2) for n in areas)])
        return found

    def groups(self):
        names = [n for n in RESULTS["groups"].names if n != "order"]
        return self.table_of("groups", names, self.run.groups)

    def totals(self):
        names = ("item", "basis", "units", "reported_m2", "computed_m2", "agreed_m2", "used_m2", "low_m2", "high_m2")
        rows = self.run.totals
        rows = rows[rows["units"].fillna(0) > 0]
        if rows["low_m2"].isna().all() and rows["high_m2"].isna().all():
            names = names[:-2]
        return self.table_of("totals", names, rows)

    def conformity_rows(self):
        rows = self.run.conformity
        order = {site: n for n, site in enumerate(self.best()["site_id"])}
        mandatory = rows["mandatory"].fillna(value=False).astype(bool)
        return rows[rows["site_id"].isin(list(order)) & mandatory]

    def worst(self):
        """Of several plans of a kind the worst is said of the site; what no plan was held against is told apart."""
        weight = {"needs_adjustment": 0, "conforms": 1, "not_in_plan": 2, "outside": 3, "not_compared": 4,
                  "paper_only": 5, "no_plan": 6}  # fmt: skip
        found = {}
        for row in self.conformity_rows().to_dict("records"):
            key, state = (row["site_id"], row["plan_kind"]), row["conformity"]
            if key not in found or weight[state] < weight[found[key]]:
                found[key] = state
        return found

    def conformity_counts(self, kinds):
        said = self.worst()
        tokens = ["conforms", "needs_adjustment", "not_in_plan", "outside", "not_compared", "paper_only", "no_plan"]
        tokens = [t for t in tokens if t in said.values() or t not in ("outside", "not_compared", "paper_only")]
        heads = [locale.text("dossier.sites.conformity_kind"), *(STATES[t] for t in tokens)]
        return [[capital(h) for h in heads], *(
            [locale.value_text("plan_kind", kind), *(str(sum(k == kind and v == token for (_, k), v in said.items()))
                                                     for token in tokens)] for kind in kinds)]  # fmt: skip

    def replies(self):
        heads = replies.headings("vi")
        found = [
            [vn(c) if isinstance(c, int) else c for c in reply.cells("vi")] for reply in replies.replies_of(self.run)
        ]
        return [[capital(h) for h in heads], *found]

    def ranked(self, count=10):
        rows = self.run.communes.sort_values(["priority_rank", "code"], na_position="last").head(count)
        names = ("priority_rank", "name", "kind", "base_points", "supplement_points", "priority_points", "base_rank")
        return self.table_of("communes", names, rows)

    def phases(self, run):
        rows = self.planned(run)

        def figures(part):
            return [vn(len(part)), vn(total(part["population"]) or 0), bn(total(part["cost_at_price_year"]) or 0)]

        names = [p["name"] for p in run.manifest["scenario"]["phases"]]
        names += sorted(set(rows["phase"].dropna()) - set(names))
        heads = [locale.text(f"dossier.options.column.{n}") for n in ("phase", "centres", "people", "money")]
        return [heads, *([capital(name), *figures(rows[rows["phase"] == name])] for name in names),
                ["Tổng cộng", *figures(rows)]]  # fmt: skip

    def comparison(self):
        told_by = compare.compare_runs(self.runs)
        heads = [locale.text("compare.column.measure"), *(told_by.short_title(o, "vi") for o in told_by.options)]
        return [heads, *compare.summary_rows(told_by)]

    def treatments(self, run):
        rows = self.own(run, "surplus")

        def figures(part):
            return [vn(len(part)), vn(total(part["floor_area_m2"]), 1), vn(total(part["land_area_m2"]), 1)]

        heads = [locale.text(f"dossier.surplus.column.{n}") for n in ("treatment", "count", "floor", "land")]
        order = [t for t in RESULTS["surplus"].column("treatment").values if (rows["treatment"] == t).any()]
        lines = [[capital(locale.value_text("treatment", t)), *figures(rows[rows["treatment"] == t])] for t in order]
        return [heads, *lines, ["Tổng cộng", *figures(rows)]]

    def when(self, row):
        """Say when a facility that is not kept becomes free, from its own columns and reasons."""
        if row["decided"] is True or row["decided"] == 1:
            return "decided"
        if pd.notna(row["free_year"]):
            return "freed"
        said = str(row["reasons"])
        return "already" if "free.already" in said else "at_once" if "free.not_needed" in said else "waiting"

    def not_kept(self, run):
        rows = self.own(run, "surplus")
        rows = rows[rows["treatment"] != "keep"]
        whens = ("freed", "already", "at_once", "waiting", "decided")
        heads = ["Hình thức xử lý", "Dôi ra theo trung tâm mới", "Hiện đã dôi dư", "Bàn giao được ngay",
                 "Còn sử dụng, chờ bố trí", "Đã có quyết định", "Tổng cộng"]  # fmt: skip
        order = [t for t in RESULTS["surplus"].column("treatment").values if (rows["treatment"] == t).any()]
        counts = {(t, w): 0 for t in order for w in whens}
        for row in rows.to_dict("records"):
            counts[row["treatment"], self.when(row)] += 1
        lines = [[capital(locale.value_text("treatment", t)), *(vn(counts[t, w]) for w in whens),
                  vn(sum(counts[t, w] for w in whens))] for t in order]  # fmt: skip
        return [heads, *lines, ["Tổng cộng", *(vn(sum(counts[t, w] for t in order)) for w in whens), vn(len(rows))]]

    def components(self, run):
        chosen = set(zip(self.planned(run)["commune_code"], self.planned(run)["build_type"], strict=True))
        sums = {}
        for row in run.table("costs").to_dict("records"):
            if (row["commune_code"], row["build_type"]) in chosen:
                kind = "land_clearance" if row["component"].startswith("land_clearance") else row["component"]
                own = sums.setdefault(kind, [0.0, 0.0, 0.0])
                for at, level in enumerate(("low", "middle", "high")):
                    own[at] += 0.0 if pd.isna(row[level]) else row[level]
        heads = [locale.text(f"dossier.money.column.{n}") for n in ("component", "low", "middle", "high")]
        # Nghị định on the management of building costs: building, equipment, land, management, advice, other, reserve
        order = ["construction", "renovation", "earthworks", "equipment", "land_clearance", "management", "consultancy",
                 "other", "contingency"]  # fmt: skip
        known = {kind: own for kind, own in sorted(sums.items(), key=lambda s: order.index(s[0])) if own[2] > 0}
        if not known:
            return None
        lines = [[capital(locale.value_text("component", k)), *map(bn, own)] for k, own in known.items()]
        return [heads, *lines, ["Tổng cộng", *(bn(sum(own[at] for own in known.values())) for at in range(3))]]

    def organisation(self):
        years, counts = set(), []
        for run in self.runs:
            rows = self.planned(run)
            counts.append((rows["start_year"], rows["finish_year"]))
            years |= {int(y) for column in counts[-1] for y in column.dropna()}
        heads = ["Năm", *["Khởi công", "Hoàn thành"] * len(self.runs)]
        lines = [[str(y), *(str(int((c == y).sum())) for pair in counts for c in pair)] for y in sorted(years)]
        sums = [str(int(c.notna().sum())) for pair in counts for c in pair]
        return [heads, *lines, ["Tổng cộng", *sums]]

    # tables of the annexes, in order

    def communes(self):
        names = ("code", "name", "kind", "population", "required_floor_area_m2", "required_land_area_m2",
                 "existing_floor_area_m2", "existing_land_area_m2", "extension_floor_area_m2", "extension_land_area_m2",
                 "new_floor_area_m2", "new_land_area_m2", "gap_basis")  # fmt: skip
        sums = ("population", *(n for n in names if n.endswith("_m2")))
        return self.table_of("communes", names, self.run.communes, sums=sums)

    def deviations(self):
        names = [n for n in RESULTS["deviations"].names if n != "commune_code"]
        rows = self.run.deviations
        return self.table_of(
            "deviations", names, rows, extra=[(0, "Xã, phường", [self.place(c) for c in rows["commune_code"]])]
        )

    def site_sheet(self, site):
        """Label and text of each figure of a site sheet, in pairs of columns."""
        names = ("site_id", "area_m2", "required_area_m2", "score", "rank", "check_result", "conformity",
                 "overlap_area_m2", "slope_mean_percent", "slope_max_percent", "seat_distance_m", "access_minutes",
                 "access_farthest_minutes", "flood_state", "raise_m", "cut_m3", "fill_m3", "can_extend",
                 "households_displaced", "compensation_cost")  # fmt: skip
        pairs = [(wording.label(RESULTS["sites"].column(n), "vi"), told("sites", n, site[n])) for n in names]
        pairs = [pair for pair in pairs if pair[1] != NONE]
        half = (len(pairs) + 1) // 2
        pairs += [("", "")] * (2 * half - len(pairs))
        rows = [[*left, *right] for left, right in zip(pairs[:half], pairs[half:], strict=True)]
        for title, run in zip(self.short, self.runs, strict=True):
            row = self.own(run, "programme").set_index("commune_code").loc[site["commune_code"]]
            words = capital(locale.value_text("status", row["status"]))
            if row["status"] == "planned":
                cost = f"{bn(row['cost_at_price_year'])} tỷ đồng (theo giá năm gốc)"
                words = f"{row['start_year']}–{row['finish_year']}, {cost}"
            rows.append([wording.clean(title), words, "", ""])
        for name in ("broken_rules", "compensation", "shift"):
            words = told("sites", name, site[name])
            if name == "broken_rules" and words != NONE:
                words = capital("; ".join(locale.value_text("rule", rule) for rule in site[name].split("; ")))
            rows += [] if words == NONE else [[label("sites", name), words, "", ""]]
        chosen = [m for m in locale.decode(site["reasons"]) if m[0].startswith(("decide.place.", "decide.site.lead"))]
        if chosen:
            rows.append(["Vì sao chọn vị trí này", "; ".join(locale.text(k, **v) for k, v in chosen), "", ""])
        return rows

    def sites(self):
        best, evidence = self.best(), self.run.conflicts
        names = ("site_id", "label", "area_m2", "required_area_m2", "score", "check_result", "conformity",
                 "overlap_area_m2", "reasons")  # fmt: skip
        against = evidence[evidence["relation"].isin(OVERLAPS) & evidence["effect"].isin(AGAINST)]
        counts = [str(int((against["site_id"] == site).sum())) for site in best["site_id"]]
        extra = [(1, "Xã, phường", [self.place(c) for c in best["commune_code"]]), (8, "Số nội dung vướng", counts)]
        return self.table_of("sites", names, best, extra=extra)

    def matrix(self, kinds):
        said = self.worst()
        heads = ["Xã, phường", label("sites", "label"), *(locale.value_text("plan_kind", kind) for kind in kinds)]
        lines = [[self.place(site["commune_code"]), site["label"], *(
            STATES[said[site["site_id"], kind]] for kind in kinds)]
            for site in self.best().to_dict("records")]  # fmt: skip
        return [heads, *lines]

    def overlaps(self):
        rows = run_words.printable_evidence(self.run, "vi")
        rows = rows[rows["site_id"].isin(set(self.best()["site_id"])) & rows["relation"].isin(OVERLAPS)]
        rows = rows[rows["effect"].isin(AGAINST)]
        names = (*EVIDENCE_COLUMNS, "effect", "treatment", "owner")
        labels = self.run.sites.set_index("site_id")["label"]
        extra = [(0, "Xã, phường", [self.place(c) for c in rows["commune_code"]]),
                 (1, label("sites", "label"), [labels[s] for s in rows["site_id"]])]  # fmt: skip
        return self.table_of("conflicts", names, rows, extra=extra)

    def priority(self):
        rows = self.run.communes.sort_values(["priority_rank", "code"], na_position="last")
        scores = self.run.scores
        scores = scores[(scores["of"] == "commune") & (scores["block"] == "base")]
        listed = [c for c in self.run.manifest["scenario"]["criteria"] if c["of"] == "commune"]
        extra = []
        for at, criterion in enumerate(c for c in listed if c["key"] in set(scores["criterion"])):
            points = scores[scores["criterion"] == criterion["key"]].set_index("subject_id")["points"]
            texts = [vn(points.get(code), 3) for code in rows["code"]]
            extra.append((3 + at, run_words.criterion_label([self.run], "commune", criterion["key"], "vi"), texts))
        names = ("priority_rank", "code", "name", "base_points", "border_points", "ward_points", "supplement_points",
                 "priority_points", "base_rank")  # fmt: skip
        return self.table_of("communes", names, rows, extra=extra)

    def programme_table(self, run):
        rows = self.programme(run)
        names = ("priority_rank", "name", "population", "deficit_floor_area_m2", "cost_at_price_year", "reasons")
        labels = self.run.sites.set_index("site_id")["label"]
        phases, years, builds, places = [], [], [], []
        for row in rows.to_dict("records"):
            planned = row["status"] == "planned"
            phases.append(capital(row["phase"] if planned else locale.value_text("status", row["status"])))
            ends = [str(int(row[n])) for n in ("start_year", "finish_year") if pd.notna(row[n])]
            years.append("–".join(dict.fromkeys(ends)) or NONE)
            built, needed = (locale.value_text("build_type", row[n]) for n in ("build_type", "needed_build_type"))
            builds.append(capital(built if built == needed else f"{built} (theo nhu cầu: {needed})"))
            places.append(labels.get(row["site_id"]) or NONE)
        extra = [(2, "Giai đoạn", phases), (3, "Năm thực hiện", years), (4, label("programme", "build_type"), builds),
                 (5, label("sites", "label"), places)]  # fmt: skip
        return self.table_of("programme", names, rows, of=self.planned(run), extra=extra,
                             sums=("population", "deficit_floor_area_m2", "cost_at_price_year"),
                             total_words="Tổng các đơn vị được bố trí")  # fmt: skip

    def funding(self, run):
        rows = self.own(run, "funding")
        sources = sorted(set(rows["source"]))
        heads = ["Năm", *(f"{wording.clean(locale.value_text('source', s))} (tỷ đồng)" for s in sources)]
        found = [[capital(h) for h in [*heads, "Tổng cộng (tỷ đồng)"]]]
        for year in range(int(rows["year"].min()), int(rows["year"].max()) + 1):
            part = rows[rows["year"] == year]
            found.append([str(year), *(bn(part.loc[part["source"] == s, "amount"].sum()) for s in sources),
                          bn(part["amount"].sum())])  # fmt: skip
        sums = [bn(rows.loc[rows["source"] == s, "amount"].sum()) for s in sources]
        return [*found, ["Tổng cộng", *sums, bn(rows["amount"].sum())]]

    def free(self, row, year):
        """Write the year a facility becomes free, or why there is none."""
        state = "keep" if row["treatment"] == "keep" else self.when(row)
        return {"freed": year, "keep": "Không dôi ra", "already": "Hiện đã dôi dư", "at_once": "Bàn giao được ngay",
                "waiting": "Còn sử dụng, chờ bố trí", "decided": "Đã có quyết định"}[state]  # fmt: skip

    def surplus(self):
        rows = self.own(self.run, "surplus")
        names = ("facility_id", "name", "status", "floor_area_m2", "land_area_m2", "condition", "decision_no")
        extra = [(2, "Xã, phường", [self.place(c) for c in rows["commune_code"]])]
        at = 7
        for title, run in zip(self.short, self.runs, strict=True):
            own = self.own(run, "surplus").set_index("facility_id").loc[rows["facility_id"]]
            for name in ("treatment", "free_year"):
                words = label("surplus", name)
                if len(self.runs) > 1:
                    words = f"{wording.clean(title)}: {words[:1].lower()}{words[1:]}"
                texts = [told("surplus", name, v) for v in own[name]]
                if name == "free_year":
                    texts = [self.free(row, text) for row, text in zip(own.to_dict("records"), texts, strict=True)]
                extra.append((at, words, texts))
                at += 1
        return self.table_of("surplus", names, rows, extra=extra, sums=("floor_area_m2", "land_area_m2"))

    def assumptions(self):
        names = ("number", "statement", "value", "unit", "legal_basis", "certainty")
        return self.table_of("assumptions", names, self.run.table("assumptions"))

    def coverage(self):
        rows = self.run.coverage
        tokens = RESULTS["coverage"].column("status").values
        found = [[label("coverage", "role"), label("coverage", "mandatory"),
                  *(capital(locale.value_text("status", t)) for t in tokens),
                  locale.text("dossier.illustrative_communes"), label("coverage", "source")]]  # fmt: skip
        mandatory = rows["mandatory"].fillna(value=False).astype(bool)
        for wanted in (True, False):
            for role in sorted(set(rows.loc[mandatory == wanted, "role"])):
                part = rows[(mandatory == wanted) & (rows["role"] == role)]
                sources = "; ".join(sorted(set(part["source"].dropna())))
                counts = [str(int((part["status"] == t).sum())) for t in tokens]
                counts.append(str(int(part["illustrative"].fillna(value=False).sum())))
                name = wording.role_label(role, "vi")
                found.append([name, "Có" if wanted else "Không", *counts, wording.clean(sources, 200)])
        return found

    def figures(self):
        rows = self.run.figures
        said = rows[rows["reported_m2"].notna() | rows["agreed_m2"].notna()]
        rows = rows[rows["commune_code"].isin(set(said["commune_code"]))]
        names = (
            "item",
            "reported_m2",
            "computed_m2",
            "agreed_m2",
            "used_m2",
            "report_no",
            "report_date",
            "agreed_reason",
        )
        return self.table_of(
            "figures", names, rows, extra=[(0, "Xã, phường", [self.place(c) for c in rows["commune_code"]])]
        )


def kinds_of(tables):
    """Order of the mandatory kinds of plan, as the matrix prints them."""
    said = {locale.value_text("plan_kind", k): k for k in dict.fromkeys(tables.conformity_rows()["plan_kind"])}
    return [said[words] for words in sorted(said)]


def hold_paper(document, oracle):
    """Hold each table of the Đề án against the results."""
    head, *tables, signature = [cells(t) for t in document.tables]
    assert "CỘNG HÒA XÃ HỘI CHỦ NGHĨA VIỆT NAM" in head[0][1]
    assert signature[0][1] == "GIÁM ĐỐC"
    run = oracle.run
    expected = [oracle.basis()]
    expected += [oracle.scopes()] if len(run.scopes) else []
    expected += [oracle.groups()] if len(run.groups) else []
    expected += [oracle.totals()] if len(run.totals) else []
    expected.append(oracle.conformity_counts(kinds_of(oracle)))
    expected += [oracle.replies()] if replies.replies_of(run) else []
    expected.append(oracle.ranked())
    expected += [oracle.phases(one) for one in oracle.runs]
    expected += [oracle.comparison()] if len(oracle.runs) > 1 else []
    expected += [table for one in oracle.runs for table in (oracle.treatments(one), oracle.not_kept(one))]
    expected += [table for one in oracle.runs if (table := oracle.components(one))]
    expected.append(oracle.organisation())
    assert len(tables) == len(expected)
    for found, wanted in zip(tables, expected, strict=True):
        hold(found[-len(wanted) :] if wanted[0][0] == "Năm" else found, wanted)


def hold_annexes(document, oracle, opinions):
    """Hold each table of the annexes against the results."""
    tables = [cells(t) for t in document.tables]
    run = oracle.run
    expected = [oracle.communes()]
    expected += [oracle.groups(), oracle.deviations()] if len(run.groups) else []
    expected += [oracle.site_sheet(site) for site in oracle.best().to_dict("records")]
    expected += [oracle.sites(), oracle.matrix(kinds_of(oracle)), oracle.overlaps(), oracle.priority()]
    expected += [oracle.programme_table(one) for one in oracle.runs]
    expected += [oracle.funding(one) for one in oracle.runs]
    expected += [oracle.surplus(), oracle.assumptions(), oracle.coverage()]
    after = [oracle.figures()] if len(run.figures) else []
    assert len(tables) == len(expected) + 1 + len(after)
    for found, wanted in zip(tables[: len(expected)], expected, strict=True):
        hold(found, wanted)
    feedback = tables[len(expected)]
    assert [row[0] for row in feedback[1:]] == [str(n) for n in range(1, opinions + 1)]
    for found, wanted in zip(tables[len(expected) + 1 :], after, strict=True):
        hold(found, wanted)


def enriched(run):
    """Give a small run all the tables that a whole one has, with figures that show a wrong sum or a wrong type."""
    costs = [
        {"commune_code": code, "build_type": build, "component": part,
         "low": 0.7 * cost, "middle": cost, "high": 1.3 * cost}
        for code, build, part, cost in (
            ("06184", "build_new", "construction", 17_123_456_789.0),
            ("06184", "build_new", "equipment", 1_876_543_211.0),
            ("06184", "extend", "construction", 9e9), ("05977", "build_new", "construction", 30e9),
            ("05977", "build_new", "land_clearance_rice", 1.25e9),
            ("05977", "build_new", "land_clearance_residential", 2e9),
            ("06001", "build_new", "construction", 8.5e9), ("06040", "renovate", "construction", 5e9),
        )
    ]  # fmt: skip
    groups = [
        {"order": n, "group": name, "units": units, "approved_units": 1, "population_mean": 20275.75 + n,
         "staff_mean": 60.005, "required_floor_mean_m2": 2727.5475, "required_land_mean_m2": 5455.095}
        for n, (name, units) in enumerate((("ward", 1), ("border", 2), ("province", 4)), start=1)
    ]  # fmt: skip
    deviations = [
        {"commune_code": code, "group": "border", "population": 3777, "population_deviation_percent": -29.25 + at,
         "staff": 60, "staff_deviation_percent": 0.0, "required_floor_area_m2": 2000.5,
         "floor_deviation_percent": -12.35 + at, "required_land_area_m2": 4001.0, "land_deviation_percent": 0.05}
        for at, code in enumerate(("06001", "06040"))
    ]  # fmt: skip
    figures = [
        {"commune_code": code, "item": item, "basis": "reported", "reported_m2": given, "computed_m2": 1234.565,
         "agreed_m2": agreed, "used_m2": agreed or given, "used_from": "agreed" if agreed else "reported",
         "report_no": "12/BC-UBND", "report_date": "2026-01-02", "agreed_reason": "thống nhất" if agreed else None}
        for code, item, given, agreed in (
            ("06184", "existing_floor", 1500.25, None), ("06184", "new_floor", 1600.0, 1509.44),
            ("05977", "existing_floor", None, None),
        )
    ]  # fmt: skip
    totals = [
        {"order": n, "item": "existing_floor", "basis": basis, "units": units, "reported_m2": 4000.255 * units,
         "computed_m2": None, "agreed_m2": None, "used_m2": 5000.25, "low_m2": 1.5, "high_m2": 2.5}
        for n, (basis, units) in enumerate((("reported", 2), ("estimated", 0), ("total", 4)), start=1)
    ]  # fmt: skip
    scopes = [
        {"commune_code": code, "scope": scope, "planned": scope == "A", "required_floor_area_m2": 2000.125 * n,
         "required_land_area_m2": 4000.5 * n, "single_headquarters": encode([("nothing.such", {})])}
        for n, code in enumerate(("06184", "05977"), start=1) for scope in "ABC"
    ]  # fmt: skip
    for name, rows in (("costs", costs), ("groups", groups), ("deviations", deviations), ("figures", figures),
                       ("totals", totals), ("scopes", scopes)):  # fmt: skip
        run.tables[name] = conform(pd.DataFrame(rows), RESULTS[name])
    run.tables["surplus"].loc[0, ["condition", "decision_no", "free_year"]] = ["good", "5/QĐ-UBND", 2029]
    run.tables["sites"]["access_minutes"], run.tables["sites"]["shift"] = 17.125, None
    return run


@pytest.fixture(scope="module")
def whole_runs(small_run_factory, tmp_path_factory):
    folder = tmp_path_factory.mktemp("runs")
    return [enriched(small_run_factory(folder)), enriched(small_run_factory(folder, "phuong_an_2", early=False))]


@pytest.fixture(scope="module", params=[2, 1])
def papers(whole_runs, request, tmp_path_factory):
    runs = whole_runs[: request.param]
    files = dossier.write_papers(runs, tmp_path_factory.mktemp("papers"), "a")
    return runs, [docx.Document(str(file)) for file in files]


def test_all_tables_of_the_paper_equal_the_results(papers):
    runs, (_, paper, _, _) = papers
    hold_paper(paper, Oracle(runs))


def test_all_tables_of_the_annexes_equal_the_results(papers):
    runs, (_, _, annexes, _) = papers
    hold_annexes(annexes, Oracle(runs), opinions=8)  # the eight tasks of the notice


def test_all_tables_of_the_submission_equal_the_results(papers):
    runs, (*_, submission) = papers
    _, figures, *more, _ = [cells(t) for t in submission.tables]
    communes, sites = runs[0].communes, runs[0].sites
    assert [row[1] for row in figures[1:]] == [
        vn(len(communes)), vn(communes["population"].sum()), vn(int(sites["is_best"].sum())),
        *(f"{vn(total(communes[n]), 2)} m²" for n in ("existing_floor_area_m2", "required_floor_area_m2",
                                                       "deficit_floor_area_m2", "required_land_area_m2")),
    ]  # fmt: skip
    assert more == ([Oracle(runs).comparison()] if len(runs) > 1 else [])


def test_costs_of_a_type_that_was_not_chosen_are_in_no_sum(whole_runs):
    # 06184 has costs of an extension too, 06040 is not planned: 17.123456789 + 1.876543211 + 30 + 3.25 + 8.5
    rows = Oracle(whole_runs).components(whole_runs[0])
    assert rows[-1] == ["Tổng cộng", "42,525", "60,750", "78,975"]


@pytest.mark.parametrize(
    ("number", "decimals", "words"), [(1234567.005, 2, "1.234.567,01"), (-0.5, 0, "-1"), (0, 1, "0,0")]
)
def test_the_oracle_writes_numbers_as_the_decree_does(number, decimals, words):
    assert vn(number, decimals) == words
