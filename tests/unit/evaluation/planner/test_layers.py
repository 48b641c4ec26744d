"""A value with several uses becomes a column of the lowest layer that can compute it; other values do not."""

from __future__ import annotations

import pytest

from perpend.core.schema.tables import Table
from perpend.evaluation.planner.scalar import Kind, Scalar, Scalars
from perpend.evaluation.planner.stage import Layers, Stage, layers_of


@pytest.fixture
def made() -> Scalars:
    return Scalars()


def layers(**outputs: Scalar) -> Layers:
    return layers_of(Stage(Table("Thing"), outputs))


def text(made: Scalars, name: str = "a") -> Scalar:
    return made.column("t", name, Kind.TEXT)


def equal(made: Scalars, one: Scalar, wanted: str) -> Scalar:
    return made.make("same", one, made.literal(wanted, Kind.TEXT))


def test_what_is_used_once_is_made_where_it_is_used(made: Scalars) -> None:
    found = layers(v0=equal(made, made.make("rest", text(made)), "x"))
    assert {"b0": text(made)} == found.base
    assert [((), ["v0"])] == [(layer.columns, list(layer.made)) for layer in found.layers]


def test_what_is_used_twice_is_made_once_in_a_layer_below(made: Scalars) -> None:
    rest = made.make("rest", text(made))
    found = layers(v0=equal(made, rest, "x"), v1=equal(made, rest, "y"))
    below, last = found.layers
    assert ({"m0": rest}, ["v0", "v1"]) == (below.made, list(last.made))
    assert ("m0", ()) == (found.names[rest], below.columns)


def test_what_is_made_of_something_shared_is_a_layer_further_up(made: Scalars) -> None:
    one = made.make("rest", text(made))
    two = made.make("rest", one)
    found = layers(v0=equal(made, two, "x"), v1=equal(made, two, "y"), v2=equal(made, one, "z"))
    assert [[one], [two]] == [list(layer.made.values()) for layer in found.layers[:-1]]
    assert [(), ("m0",)] == [layer.columns for layer in found.layers[:-1]], "kept as long as something reads it"


def test_a_column_that_a_later_layer_reads_is_kept(made: Scalars) -> None:
    rest = made.make("rest", text(made))
    found = layers(v0=made.all(equal(made, rest, "x"), equal(made, text(made, "z"), "x")), v1=equal(made, rest, "y"))
    assert ["b0", "b1"] == list(found.base)
    assert ("b1",) == found.layers[0].columns


def test_the_argument_of_what_engines_write_several_times_is_made_before(made: Scalars) -> None:
    rest = made.make("rest", text(made))
    assert 1 == len(layers(v0=made.make("starts", rest, rest)).layers[0].made)
    (below, _) = layers(v0=made.make("is", rest, constants=("x",))).layers
    assert {"m0": rest} == below.made


def test_what_costs_nothing_is_made_again(made: Scalars) -> None:
    null = made.is_null(text(made))
    found = layers(v0=made.any(null, equal(made, text(made), "x")), v1=made.any(null, equal(made, text(made), "y")))
    assert 1 == len(found.layers)


def test_an_output_that_another_output_is_made_of_is_made_once(made: Scalars) -> None:
    inner = equal(made, made.make("rest", text(made)), "x")
    found = layers(v0=inner, v1=made.any(inner, equal(made, text(made, "z"), "y")))
    assert {"m0": inner} == found.layers[0].made
    assert ["v0", "v1"] == list(found.layers[-1].made)


def test_outputs_that_are_constants_need_no_column(made: Scalars) -> None:
    found = layers(v0=made.literal(200, Kind.WHOLE))
    assert ({}, 1) == (found.base, len(found.layers))
