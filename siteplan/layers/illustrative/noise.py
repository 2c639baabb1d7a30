"""Random fields: the roughness of ground and boundaries, the same on every run."""

from __future__ import annotations

from typing import Any, Literal

import numpy as np
from scipy import fft, ndimage

Array = np.ndarray[Any, Any]


def fractal(shape: tuple[int, int], rng: np.random.Generator, longest: float, slope: float = 2.0) -> Array:
    """Make a field whose amplitude falls with the wave number: long waves large, short waves small.

    Parameters
    ----------
    shape
        Rows and columns.
    rng
        Source of randomness.
    longest
        Longest wavelength, cells; longer ones are left out.
    slope
        Exponent of the amplitude spectrum; 2 gives hills, 1 gives speckle.

    Returns
    -------
    Array
        float32, mean 0, standard deviation 1.
    """
    rows, columns = shape
    white = rng.standard_normal((rows, columns), dtype=np.float32)
    spectrum = fft.rfft2(white)
    ky = fft.fftfreq(rows)[:, None].astype(np.float32)
    kx = fft.rfftfreq(columns)[None, :].astype(np.float32)
    k = np.hypot(ky, kx)
    k[0, 0] = 1.0
    weight = np.where(k * longest < 1.0, (k * longest) ** 2, 1.0) / k**slope
    weight[0, 0] = 0.0
    field: Array = fft.irfft2(spectrum * weight, s=shape).astype(np.float32)
    field -= field.mean()
    result: Array = field / field.std()
    return result


def enlarge(field: Array, shape: tuple[int, int], order: Literal[1, 3] = 3) -> Array:
    """Stretch a field onto a finer grid of the same extent (cell centres keep their place)."""
    rows, columns = field.shape
    factor = (shape[0] / rows, shape[1] / columns)
    out: Array = ndimage.zoom(field, factor, order=order, mode="nearest", grid_mode=True)
    return out[: shape[0], : shape[1]]


def doubled(field: Array) -> Array:
    """Return a field on cells half as wide, rounded (each new value is 3 parts its own cell, 1 part the next one)."""
    for axis in (0, 1):
        lead: tuple[slice, ...] = (slice(None),) * axis
        quarter = np.pad(field, [(1, 1) if a == axis else (0, 0) for a in (0, 1)], mode="edge") * 0.25
        own = field * 0.75
        out = np.empty([n * 2 if a == axis else n for a, n in enumerate(field.shape)], dtype=field.dtype)
        out[(*lead, slice(0, None, 2))] = own + quarter[(*lead, slice(None, -2))]
        out[(*lead, slice(1, None, 2))] = own + quarter[(*lead, slice(2, None))]
        field = out
    return field


def sample(field: Array, row: Array, column: Array) -> Array:
    """Bilinear values at fractional cell positions (0 is the centre of the first cell); edges are held."""
    values: Array = ndimage.map_coordinates(field, [np.asarray(row), np.asarray(column)], order=1, mode="nearest")
    return values
