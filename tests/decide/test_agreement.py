import pandas as pd
import pytest

from siteplan.decide.agreement import METHODS, agreement
from siteplan.tables import RESULTS, verify


def scores(subjects, weights=(50, 50), of="site", code="1"):
    return pd.DataFrame(
        [
            {
                "of": of, "subject_id": subject, "commune_code": code, "criterion": f"c{n}", "block": "base",
                "scaled": value, "weight": weight, "missing": value is None,
            }
            for subject, values in subjects.items()
            for n, (value, weight) in enumerate(zip(values, weights, strict=True))
        ]
    )  # fmt: skip


def compared(table, **options):
    return agreement(table, {"a": "Khu A"}, set(table["subject_id"]), METHODS, **options)


def test_where_one_site_leads_on_all_criteria_all_methods_agree():
    found = compared(scores({"a": (0.9, 0.8), "b": (0.5, 0.6), "c": (0.1, 0.2)}))
    verify(found, RESULTS["agreement"])
    assert found["method"].tolist() == sorted(METHODS)
    assert found["tau"].tolist() == [1, 1, 1]
    assert found["first_same"].all()
    assert (found["first"] == "Khu A").all()


def test_a_method_that_prefers_another_site_is_told():
    # the weighted sum takes the extreme (.60 over .55); VIKOR minds that it fails one criterion wholly
    table = scores({"a": (1.0, 0.0), "b": (0.55, 0.55), "c": (0.0, 1.0)}, weights=(60, 40))
    found = compared(table).set_index("method")
    assert not found.loc["vikor", "first_same"]
    assert (found.loc["vikor", "first"], found.loc["vikor", "first_other"]) == ("Khu A", "b")


@pytest.mark.parametrize(
    "subjects",
    [{"a": (0.5, 0.5)}, {"a": (0.5, 0.5), "b": (None, 0.9)}],
)
def test_what_cannot_be_compared_is_not(subjects):
    assert compared(scores(subjects)).empty


def test_a_criterion_that_few_have_is_left_out_and_the_rest_compared():
    found = compared(scores({"a": (0.9, None), "b": (0.5, None), "c": (0.1, 0.2)}))
    assert (found["subjects"] == 3).all()
    assert (found["criteria"] == 1).all()


def test_equal_subjects_have_no_correlation():
    found = compared(scores({"a": (0.5, 0.5), "b": (0.5, 0.5)}))
    assert found["tau"].isna().all()
    assert found["first_same"].all()


def test_communes_are_compared_among_themselves_and_sites_within_their_commune():
    table = pd.concat(
        [scores({"1": (0.9, 0.8), "2": (0.5, 0.6)}, of="commune"), scores({"a": (0, 1), "b": (1, 0)}, weights=(60, 40))]
    )
    found = compared(table)
    assert found["of"].tolist() == ["commune"] * 3 + ["site"] * 3
    assert (found["subjects"] == 2).all()


def test_off_by_default():
    table = scores({"a": (0.9, 0.8), "b": (0.5, 0.6)})
    assert agreement(table, {}, set(table["subject_id"]), ()).empty
