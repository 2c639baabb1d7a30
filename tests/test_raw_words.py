"""What the finder of raw words takes for one, and what for a reader's own."""

import openpyxl
import pytest


@pytest.fixture(scope="module")
def known(raw_words, repo_root):
    return raw_words.tokens(repo_root / "layers" / "catalog.toml")


def test_tokens_and_layers_are_known_and_words_of_the_language_are_not(known):
    assert {"build_new", "needs_adjustment", "roads", "commune_facts", "high"} <= known
    assert not {"TSC", "LUC", "cao", "ban", "K"} & known


@pytest.mark.parametrize(
    ("words", "found"),
    [
        ("hình thức build_new", ["build_new"]),
        ("mức high; còn lại", ["high"]),
        ("lấy từ rules/costs.csv", ["costs.csv"]),
        ("None", ["None"]),
        ("ngày 2024-09-09", ["2024-09-09"]),
        ("dài 74.395 m", []),  # thousands
        ("dài 74.4 m", ["74.4"]),
        ("0.125 ha", ["0.125"]),
        ("cao 1234.567 m", ["1234.567"]),
        # laws, versions, ids, figures in the reader's form
        ("QCVN 01:2021/BXD, 2.8.1; TCVN 4601:2012, 6.2; mục 6.6 và 14.2", []),
        ("siteplan 0.1.0; 2.159,6 m²; 1.211.000; VN-2000", []),
        ("mã CS-05977-1, 05977-K-high9", []),
        ("Nhà của xã Đoàn Kết, ban và cao", []),
    ],
)
def test_what_is_raw(raw_words, known, words, found):
    assert raw_words.raw_words(words, known) == found


def test_technical_columns_are_left_out_and_places_are_named(raw_words, known, tmp_path):
    book = openpyxl.Workbook()
    book.active.append(["Dữ liệu", "Tệp"])
    book.active.append(["roads", "roads.gpkg"])
    book.save(tmp_path / "a.xlsx")
    (line,) = raw_words.found_in(raw_words.of_workbook(tmp_path / "a.xlsx"), known)
    assert line.startswith("'roads' in Sheet row 2 column 1")
