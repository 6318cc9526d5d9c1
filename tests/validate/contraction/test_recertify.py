"""Networks of networks are certified anew as they run: with their own weights, links and form."""

import pytest

from simulate.contraction.combo import joined
from simulate.contraction.form import FORMS
from simulate.contraction.parametrise.multiplier import draw_multiplier
from simulate.contraction.parametrise.product import draw_product
from validate.contraction.recertify import recertified


@pytest.mark.parametrize("form", FORMS, ids=lambda form: form.name)
@pytest.mark.parametrize("draw", [draw_product, draw_multiplier])
def test_what_is_proved_is_of_the_network_s_own_form_at_the_promised_rate(draw, form):
    """The first slack that is tried, 1e-6 of a module's rate, and the rounding of the links."""
    trained = joined([draw((0, k), 6, form) for k in range(2)], step=0.1, seed=0, form=form)
    proved = recertified(trained, step=False)
    assert {member.network.form.name for member in proved.assembly.members} == {form.name}
    assert proved.certificate is not None
    assert proved.certificate.holds()
    assert proved.rate == pytest.approx(float(trained.rates().min()), rel=1e-5)
