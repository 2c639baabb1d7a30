import openpyxl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from siteplan.errors import InputError
from siteplan.locale import number
from siteplan.tabular import AmbiguousNumberError, parse_number, read_table, table_named


@pytest.mark.parametrize(
    ("words", "value"),
    [
        ("2.159,6", 2159.6),  # official Vietnamese
        ("2 159,6", 2159.6),  # the standards
        ("2,159.6", 2159.6),  # English tools
        ("2159.6", 2159.6),
        ("1.234.567", 1234567),
        ("1,234,567", 1234567),
        ("0,5", 0.5),
        ("0.500", 0.5),
        ("-12,25", -12.25),
        ("1200", 1200),
        ("120e9", 120e9),
        ("15,9600", 15.96),
    ],
)
def test_numbers_are_read_in_every_style(words, value):
    assert parse_number(words) == pytest.approx(value)


@pytest.mark.parametrize("words", ["1.200", "1,200", "12.345", "999,999"])
def test_what_can_be_read_in_two_ways_is_refused(words):
    with pytest.raises(AmbiguousNumberError):
        parse_number(words)


@pytest.mark.parametrize("words", ["", "abc", "1.2.3", "12m2", "1,23,4", "--1", "nan"])
def test_what_is_no_number_is_refused(words):
    with pytest.raises(ValueError):
        parse_number(words)


@given(st.integers(0, 10**12), st.integers(1, 2))
def test_what_the_program_writes_it_reads_back(whole, decimals):
    value = whole + 0.5
    for lang in ("vi", "en"):
        assert parse_number(number(value, decimals, lang)) == pytest.approx(value)


@pytest.mark.parametrize("separator", [",", ";", "\t"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_separators_and_byte_order_marks(tmp_path, separator, encoding):
    path = tmp_path / "t.csv"
    path.write_text(separator.join(["mã", "tên"]) + "\n" + separator.join(["06184", "Đồng Đăng"]) + "\n\n", encoding)
    table = read_table(path)
    assert list(table["mã"]) == ["06184"]
    assert list(table["tên"]) == ["Đồng Đăng"]
    assert list(table["_row"]) == [2]


def test_a_workbook_reads_like_a_csv(tmp_path):
    book = openpyxl.Workbook()
    book.active.append(["code", "n"])
    book.active.append(["06184", 12.5])
    book.active.append([None, None])
    book.active.append(["06187", 12.0])
    book.save(tmp_path / "t.xlsx")
    table = read_table(tmp_path / "t.xlsx")
    assert table[["code", "n", "_row"]].values.tolist() == [["06184", "12.5", 2], ["06187", "12", 4]]


@pytest.mark.parametrize(
    ("name", "content", "key"),
    [
        ("a.csv", b"", "table_without_header"),
        ("b.csv", b"a,a\n1,2\n", "column_twice"),
        ("c.csv", b"a,b\n\xff\xfa,1\n", "file_not_utf8"),
        ("d.xlsx", b"not a workbook", "workbook_unreadable"),
        ("e.csv", None, "file_missing"),
    ],
)
def test_broken_tables_are_told(tmp_path, name, content, key):
    if content is not None:
        (tmp_path / name).write_bytes(content)
    with pytest.raises(InputError) as caught:
        read_table(tmp_path / name)
    assert caught.value.problems[0].key == key
    assert name in caught.value.problems[0].file


def test_rows_without_the_cells_of_the_header_are_refused_all_at_once(tmp_path):
    file = tmp_path / "t.csv"
    file.write_text("ma,ten,so\n1,a,2\n\n2,b\n,,\n3,c,4,,\n4,d, e,5\n5,f,6\n06,g", "utf-8")
    with pytest.raises(InputError) as told:
        read_table(file)
    problems = told.value.problems
    assert [(p.key, p.feature, p.params["cells"]) for p in problems] == [
        ("row_not_whole", "4", 2), ("row_not_whole", "7", 4), ("row_not_whole", "9", 2),
    ]  # fmt: skip
    file.write_text('ma,ten,so\n1,a,2\n3,c,4,,\n\n4,"d, e",5\n', "utf-8")
    assert read_table(file)["ten"].tolist() == ["a", "c", "d, e"]


def test_two_copies_of_one_table_are_refused_with_both_names(tmp_path):
    assert table_named(tmp_path, "a") is None
    (tmp_path / "a.xlsx").write_bytes(b"x")
    assert table_named(tmp_path, "a") == tmp_path / "a.xlsx"
    (tmp_path / "a.csv").write_text("x", "utf-8")
    with pytest.raises(InputError) as caught:
        table_named(tmp_path, "a")
    (problem,) = caught.value.problems
    assert (problem.key, problem.file, problem.value) == (
        "table_twice",
        str(tmp_path / "a.csv"),
        str(tmp_path / "a.xlsx"),
    )


@pytest.mark.parametrize("suffix", [".csv", ".xlsx"])
def test_a_title_above_the_names_of_the_columns_is_told_once(tmp_path, suffix):
    rows = [["Bảng tốc độ", "", ""], ["", "", ""], ["key", "value", "unit"], ["a", "1", "m"]]
    path = tmp_path / f"a{suffix}"
    if suffix == ".csv":
        path.write_text("\n".join(",".join(row) for row in rows), "utf-8")
    else:
        book = openpyxl.Workbook()
        for row in rows:
            book.active.append(row)
        book.save(path)
    with pytest.raises(InputError) as caught:
        read_table(path)
    (problem,) = caught.value.problems
    assert (problem.key, problem.feature, problem.value) == ("table_title_above", "3", "Bảng tốc độ")


def test_a_table_of_one_column_has_no_title(tmp_path):
    path = tmp_path / "a.csv"
    path.write_text("key\na\nb\n", "utf-8")
    assert read_table(path)["key"].tolist() == ["a", "b"]
