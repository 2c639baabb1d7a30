import csv
import shutil

import pytest

from siteplan.errors import InputError
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
