"""From Kafka's bytes to change events.

A frame is a record with the ids of its schemas read out of the five bytes that precede Avro in Confluent's framing. An
event is a frame decoded with one schema: what happened (op), where it stands (partition, off, lsn, ts), the row as it is
after the change (or, for a deletion, as it was), and, where it is asked for and the source says it, the row before.
"""
from __future__ import annotations

from pyspark.sql import DataFrame
from pyspark.sql import functions as F
from pyspark.sql.avro.functions import from_avro

from streaming.connect_types import Node, SchemaError, avro_node, avro_reader, json_sql, json_type, literal, quote, sql_type, value_sql

UNFRAMED = -1      # bytes that are no frame: no registry gives this id
NO_VALUE = -2      # a tombstone


def _id(column: str) -> str:
    return (f"CASE WHEN {column} IS NULL THEN {NO_VALUE} WHEN length({column}) > 5 AND substring({column}, 1, 1) = X'00' "
            f"THEN CAST(conv(hex(substring({column}, 2, 4)), 16, 10) AS INT) ELSE {UNFRAMED} END")


def avro_frames(records: DataFrame) -> DataFrame:
    return records.selectExpr("topic", "partition", "offset AS off", "key", "value", f"{_id('key')} AS key_id", f"{_id('value')} AS value_id")


def row_columns(envelope: Node) -> dict[str, Node]:
    """The columns of the table, from the schema of an envelope."""
    for name, node in envelope.fields:
        if name == "after" and node.kind == "struct":
            return dict(node.fields)
    raise SchemaError("not a Debezium envelope: it has no record named after")


def merged_columns(shapes: list[dict[str, Node]]) -> dict[str, str]:
    """The columns that hold the rows of every shape, in the order in which they were first seen. Where the shapes differ
    in a type the last one counts, and a value of an earlier one is cast to it."""
    columns: dict[str, str] = {}
    for shape in shapes:
        for name, node in shape.items():
            columns[name] = sql_type(node)
    return columns


def row_sql(shape: dict[str, Node], columns: dict[str, str], source: str, physical=lambda node, path: path) -> str:
    """The row as a struct with exactly these columns: a column that the shape lacks is NULL."""
    parts = []
    for name, kind in columns.items():
        node = shape.get(name)
        value = "NULL" if node is None else value_sql(node, physical(node, f"{source}.{quote(name)}"))
        exact = node is not None and sql_type(node) == kind
        parts.append(f"{literal(name)}, {value if exact else f'CAST({value} AS {kind})'}")
    return f"CASE WHEN {source} IS NOT NULL THEN named_struct({', '.join(parts)}) END"


EVENT = ["partition", "off", "key", "value", "op", "lsn", "ts"]


def avro_events(frames: DataFrame, schema_id: int, schema: dict, columns: dict[str, str], old: bool) -> DataFrame:
    """The frames of one schema, decoded. What cannot be decoded has no op."""
    shape = row_columns(avro_node(schema))
    decoded = frames.where(F.col("value_id") == schema_id).withColumn(
        "e", from_avro(F.expr("substring(value, 6)"), avro_reader(schema), {"mode": "PERMISSIVE"}))
    return _events(decoded, shape, columns, old)


def json_frames(records: DataFrame) -> DataFrame:
    """JSON names no schema. What stands for its id is a number made of the names of the row's columns."""
    text = "CAST(value AS STRING)"
    row = f"coalesce(get_json_object({text}, '$.after'), get_json_object({text}, '$.before'))"
    number = (f"CASE WHEN value IS NULL THEN {NO_VALUE} WHEN get_json_object({text}, '$.op') IS NULL THEN {UNFRAMED} "
              f"ELSE coalesce(hash(json_object_keys({row})) & 2147483647, 0) END")
    return records.selectExpr("topic", "partition", "offset AS off", "key", "value", "0 AS key_id", f"{number} AS value_id")


def json_key(frames: DataFrame, topic: str) -> list[str]:
    """The key's columns, from any record's key."""
    found = frames.where((F.col("topic") == topic) & F.col("key").isNotNull()).selectExpr("json_object_keys(CAST(key AS STRING))").head()
    return list(found[0] or []) if found else []


def json_events(frames: DataFrame, schema_id: int, shape: dict[str, Node], columns: dict[str, str], old: bool) -> DataFrame:
    """The frames of one set of columns, decoded with the types that the source says they have."""
    row = "STRUCT<" + ",".join(f"{quote(name)}:{json_type(node)}" for name, node in shape.items()) + ">"
    whole = f"STRUCT<before:{row},after:{row},source:STRUCT<lsn:BIGINT,ts_ms:BIGINT>,op:STRING>"
    decoded = frames.where(F.col("value_id") == schema_id).withColumn("e", F.expr(f"from_json(CAST(value AS STRING), {literal(whole)})"))
    return _events(decoded, shape, columns, old, json_sql)


def _events(decoded: DataFrame, shape: dict[str, Node], columns: dict[str, str], old: bool, physical=lambda node, path: path) -> DataFrame:
    kept = decoded.selectExpr("partition", "off", "key", "value", "e.op AS op", "e.source.lsn AS lsn", "e.source.ts_ms AS ts",
                              "CASE WHEN e.op = 'd' THEN e.before ELSE e.after END AS new", "e.before AS before")
    return kept.selectExpr(*EVENT, f"{row_sql(shape, columns, 'new', physical)} AS row", f"{row_sql(shape, columns, 'before', physical) if old else 'NULL'} AS old")
