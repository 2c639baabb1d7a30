import datetime as dt

import pytest

from siteplan.errors import InputError
from siteplan.locale import LANGUAGES, has_text, problem_row
from siteplan.scenario import load_scenario, standing

BASE = """
name = "thu"
title = "Kịch bản thử"
date = 2026-01-01

[[criteria]]
key = "slope_mean_percent"
of = "site"
weight = 100
value = { kind = "linear", points = [[0, 1], [25, 0]] }

[[criteria]]
key = "shortage"
of = "commune"
weight = 100
value = { kind = "flag" }

[[phases]]
name = "bước 1"
years = [2026, 2030]
"""


@pytest.fixture
def write(tmp_path):
    def written(content, name="thu.toml", encoding="utf-8"):
        path = tmp_path / name
        path.write_text(content, encoding)
        return path

    return written


def problems(path):
    with pytest.raises(InputError) as caught:
        load_scenario(path)
    for problem in caught.value.problems:
        for lang in LANGUAGES:
            for part in ("what", "cause", "remedy"):
                assert has_text(f"problem.{problem.key}.{part}", lang), (problem.key, lang, part)
            row = problem_row(problem, lang)
            assert "{" not in row["what"].replace(problem.value, "")
    return list(caught.value.problems)


def keys(path):
    return [p.key for p in problems(path)]


def test_the_scenarios_of_the_repository_load(repo_root):
    names = [path.stem for path in sorted((repo_root / "scenarios").glob("*.toml"))]
    assert {"co_so", "phuong_an_1", "phuong_an_2"} <= set(names)
    for name in names:
        assert load_scenario(repo_root / "scenarios" / f"{name}.toml").name == name


def test_both_options_use_the_same_criteria_and_supplements(repo_root):
    one, two = (load_scenario(repo_root / "scenarios" / f"phuong_an_{n}.toml") for n in (1, 2))
    assert one.criteria == two.criteria
    assert one.supplements == two.supplements
    assert [p.name for p in one.phases] == [
        "thí điểm 2026",
        "nhân rộng bước đầu 2027-2030",
        "nhân rộng bước hai 2031-2035",
    ]
    assert all(fund.source for fund in two.funds)
    assert two.programme.label_of_funds == "assumed"


def test_own_values_win_over_those_extended_table_by_table(write):
    write(BASE + "[need]\nscope = 'B'\nfloors = 4\n", "goc.toml")
    own = "extends = 'goc.toml'\nname = 'con'\ntitle = 'Con'\n[need]\nscope = 'C'\n"
    path = write(own + "[[phases]]\nname = 'x'\nyears = [2027, 2028]\n")
    scenario = load_scenario(path)
    assert (scenario.name, scenario.need.scope, scenario.need.floors) == ("con", "C", 4)
    assert [p.name for p in scenario.phases] == ["x"]
    assert scenario.date == dt.date(2026, 1, 1)


def test_extends_in_a_chain_and_in_a_circle(write):
    write(BASE, "a.toml")
    write("extends = 'a.toml'\nseed = 5\n", "b.toml")
    assert load_scenario(write("extends = 'b.toml'\n", "c.toml")).seed == 5
    write("extends = 'e.toml'\n", "d.toml")
    assert keys(write("extends = 'd.toml'\n", "e.toml")) == ["extends_circle"]


@pytest.mark.parametrize("name", ["'khong_co.toml'", "5", f"'{'x' * 400}.toml'"])
def test_extends_what_does_not_exist(write, name):
    assert keys(write(f"extends = {name}\n")) == ["extends_missing"]


@pytest.mark.parametrize(
    ("words", "near", "place"),
    [
        ("titel = 'x'", "title", "titel"),
        ("[need]\nstandart = 'x'", "standard", "need.standart"),
        ("[[criteria]]\nkey = 'k'\nwieght = 0\nvalue = { kind = 'flag' }", "weight", "criteria[3].wieght"),
        ("[[funds]]\nsource = 's'\nyear = 2026\namount = 1\ncomited = true", "committed", "funds[1].comited"),
    ],
)
def test_unknown_keys_suggest_the_nearest(write, words, near, place):
    content = words + "\n" + BASE if words.startswith("titel") else BASE + words
    found = [p for p in problems(write(content)) if p.key == "scenario_key_unknown_near"]
    assert [(p.params["near"], p.column) for p in found] == [(near, place)]


def test_a_key_like_no_other(write):
    assert keys(write("qqq = 1\n" + BASE)) == ["scenario_key_unknown"]


def test_all_problems_of_a_file_are_listed_at_once(write):
    content = BASE.replace('weight = 100\nvalue = { kind = "flag" }', 'weight = -1\nvalue = { kind = "flga" }')
    content = content.replace("2026, 2030", "2030, 2026").replace('title = "Kịch bản thử"', "")
    found = {p.key: p for p in problems(write(content))}
    assert set(found) == {
        "scenario_value_range",
        "scenario_value_choice",
        "scenario_years_order",
        "scenario_key_missing",
    }
    assert found["scenario_value_range"].feature == "shortage"
    assert found["scenario_value_range"].params["limit"] == "≥ 0"
    assert "'steps'" in found["scenario_value_choice"].params["expected"]
    assert found["scenario_years_order"].feature == "bước 1"
    assert found["scenario_years_order"].value == "2030–2026"


@pytest.mark.parametrize(
    ("old", "new", "key"),
    [
        ("points = [[0, 1], [25, 0]]", "points = [[0, 1]]", "scenario_points_few"),
        ("points = [[0, 1], [25, 0]]", "points = [[25, 1], [0, 0]]", "scenario_points_order"),
        ("points = [[0, 1], [25, 0]]", "points = [[0, 15], [25, 0]]", "scenario_scaled_range"),
        ('kind = "flag"', 'kind = "categories"', "scenario_categories_empty"),
        ("weight = 100", "weight = 'x'", "scenario_value_type"),
        ("weight = 100", "weight = nan", "scenario_value_type"),
        ("years = [2026, 2030]", "years = [2026]", "scenario_value_type"),
        ("years = [2026, 2030]", "years = 2026", "scenario_value_type"),
        ("date = 2026-01-01", 'date = "hôm nay"', "scenario_value_type"),
        ('name = "thu"', 'name = "Phương án 1"', "scenario_value_name"),
    ],
)  # fmt: skip
def test_values_that_cannot_be(write, old, new, key):
    assert old in BASE
    assert key in keys(write(BASE.replace(old, new)))


def test_weights_that_do_not_sum_name_which_and_how_much(write):
    (found,) = problems(write(BASE.replace("weight = 100", "weight = 90", 1)))
    assert (found.key, found.column, found.value) == ("weights_total", "site", "90")
    assert "vị trí" in problem_row(found)["what"]


def test_a_criterion_twice(write):
    again = "[[criteria]]\nkey = 'shortage'\nof = 'commune'\nweight = 0\nvalue = { kind = 'flag' }\n"
    assert keys(write(BASE + again)) == ["criterion_twice"]


def test_every_pair_of_overlapping_phases_is_named(write):
    more = "".join(
        f"[[phases]]\nname = '{n}'\nyears = [{a}, {b}]\n" for n, a, b in (("x", 2027, 2027), ("y", 2029, 2035))
    )
    found = problems(write(BASE + more))
    assert {p.value for p in found} == {"bước 1, x", "bước 1, y"}


def test_phases_that_touch_do_not_overlap(write):
    assert len(load_scenario(write(BASE + "[[phases]]\nname = 'x'\nyears = [2031, 2035]\n")).phases) == 2


@pytest.mark.parametrize(
    ("more", "key"),
    [
        ("[[phases]]\nname = 'bước 1'\nyears = [2031, 2032]\n", "phase_twice"),
        (
            "[[phases]]\nname = 'p'\nyears = [2031, 2032]\ncount = 1\none_of_each = ['border', 'ordinary']\n",
            "pilot_too_few",
        ),
        ("[programme]\nlimited_by = 'money'\n", "funds_missing"),
        ("[[locks]]\ncommune = '1'\nphase = 'bước 9'\n", "lock_phase_unknown"),
        ("[[locks]]\ncommune = '1'\nout = true\n[[locks]]\ncommune = '1'\nout = true\n", "lock_twice"),
        ("[[locks]]\ncommune = '1'\nout = true\nphase = 'bước 1'\n", "lock_contradiction"),
        ("[[locks]]\ncommune = '1'\n", "lock_empty"),
    ],
)
def test_parts_that_contradict_each_other(write, more, key):
    assert keys(write(BASE + more)) == [key]


def test_phases_that_start_nothing(write):
    assert keys(write(BASE.replace("years = [2026, 2030]", "years = [2026, 2030]\nwaiting_list = true"))) == [
        "phases_only_waiting"
    ]
    without = BASE.partition("[[phases]]")[0].replace("date =", "phases = []\ndate =")
    assert keys(write(without)) == ["phases_missing"]


def test_byte_order_mark_is_accepted(write):
    assert load_scenario(write(BASE, encoding="utf-8-sig")).name == "thu"


@pytest.mark.parametrize(
    "words", [r'note = "D:\Uy_ban\x.toml"', r'extends = "..\goc\thu.toml"', r'title = "C:\temp\bien"']
)
def test_a_backslash_in_a_path_is_explained(write, words):
    (found,) = problems(write(words + "\n"))
    assert found.key == "toml_backslash"
    assert found.params["line"] == 1
    assert "\\" not in problem_row(found)["remedy"]


def test_what_is_no_toml_names_the_line(write):
    (found,) = problems(write('name = "thu"\ntitle = \n'))
    assert (found.key, found.params["line"]) == ("toml_invalid", 2)


def test_files_that_cannot_be_read(write, tmp_path):
    assert keys(tmp_path / "khong_co.toml") == ["file_missing"]
    assert keys(write(BASE, encoding="utf-16")) == ["file_not_utf8"]
    assert keys(tmp_path) == ["file_unreadable"]


def test_a_scenario_resolves_to_plain_values(write):
    import json

    resolved = load_scenario(write(BASE)).resolved()
    assert json.loads(json.dumps(resolved))["phases"][0]["years"] == [2026, 2030]


@pytest.mark.parametrize(
    ("old", "new", "key", "column"),
    [
        ("weight = 100", "weight = 90", "weights_total", "site"),
        ("weight = 100", "wieght = 100", "scenario_key_unknown_near", "criteria[1].wieght"),
        ("weight = 100", "weight = 'x'", "scenario_value_type", "criteria[1].weight"),
        ("points = [[0, 1], [25, 0]]", "points = [[0, 1]]", "scenario_points_few", "criteria[1].value"),
        ("[need]", "[need]\nstandart = 'x'", "scenario_key_unknown_near", "need.standart"),
        ("floors = 4", "floors = 99", "scenario_value_range", "need.floors"),
    ],
)
def test_a_problem_names_the_file_where_the_value_stands(write, old, new, key, column):
    base = write((BASE + "[need]\nfloors = 4\n").replace(old, new, 1), "goc.toml")
    write("extends = 'goc.toml'\nseed = 3\n", "giua.toml")
    own = write("extends = 'giua.toml'\nname = 'con'\ntitel = 'x'\n[need]\nscope = 'Z'\n", "con.toml")
    if key == "weights_total":  # told where nothing else is wrong
        own.write_text("extends = 'giua.toml'\nname = 'con'\n[need]\nscope = 'B'\n", "utf-8")
        assert [(p.key, p.file) for p in problems(own)] == [(key, str(base))]
        return
    told = {(p.key, p.column): p.file for p in problems(own)}
    assert (told[(key, column)], told[("scenario_key_unknown_near", "titel")]) == (str(base), str(own))
    assert told[("scenario_value_choice", "need.scope")] == str(own)


def test_what_stands_in_no_file_is_told_of_the_one_that_is_run(write):
    write(BASE.replace('title = "Kịch bản thử"', ""), "goc.toml")
    own = write("extends = 'goc.toml'\n", "con.toml")
    assert [(p.key, p.column, p.file) for p in problems(own)] == [("scenario_key_missing", "title", str(own))]


def test_a_table_stands_in_every_file_that_says_something_of_it(write):
    base = write(BASE + "[need]\nfloors = 4\n[levels]\nlow = 0.5\n", "goc.toml")
    middle = write("extends = 'goc.toml'\n[levels]\nlow = 0.6\nhigh = 1.4\n", "giua.toml")
    own = write("extends = 'giua.toml'\nname = 'con'\n[need]\nscope = 'B'\n", "con.toml")
    found = standing(own)
    assert found.files_of("need") == (str(base), str(own))
    assert found.files_of("levels") == (str(middle),)  # nothing of the base's is left
    assert found.files_of("criteria") == found.files_of("criteria", 0, "weight") == (str(base),)
    assert found.files_of("costs", "vat_percent") == (str(own),)  # stands nowhere: it would be written here
    assert (found.file_of("need", "floors"), found.file_of("need")) == (str(base), str(own))


def test_a_syntax_fault_names_the_base_it_stands_in(write):
    base = write("name = \n", "goc.toml")
    (found,) = problems(write("extends = 'goc.toml'\n", "con.toml"))
    assert (found.key, found.file) == ("toml_invalid", str(base))


@pytest.mark.parametrize(
    ("of_base", "own", "told_in"),
    [
        ("", "per_commune = 5\nwithout_reserve = 5", "con.toml"),
        ("", "without_reserve = 10", "con.toml"),  # of ten, where nothing else is said
        ("per_commune = 4", "without_reserve = 6", "con.toml"),
        ("per_commune = 4\nwithout_reserve = 4", "frontage_m = 5", "goc.toml"),
        ("per_commune = 10\nwithout_reserve = 2", "per_commune = 2", None),  # the base's number gives way
        ("per_commune = 10\nwithout_reserve = 2", "per_commune = 2\nwithout_reserve = 1", None),
        ("", "per_commune = 1", None),
        ("", "per_commune = 1\nwithout_reserve = 0", None),
    ],
)
def test_plots_without_reserve_leave_one_with_it(write, of_base, own, told_in):
    write(f"{BASE}[sites]\n{of_base}\n", "goc.toml")
    path = write(f"extends = 'goc.toml'\nname = 'con'\n[sites]\n{own}\n", "con.toml")
    if told_in is None:
        load_scenario(path)
        return
    (found,) = problems(path)
    assert (found.key, found.column) == ("without_reserve_all", "sites.without_reserve")
    assert found.file.endswith(told_in)
    assert found.params["most"] == found.params["per_commune"] - 1
