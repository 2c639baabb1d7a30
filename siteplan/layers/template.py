"""Commented catalog and scenario files to start from; the columns in them are those of the program, never a copy."""

from __future__ import annotations

from siteplan import locale
from siteplan.layers.catalog import ROLES
from siteplan.tables import INPUTS

# key, sample value, whether it is written out (the rest stands behind a #)
_CATALOG_KEYS: tuple[tuple[str, str, bool], ...] = (
    ("role", '"communes"', True),
    ("path", '"chinh_thuc/xa_phuong.shp"', True),
    ("title", '"Ranh giới xã, phường"', False),
    ("layer", '"xa_phuong"', False),
    ("crs", "9215", False),
    ("swap_axes", "true", False),
    ("xy", '["kinh_do", "vi_do"]', False),
    ("fields", '{ code = "MA_XA", name = "TEN_XA" }', False),
    ("constant", '{ kind = "xã" }', False),
    ("source", '"Sở Nông nghiệp và Môi trường"', True),
    ("legal_basis", '"NQ 1672/NQ-UBTVQH15 (16/06/2025)"', True),
    ("date", "2025-12-01", True),
    ("licence", '""', False),
    ("required", "true", True),
    ("mandatory", "true", True),
    ("illustrative", "false", True),
    ("restricted", "false", True),
    ("updates", "true", False),
    ("covers", '["06001", "06004"]', False),
)

_SCENARIO_BLOCKS: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("need", ("[need]", 'standard = "nd155-2025"', 'scope = "A"', "floors = 3")),
    ("eligibility", ("[eligibility]", "slope_max_percent = 25", "minimum_area_m2 = 2000")),
    ("sites", ("[sites]", "per_commune = 10", "reserve_percent = 20")),
    ("tolerance", ("[tolerance]", "sliver_m2 = 1.0", "sliver_width_m = 0.1")),
    ("programme", ("[programme]", 'objective = "follow_rank"', 'limited_by = "capacity"', "nested = true")),
    ("funds", ("[[funds]]", 'source = "ngân sách tỉnh"', "year = 2026", "amount = 120e9", "committed = true")),
    ("locks", ("[[locks]]", 'commune = "06184"', 'site = "06184-K-3f9a2c"', 'by = ""', 'reason = ""')),
)


def _words(key: str, lang: str) -> str:
    return locale.text(f"template.{key}", lang)


def _comment(words: str) -> list[str]:
    return [f"# {line}".rstrip() for line in words.strip().splitlines()]


def catalog_template(lang: str = locale.DEFAULT_LANGUAGE) -> str:
    """Return a commented catalog: one layer with every key, and all roles with their columns and values."""
    lines = [
        *_comment(_words("catalog.head", lang)),
        "",
        "[province]",
        'file = "province.toml"',
        "",
        "[layers.communes]",
    ]
    for key, sample, written in _CATALOG_KEYS:
        lines.append(f"# {_words(f'catalog.{key}', lang)}")
        lines.append(f"{'' if written else '# '}{key} = {sample}")
    lines += [f"# {_words('catalog.values', lang)}", "# [layers.communes.values.kind]", '# "Xã" = "xã"', ""]
    lines += _comment(_words("catalog.roles", lang))
    for role in ROLES:
        table = INPUTS.get(role)
        if table is None:
            lines += ["#", f"# {role}: {_words('catalog.raster', lang)}"]
            continue
        label = table.label_en if lang == "en" else table.label
        lines += ["#", f"# {role}: {label}"]
        for column in table.columns:
            if column.name in ("layer", "illustrative", "restricted"):
                continue
            name = column.label_en if lang == "en" else column.label
            unit = f", {column.unit}" if column.unit else ""
            values = f": {' | '.join(column.values)}" if column.values else ""
            needed = "" if column.nullable else " *"
            lines.append(f"#   {column.name}{needed} ({column.dbf}) {name}{unit}{values}")
    return "\n".join(lines) + "\n"


def scenario_template(lang: str = locale.DEFAULT_LANGUAGE) -> str:
    """Return a commented scenario that extends ``co_so.toml``; blocks that an officer changes stand behind a #."""
    lines = [*_comment(_words("scenario.head", lang)), "", 'extends = "co_so.toml"']
    for key, sample in (
        ("name", '"phuong_an_moi"'),
        ("title", '"Phương án mới"'),
        ("date", "2026-01-01"),
        ("seed", "20260101"),
    ):
        lines += [f"# {_words(f'scenario.{key}', lang)}", f"{key} = {sample}"]
    for key, block in _SCENARIO_BLOCKS:
        lines += ["", f"# {_words(f'scenario.{key}', lang)}", *(f"# {line}" for line in block)]
    return "\n".join(lines) + "\n"
