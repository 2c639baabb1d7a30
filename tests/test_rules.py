import csv
import datetime as dt
import shutil

import pytest

from siteplan.errors import InputError
from siteplan.norms import load_norms
from siteplan.rules import load_rules


def test_the_rules_of_the_workspace_are_complete(repo_root):
    rules = load_rules(repo_root / "layers" / "rules")
    for name in ("land_use", "eligibility", "plan_kinds", "plan_compatibility", "costs", "surplus"):
        table = getattr(rules, name)
        assert len(table) > 4
        assert table["legal_basis"].notna().all()


def test_the_border_guard_has_one_name_in_plans_and_agencies(repo_root):
    with (repo_root / "layers" / "agencies.csv").open(encoding="utf-8-sig", newline="") as handle:
        (agency,) = (row["agency"] for row in csv.DictReader(handle) if row["agency_id"] == "bdbp")
    kinds = load_rules(repo_root / "layers" / "rules").plan_kinds
    assert set(kinds.loc[kinds["plan_kind"] == "border_zone", "owner"]) == {agency}


def test_a_rule_without_basis_is_refused(tmp_path, repo_root):
    shutil.copytree(repo_root / "layers" / "rules", tmp_path / "rules")
    path = tmp_path / "rules" / "surplus.csv"
    lines = path.read_text("utf-8-sig").splitlines()
    header = next(iter(lines)).split(",")
    broken = dict.fromkeys(header, "")
    broken.update(order="99", treatment="keep", certainty="V")
    path.write_text("\n".join([*lines, ",".join(broken[c] for c in header)]) + "\n", "utf-8")
    with pytest.raises(InputError) as caught:
        load_rules(tmp_path / "rules")
    assert [(p.key, p.column) for p in caught.value.problems] == [("rule_without_basis", "legal_basis")]


def test_a_workspace_older_than_the_bounds_still_has_rules(tmp_path, repo_root):
    shutil.copytree(repo_root / "layers" / "rules", tmp_path / "rules")
    (tmp_path / "rules" / "plausible.csv").unlink()
    assert len(load_rules(tmp_path / "rules").plausible) == 0


@pytest.mark.parametrize("name", ["eligibility", "plausible"])
def test_a_rule_table_saved_beside_itself_is_refused(tmp_path, repo_root, name):
    shutil.copytree(repo_root / "layers" / "rules", tmp_path / "rules")
    (tmp_path / "rules" / f"{name}.xlsx").write_bytes(b"")
    with pytest.raises(InputError) as caught:
        load_rules(tmp_path / "rules")
    assert {p.key for p in caught.value.problems} == {"table_twice"}


def test_a_norm_table_saved_beside_itself_is_refused(tmp_path, repo_root):
    shutil.copytree(repo_root / "layers" / "standards", tmp_path / "standards")
    (tmp_path / "standards" / "nd155-2025.xlsx").write_bytes(b"")
    with pytest.raises(InputError) as caught:
        load_norms(tmp_path / "standards", "nd155-2025", (), dt.date(2026, 1, 1))
    assert [p.key for p in caught.value.problems] == ["table_twice"]
