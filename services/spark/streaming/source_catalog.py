"""The columns of the source's tables, asked of PostgreSQL itself: JSON without schema does not tell a date from a number."""
from __future__ import annotations

import re

from pyspark.sql import SparkSession

from streaming.connect_types import Node, SchemaError, postgres_node


class SourceCatalog:
    def __init__(self, url: str, user: str, password: str, schema: str):
        self.options = {"url": url, "user": user, "password": password, "driver": "org.postgresql.Driver"}
        self.schema = schema
        self.known: dict[tuple[str, int], dict[str, Node]] = {}

    def shape(self, spark: SparkSession, table: str, fingerprint: int) -> dict[str, Node]:
        """Asked for again only when a row with other columns comes."""
        if (table, fingerprint) not in self.known:
            query = ("SELECT a.attname, format_type(coalesce(nullif(t.typbasetype, 0), a.atttypid), CASE WHEN t.typbasetype <> 0 THEN t.typtypmod ELSE a.atttypmod END) "
                     "FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid JOIN pg_namespace n ON n.oid = c.relnamespace JOIN pg_type t ON t.oid = a.atttypid "
                     f"WHERE n.nspname = {_sql(self.schema)} AND c.relname = {_sql(table)} AND a.attnum > 0 AND NOT a.attisdropped ORDER BY a.attnum")
            rows = spark.read.format("jdbc").options(**self.options, query=query).load().collect()
            if not rows:
                raise SchemaError(f"the source has no table {self.schema}.{table}")
            self.known[table, fingerprint] = {adjusted(row[0]): postgres_node(row[1]) for row in rows}
        return self.known[table, fingerprint]


def adjusted(name: str) -> str:
    """As field.name.adjustment.mode=avro spells it."""
    name = re.sub(r"[^A-Za-z0-9_]", "_", name)
    return "_" + name if name[:1].isdigit() else name


def _sql(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"
