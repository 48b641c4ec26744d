"""Every small way in which a program is changed: a line in one of two tables, a function in the module of its kind."""

from __future__ import annotations

from typing import Final

from perpend.authoring.mutation.mutators import blocks, checks, constants, logic, nulls, operators, relations
from perpend.authoring.mutation.mutators.change import BlockMutator, ExpressionMutator

OF_EXPRESSIONS: Final = (
    ExpressionMutator("operator", operators.other_operators),
    ExpressionMutator("range end", operators.other_operands),
    ExpressionMutator("number", constants.next_numbers),
    ExpressionMutator("day", constants.next_days),
    ExpressionMutator("truth", constants.other_truth),
    ExpressionMutator("text", constants.other_text),
    ExpressionMutator("text cut", constants.cut_text),
    ExpressionMutator("entry dropped", constants.fewer_entries),
    ExpressionMutator("access level", constants.next_levels),
    ExpressionMutator("and/or", logic.other_joint),
    ExpressionMutator("part dropped", logic.fewer_parts),
    ExpressionMutator("negation", logic.negated),
    ExpressionMutator("empty", nulls.empty_decides),
    ExpressionMutator("items", nulls.other_flags),
    ExpressionMutator("check removed", checks.fewer_checks),
    ExpressionMutator("child status", relations.other_statuses),
    ExpressionMutator("list emptied", relations.without_children),
    ExpressionMutator("lookup emptied", relations.without_parent),
)
"""The mutators of expressions."""

OF_BLOCKS: Final = (
    BlockMutator("status", blocks.other_statuses),
    BlockMutator("condition dropped", blocks.fewer_conditions),
    BlockMutator("order", blocks.other_order),
    BlockMutator("record type dropped", blocks.fewer_record_types),
)
"""The mutators of the conditions of a block."""
