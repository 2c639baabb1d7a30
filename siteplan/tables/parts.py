"""Kinds of columns and the columns that several result tables share."""

from __future__ import annotations

from siteplan.tables.schema import Column

CERTAINTY = ("V", "V2", "C", "R", "P")
OFFICE_LAND = "TSC"  # land-use code of offices (TT 08/2024/TT-BTNMT)
BASES = ("reported", "estimated", "missing")


def text(name: str, label: str, label_en: str, dbf: str, **more: object) -> Column:
    """Column of text."""
    return Column(name, "text", label, label_en, dbf, **more)  # type: ignore[arg-type]


def square_metres(name: str, label: str, label_en: str, dbf: str, decimals: int = 2, **more: object) -> Column:
    """Column of areas in m²."""
    return Column(name, "float", label, label_en, dbf, "m²", decimals, **more)  # type: ignore[arg-type]


def number(name: str, label: str, label_en: str, dbf: str, unit: str = "", decimals: int = 3) -> Column:
    """Column of numbers."""
    return Column(name, "float", label, label_en, dbf, unit, decimals)


def whole(name: str, label: str, label_en: str, dbf: str, unit: str = "") -> Column:
    """Column of whole numbers."""
    return Column(name, "int", label, label_en, dbf, unit)


def flag(name: str, label: str, label_en: str, dbf: str) -> Column:
    """Column of truth values."""
    return Column(name, "bool", label, label_en, dbf)


def dong(name: str, label: str, label_en: str, dbf: str) -> Column:
    """Column of money in đồng."""
    return Column(name, "float", label, label_en, dbf, "đồng", 0)


def messages(name: str, label: str, label_en: str, dbf: str) -> Column:
    """Column of messages."""
    return Column(name, "messages", label, label_en, dbf)


COMMUNE = text("commune_code", "Mã xã", "Commune code", "MA_XA", nullable=False)
OPTION = text("option", "Phương án", "Option", "PHUONG_AN", nullable=False)
# "layer:<catalog entry>" and "assumption:<id>", separated by "; ", sorted
RESTS_ON = text("rests_on", "Dựa trên", "Rests on", "DUA_TREN")
BASIS = text("legal_basis", "Căn cứ pháp lý", "Legal basis", "CAN_CU")
CERTAINTY_MARK = text("certainty", "Độ tin cậy", "Certainty", "DO_TIN_CAY", values=CERTAINTY)
REASONS = messages("reasons", "Lý do", "Reasons", "LY_DO")
