"""The instances of the table, from seeds and from the gallery's data.

F(w) = 1/(2n) |f - y|^2 + lambda sum_i |w_i|,  columns of the inputs of length 1.
"""

import csv
from dataclasses import dataclass
from pathlib import Path

import numpy as np

DATA = Path(__file__).resolve().parents[2] / "models" / "data"


@dataclass
class Instance:
    name: str
    x: np.ndarray  # n x d
    y: np.ndarray  # n
    vectors: np.ndarray  # d x P: gates, or weight vectors whose cells are given
    lam: float
    kind: str = "gated"  # gated, cells (given ones), all (of them, listed), generate

    @property
    def open(self):
        """Row i says which rows gate i lets through (P x n)."""
        return np.ascontiguousarray((self.x @ self.vectors >= 0).T)


def table(name, label):
    """Inputs and the last column, for the rows whose label is known."""
    rows = list(csv.reader(open(DATA / f"{name}.csv")))[1:]
    known = [row for row in rows if row[-1] in label]
    return np.array([row[:-1] for row in known], float), np.array([label[row[-1]] for row in known])


def unit(x):
    return np.ascontiguousarray(x / np.linalg.norm(x, axis=0))


def prepared(x):
    """Standardised columns without the constant ones, a column of ones, all of length 1."""
    x = x[:, x.std(axis=0) > 0]
    x = (x - x.mean(axis=0)) / x.std(axis=0)
    return unit(np.column_stack([x, np.ones(len(x))]))


def breast_cancer():
    x, y = table("breast_cancer", {"malignant": 1.0, "benign": -1.0})
    return prepared(x), y


def digits():
    x, y = table("digits", {"3": 1.0, "8": -1.0})
    return prepared(x), y


def gaussian(d, count, seed=1):
    return np.random.default_rng(seed).standard_normal((d, count))


def planted(n, d, count):
    """A gated teacher of five groups and noise; 0.3 of the largest strength with a network that is not empty."""
    random = np.random.default_rng(3)
    x, vectors = unit(random.standard_normal((n, d))), gaussian(d, count)
    y = sum(((x @ vectors[:, i]) >= 0) * (x @ random.standard_normal(d)) for i in range(5))
    y = y / y.std() + 0.3 * random.standard_normal(n)
    instance = Instance(f"gated, planted {n} x {d}, {count} gates, 0.3 of the largest", x, y, vectors, 0.0)
    instance.lam = 0.3 * np.linalg.norm((instance.open * y) @ x, axis=1).max() / n
    return instance


def small():
    """Forty rows of rank 3: 1,562 cells."""
    random = np.random.default_rng(1)
    x = random.standard_normal((40, 3))
    y = np.maximum(x[:, 0], 0) - np.maximum(x[:, 1], 0) + 0.3 * random.standard_normal(40)
    x = unit(x)
    return Instance("relu, n = 40, d = 3, all 1,562 cells, 0.01", x, y, interior(x), 0.01, "all")


def interior(x):
    """One weight vector in every cell at rank 3, rows in general position: the four cells around every ray x_i cross x_j."""
    found = {}
    for i in range(len(x)):
        for j in range(i):
            ray = np.cross(x[i], x[j])
            pair = np.linalg.pinv(x[[i, j]])
            others = np.abs(x @ ray) / np.linalg.norm(x, axis=1)
            others[[i, j]] = np.inf
            for side in (1, -1):
                for a in (1, -1):
                    for b in (1, -1):
                        step = pair @ np.array([a * np.linalg.norm(x[i]), b * np.linalg.norm(x[j])])
                        w = side * ray + 0.1 * others.min() * step / np.linalg.norm(step)
                        found.setdefault((x @ w >= 0).tobytes(), w)
    n = len(x)
    assert len(found) == 2 + (n - 1) * n, f"{len(found)} cells"
    return np.array(list(found.values())).T


def gated(name, data, count, lam):
    x, y = data()
    return Instance(f"gated, {name} {len(x)} x {x.shape[1]}, {count} gates, {lam}", x, y, gaussian(x.shape[1], count), lam)


def relu(kind, name):
    x, y = breast_cancer()
    return Instance(f"relu, breast cancer, {name}, 0.01", x, y, gaussian(x.shape[1], 50, 2), 0.01, kind)


INSTANCES = {
    "gated-50": lambda: gated("breast cancer", breast_cancer, 50, 0.01),
    "gated-200": lambda: gated("breast cancer", breast_cancer, 200, 0.001),
    "gated-1000": lambda: gated("breast cancer", breast_cancer, 1000, 0.001),
    "gated-digits": lambda: gated("digits 3 and 8", digits, 200, 0.001),
    "gated-planted": lambda: planted(10_000, 100, 500),
    "relu-all": small,
    "relu-cells": lambda: relu("cells", "50 given cells"),
    "relu-generate": lambda: relu("generate", "all cells by generation"),
}
