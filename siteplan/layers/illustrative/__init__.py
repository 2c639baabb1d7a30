"""The embedded data set: an illustrative province made from small fact files, the same on every run."""

from __future__ import annotations

from siteplan.layers.illustrative.build import FILES, GENERATOR_VERSION, fingerprint, generate

__all__ = ["FILES", "GENERATOR_VERSION", "fingerprint", "generate"]
