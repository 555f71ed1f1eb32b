"""Types that no adapter knows: they take the general route, which asks the object itself."""

from __future__ import annotations

import argparse
import configparser
import email.message
import ipaddress
from string import Template
from typing import Any

import numpy as np
from scipy import interpolate, sparse, spatial, stats

from tests.adapters.conformance import Case


def matrix(kind: Any, last: float = 3.0) -> Any:
    return kind(np.array([[0.0, 1.0], [last, 0.0]]))


def sparse_case(kind: Any) -> Case:
    return Case(
        kind.__name__,
        lambda: matrix(kind),
        different=(lambda: matrix(kind, 4.0), lambda: kind((2, 2)), lambda: matrix(np.asarray)),
    )


def settings(value: str) -> configparser.ConfigParser:
    parser = configparser.ConfigParser()
    parser.read_string(f"[a]\nb = {value}\n")
    return parser


def message(subject: str) -> email.message.EmailMessage:
    held = email.message.EmailMessage()
    held["Subject"] = subject
    return held


CASES = (
    *map(sparse_case, (sparse.csr_matrix, sparse.csc_array, sparse.coo_array, sparse.lil_array, sparse.dok_array)),
    Case(
        "spline",
        lambda: interpolate.CubicSpline([0, 1, 2], [0, 1, 4]),
        different=(lambda: interpolate.CubicSpline([0, 1, 2], [0, 1, 5]),),
    ),
    Case(
        "search tree",
        lambda: spatial.cKDTree([[0.0, 1.0], [2.0, 3.0]]),
        different=(lambda: spatial.cKDTree([[0.0, 1.0], [2.0, 4.0]]),),
        copied=False,
    ),
    Case(
        "rotation",
        lambda: spatial.transform.Rotation.from_euler("z", 90, degrees=True),
        different=(lambda: spatial.transform.Rotation.from_euler("z", 80, degrees=True),),
        copied=False,
    ),
    Case(
        "distribution", lambda: stats.norm(0, 1), different=(lambda: stats.norm(0, 2), lambda: stats.t(3)), copied=False
    ),
    Case("polynomial", lambda: np.polynomial.Polynomial([1, 2]), different=(lambda: np.polynomial.Polynomial([1, 3]),)),
    Case("settings", lambda: settings("1"), different=(lambda: settings("2"),)),
    Case("address", lambda: ipaddress.ip_address("10.0.0.1"), different=(lambda: ipaddress.ip_address("10.0.0.2"),)),
    Case(
        "options",
        lambda: argparse.Namespace(a=1),
        different=(lambda: argparse.Namespace(a=2),),
        mutate=lambda held: setattr(held, "a", 3),
    ),
    Case("message", lambda: message("a"), different=(lambda: message("b"),)),
    Case("template", lambda: Template("$a"), different=(lambda: Template("$b"),)),
)
