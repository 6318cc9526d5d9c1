from dataclasses import replace

import pytest

from simulate.populations import TrainJob
from simulate.sweep import Store, sweep
from validate.degeneracy import ahead
from validate.degeneracy.__main__ import SECTIONS, TRAINED, plan
from validate.degeneracy.ahead import WorkAhead, levels_of, operations, shape_of, typical_first, work_ahead
from validate.degeneracy.conditions import FactorLevel, rich, usual
from validate.degeneracy.settings import FULL, QUICK, Config
from validate.degeneracy.suite import DISCRIMINATION, FLIP_FLOP
from validate.progress import Progress

TASKS = tuple(replace(each, threshold=1e-9, steps=4) for each in QUICK.tasks)
SHORT = replace(QUICK, networks=3, units=4, updates=20, every=2, trials=4, tasks=TASKS)
CONFIG = Config(effort=SHORT, networks=3, units=4)


def level(name, condition):
    return FactorLevel(name, 1, condition)


def bits(count, config=CONFIG):
    return usual(config, FLIP_FLOP, FLIP_FLOP.at(config, count))


def test_hours_are_networks_times_updates_times_seconds_over_cores():
    one, other = bits(1), replace(bits(2), networks=10, updates=1000, patience=3, every=50)
    found = WorkAhead((bits(3),), (5.0,), (one, other), (0.6, 7.2), cores=2)
    assert found.most == pytest.approx((3 * 20 * 0.6 + 10 * 1000 * 7.2) / 2 / 3600)
    assert found.least == pytest.approx((3 * 6 * 0.6 + 10 * 150 * 7.2) / 2 / 3600)
    assert found.expected == pytest.approx(5 / 20 * found.most)
    assert found.sentence.startswith(
        "2 of 3 populations are left to train: 1.5 to 10 hours on 2 cores as busy as now; 2.5 if"
    )


def test_none_is_expected_where_none_is_done_and_patience_ends_with_the_updates():
    found = WorkAhead((), (), (replace(bits(1), patience=30),), (1.0,), cores=1)
    assert found.expected is None
    assert found.least == found.most
    assert "by how soon networks reach their thresholds" in found.sentence


def test_what_is_in_the_store_is_not_ahead(tmp_path, monkeypatch):
    timed = []
    monkeypatch.setattr(ahead, "seconds_an_update", lambda condition: timed.append(condition) or 2.0)
    store, levels = Store(tmp_path), [level("a", bits(1)), level("b", bits(2)), level("a again", bits(1))]
    found = work_ahead(levels, store, Progress(), cores=1)
    assert (len(found.done), len(found.left), len(timed)) == (0, 2, 2)
    sweep([TrainJob(bits(1))], store)
    found = work_ahead(levels, store, Progress(), cores=1)
    assert (found.done, found.had, found.left) == ((bits(1),), (20.0,), (bits(2),))
    assert found.most == found.expected == pytest.approx(3 * 20 * 2.0 / 3600)
    sweep([TrainJob(bits(2))], store)
    timed.clear()
    found = work_ahead(levels, store, Progress(), cores=1)
    assert (found.left, found.most, timed) == ((), 0.0, [])
    assert found.sentence == "all 2 populations are in the store: nothing is left to train"


def test_hours_are_said_once_one_shape_is_timed(tmp_path, monkeypatch, capsys):
    said = []

    def time(condition):
        said.append(capsys.readouterr().out)
        return 360.0 * operations(condition)

    monkeypatch.setattr(ahead, "seconds_an_update", time)
    levels = [level("a", bits(1)), level("b", bits(2)), level("c", bits(3))]
    found = work_ahead(levels, Store(tmp_path), Progress(), cores=1)
    before, rough, *others = said
    assert (before, others) == ("", [""])
    # One bit, four units: 4 trials x 4 steps x 4 units x (4 units + 1 input + 1 output); a trial has 4 steps.
    products = [64 * (4 + 2 * count) for count in (1, 2, 3)]
    assert [operations(bits(count)) for count in (1, 2, 3)] == products
    assert found.most == pytest.approx(3 * 20 * 360 * sum(products) / 3600)
    assert rough.startswith(
        "3 of 3 populations are left to train: roughly 2,800 to 9,200 hours on 1 core as busy as now"
    )
    assert "3 shapes" in rough
    assert "roughly" not in found.sentence


def test_the_shape_that_others_are_reckoned_by_is_neither_small_nor_large():
    shapes = {str(count): bits(count) for count in (3, 1, 2)}
    assert [*typical_first(shapes)] == ["2", "3", "1"]
    assert typical_first({}) == {}


def test_one_time_is_enough_for_what_computes_alike():
    penalised = {row.condition.training_rule.penalty.__class__.__name__: row.condition for row in penalties()}
    shapes = [
        shape_of(each)
        for each in (
            bits(1),
            bits(2),
            rich(CONFIG, FLIP_FLOP, gamma=1.0),
            rich(CONFIG, FLIP_FLOP, gamma=1.0, units=8),
            usual(CONFIG, DISCRIMINATION),
            *penalised.values(),
        )
    ]
    assert len(set(shapes)) == 7
    two = rich(CONFIG, FLIP_FLOP, gamma=2.0)
    assert shape_of(two) == shapes[2]
    assert shape_of(replace(bits(1), networks=50, updates=7, seed=3)) == shapes[0]


def penalties():
    levels = levels_of(["validate.degeneracy.regularisation"], CONFIG)
    return [each for each in levels if each.value]


def test_only_a_long_run_looks_ahead_and_at_all_of_its_sections():
    assert plan(CONFIG).sections == SECTIONS
    first, *others = plan(Config(effort=FULL)).sections
    assert tuple(others) == SECTIONS
    assert first.given == tuple(section.module for section in TRAINED)
    levels = levels_of(first.given, CONFIG)
    assert {"flip-flop, 3 bits, alone", "flip-flop, 2 bits", "delayed discrimination, L1 norm 0.0001"} <= {
        each.label for each in levels
    }
