"""The files of these claims, verified by the checker that shares no code with them; altered files are rejected."""

import json

import numpy as np
import pytest

from theory.contraction.certificate import Certificate
from theory.contraction.form import FORMS
from theory.contraction.network import network
from theory.contraction.search.frequency_dual import refute_multiplier
from theory.contraction.search.instability import unstable_slopes
from theory.contraction.search.polytope import contracting_polytope
from theory.contraction.search.switching import unstable_switching
from theory.contraction.search.vertex_dual import refute_quadratic
from theory.contraction.search.vertex_lmi import solve_vertices
from validate.contraction.certificate_checker import main

TURN = np.array([[0.0, -1.0], [1.0, 0.0]])
OPTIONS = {"slopes": np.array([0.75, 1.0]), "time_constants": np.array([1.0, 1.5])}


@pytest.mark.parametrize("form", FORMS, ids=lambda form: form.name)
def test_checker_verifies_every_kind(form, tmp_path):
    calm, turning, wild, unstable = (
        network(weights, form, **OPTIONS)
        for weights in (TURN, 2.5 * TURN, 6 * TURN, np.array([[2.0, -1.0], [1.0, 0.0]]))
    )
    proved = (
        (calm, solve_vertices(calm, 0.125)),
        (turning, refute_quadratic(turning)),
        (turning, contracting_polytope(turning, 0.0625)),
        (wild, unstable_switching(wild)),
        (unstable, unstable_slopes(unstable)),
    )
    for number, (net, claim) in enumerate(proved):
        assert claim is not None
        document = Certificate(net.exact, (claim,)).document()
        file = tmp_path / f"{number}.json"
        file.write_text(json.dumps(document))
        assert main([str(file)]) == 0
        (written,) = document["claims"]
        wrong = 3 if written["claim"] == "contracting" else -1
        file.write_text(json.dumps({**document, "claims": [{**written, "rate": wrong}]}))
        assert main([str(file)]) == 1


@pytest.mark.parametrize("form", FORMS, ids=lambda form: form.name)
def test_a_quadratic_metric_that_the_multiplier_lmi_does_not_find(form, tmp_path):
    """A matrix of quarters, found by search: rate 1/16 by the corners, and a proof that no P and Q have one above 0."""
    weights = 0.75 * np.array([[-2.0, -1.0, -6.0], [6.0, -5.0, 6.0], [2.0, -2.0, -2.0]])
    net = network(weights, form)
    claims = refute_multiplier(net, 0.0), solve_vertices(net, 0.0625)
    assert None not in claims
    file = tmp_path / "separated.json"
    file.write_bytes(Certificate(net.exact, claims).json_bytes())
    assert main([str(file)]) == 0
