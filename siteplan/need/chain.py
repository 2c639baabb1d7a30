"""The chain of a need: every step with its formula, its figure, the norms that entered and where they stand."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from siteplan.locale import Message, encode
from siteplan.norms import Norm

# a value only recalled is less certain than a proposal everybody knows to be one: it must never hide behind it
_LEAST_LAST = ("V", "V2", "C", "P", "R")


@dataclass
class Chain:
    """The steps of one commune in one scope, and the norms that entered them."""

    commune_code: str
    scope: str
    norms: dict[str, Norm]
    rows: list[dict[str, Any]] = field(default_factory=list)
    used: set[str] = field(default_factory=set)

    def value(self, key: str) -> float:
        """Value of a norm, which counts as used."""
        self.used.add(key)
        return self.norms[key].value

    def add(
        self,
        item: str,
        value: float,
        unit: str = "m²",
        norms: Sequence[str] = (),
        formula: str = "",
        certainty: str | None = "C",
        basis: str = "",
        also: Sequence[Message] = (),
        **params: Any,
    ) -> float:
        """Add a step and return its value.

        Parameters
        ----------
        item
            Token of the step (``value.item.<item>``).
        value, unit
            The figure; NaN where the step only tells something.
        norms
            Keys of the norms that entered; they give the legal basis, and the least certain of them the certainty.
        formula
            Message key below ``need.formula.``; the item by default.
        certainty
            Where no norm entered: ``C`` for a sum, None for an input.
        basis
            Where no norm entered: key of the norm that only says where the rule of a sum stands; left out where the set
            has none.
        also
            What more is told of the step.
        params
            Figures the formula shows.
        """
        self.used.update(norms)
        entered = [self.norms[key] for key in norms]
        if entered:
            certainty = max((norm.certainty for norm in entered), key=_LEAST_LAST.index)
        stands = entered or [self.norms[key] for key in (basis,) if key in self.norms]
        self.rows.append(
            {
                "commune_code": self.commune_code,
                "scope": self.scope,
                "step": len(self.rows) + 1,
                "item": item,
                "formula": encode([(f"need.formula.{formula or item}", params), *also]),
                "value": value,
                "unit": unit,
                "legal_basis": "; ".join(dict.fromkeys(norm.legal_basis for norm in stands)) or None,
                "certainty": certainty,
                "binding": False,
            }
        )
        return value

    def bind(self, item: str) -> None:
        """Mark the step of that token as the one that decides."""
        for row in self.rows:
            if row["item"] == item:
                row["binding"] = True
