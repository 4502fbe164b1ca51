"""Querysets that are compiled once: the ORM says what is asked, a request only fills in the blanks.

For the few reads that many requests make. Putting a queryset together and compiling it takes several times the CPU
of sending it and reading the answer (docs/performance.md), and gives the same SQL every time but for its parameters.
"""

from collections.abc import Callable, Sequence
from typing import Any

from django.db import connection
from django.db.models import BigIntegerField, BooleanField, F, Field, Func, QuerySet, Value
from django.db.models.expressions import Combinable, Expression
from django.db.models.sql.compiler import SQLCompiler


class Blank(Expression):
    """A value of a queryset that is filled in, by its name, each time the statement is executed."""

    def __init__(self, name: str, output_field: "Field[Any, Any] | None" = None) -> None:
        super().__init__(output_field=output_field or BigIntegerField())
        self.name = name

    def as_sql(self, compiler: SQLCompiler, connection: Any) -> tuple[str, tuple[Any, ...]]:
        return "%s", (self,)


class OneOf(Func):
    """`column = ANY(array)`: `column__in` with one parameter however many values there are."""

    template = "%(expressions)s)"
    arg_joiner = " = ANY("
    output_field = BooleanField()

    def __init__(self, column: str, values: Sequence[Any] | Combinable) -> None:
        super().__init__(F(column), values if isinstance(values, Combinable) else Value(list(values)))


class Statement:
    """A queryset of tuples (`values_list`), compiled at the first execution; the rows are those of the queryset."""

    def __init__(self, queryset: "Callable[[], QuerySet[Any, Any]]") -> None:
        self._queryset = queryset
        self._compiled: _Compiled | None = None

    def __call__(self, **blanks: Any) -> list[Sequence[Any]]:
        """Execute with these blanks filled in; `KeyError` names one that is missing."""
        sql, parameters, convert = self._compiled or self._compile()
        with connection.cursor() as cursor:
            cursor.execute(
                sql, [blanks[item.name] if isinstance(item, Blank) else item for item in parameters]
            )
            return convert(cursor.fetchall())

    def _compile(self) -> "_Compiled":
        compiler = self._queryset().query.get_compiler(connection=connection)
        sql, parameters = compiler.as_sql()
        converters = compiler.get_converters([column for column, _sql, _alias in compiler.select])

        def convert(rows: list[Sequence[Any]]) -> list[Sequence[Any]]:
            return list(compiler.apply_converters(rows, converters)) if converters else rows

        self._compiled = (sql, tuple(parameters), convert)
        return self._compiled


_Compiled = tuple[str, tuple[Any, ...], Callable[[list[Sequence[Any]]], list[Sequence[Any]]]]
