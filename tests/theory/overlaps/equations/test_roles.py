"""The rule for pairs of blocks against the equations of shapes with several columns a block."""

import pytest

from theory.overlaps.equations.gram import UnknownBlock
from theory.overlaps.equations.roles import BlockRoles, Role
from theory.overlaps.equations.shape import Shape
from theory.overlaps.equations.visible import FROZEN_PATTERNS, overlap_roles, visible_overlaps
from theory.overlaps.gaussian import ERF, LINEAR, RELU, TANH

SHAPES = (Shape(inputs=2), Shape(outputs=2), Shape(rank=2), Shape(inputs=2, rank=2, outputs=2))


@pytest.mark.parametrize("shape", SHAPES, ids=str)
@pytest.mark.parametrize("frozen", FROZEN_PATTERNS, ids=lambda blocks: "frozen_" + "".join(sorted(blocks)))
@pytest.mark.parametrize("phi", [LINEAR, ERF], ids=lambda phi: phi.name)
@pytest.mark.sampled(12)
def test_every_overlap_has_the_role_of_its_blocks(phi, frozen, shape):
    """Relu's equations are the linear ones with half the gain, tanh's those of erf with a gain of no closed form."""
    expected, found = overlap_roles(shape, phi, frozen), BlockRoles.of(phi, frozen)
    tables, moving = {role: found.table(shape, role) for role in Role}, found.moving(shape)
    for a, b in shape.pairs:
        overlap = shape.overlap(a, b)
        assert tables[Role.VISIBLE][a, b] == (overlap in expected.visible)
        assert tables[Role.FELT][a, b] == (overlap in expected.needed and overlap not in expected.visible)
        assert tables[Role.HIDDEN][a, b] == (overlap not in expected.needed)
        assert moving[a, b] == (overlap in expected.moving)
    assert found.scope is expected.scope
    for table in (moving, *tables.values()):
        assert (table == table.T).all()


@pytest.mark.parametrize("phi", [RELU, TANH], ids=lambda phi: phi.name)
def test_the_visible_ones_of_the_other_nonlinearities(phi):
    shape = SHAPES[-1]
    table = BlockRoles.of(phi).table(shape, Role.VISIBLE)
    assert {shape.overlap(a, b) for a, b in shape.pairs if table[a, b]} == set(visible_overlaps(shape, phi))


def test_an_unknown_block_is_refused():
    with pytest.raises(UnknownBlock, match="w"):
        BlockRoles.of(LINEAR, frozenset("w"))
