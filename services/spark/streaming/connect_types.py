"""The types of a change event, and how a value of each becomes one of Spark's.

Debezium describes a column by a Kafka Connect type: a physical kind and, where that is not the whole story, a name such
as io.debezium.time.Date. Avro carries both. Here they become a tree of Node, and a Node becomes SQL: the type of the
column in the lake, and the expression that makes its value from what Spark's Avro (or JSON) reader gives.
Nothing in this module talks to Spark.
"""
from __future__ import annotations

import json
import re
from dataclasses import dataclass, field

DECIMAL = "org.apache.kafka.connect.data.Decimal"
VARIABLE_DECIMAL = "io.debezium.data.VariableScaleDecimal"
MAX_PRECISION = 38

# The times that Spark, Trino and Iceberg agree on: 0001-01-01 to 9999-12-31. What lies outside (infinity too) becomes NULL.
DAYS = (-719162, 2932896)
MILLIS = (-62135596800000, 253402300799999)
MICROS = (-62135596800000000, 253402300799999999)


@dataclass(frozen=True)
class Node:
    kind: str                                  # Connect's: boolean int8 … int64 float32 float64 string bytes array map struct
    name: str | None = None                    # the logical type
    params: dict = field(default_factory=dict)
    fields: tuple[tuple[str, Node], ...] = ()  # of a struct
    item: Node | None = None                   # of an array or a map


class SchemaError(ValueError):
    """A schema that no table of the lake can be made from."""


# ---- Avro -------------------------------------------------------------------------------------------------------------

_AVRO_KINDS = {"boolean": "boolean", "int": "int32", "long": "int64", "float": "float32", "double": "float64",
               "string": "string", "bytes": "bytes", "enum": "string", "fixed": "bytes"}


def avro_node(schema, names: dict[str, Node] | None = None, namespace: str = "") -> Node:
    """The tree of an Avro schema that a Connect converter wrote."""
    names = {} if names is None else names
    if isinstance(schema, list):
        branches = [branch for branch in schema if branch != "null"]
        if len(branches) != 1:
            raise SchemaError(f"a union of {len(branches)} types has no place in a table")
        return avro_node(branches[0], names, namespace)
    if isinstance(schema, str):
        if schema in _AVRO_KINDS:
            return Node(_AVRO_KINDS[schema])
        for full in (schema, f"{namespace}.{schema}"):
            if full in names:
                return names[full]
        raise SchemaError(f"unknown Avro type {schema}")
    kind, name = schema["type"], schema.get("connect.name")
    params = dict(schema.get("connect.parameters", {}))
    if isinstance(kind, (list, dict)):
        return avro_node(kind, names, namespace)
    if kind == "record":
        own = schema.get("namespace", namespace)
        fields = tuple((entry["name"], avro_node(entry["type"], names, own)) for entry in schema["fields"])
        node = Node("struct", name, params, fields)
        names[f"{own}.{schema['name']}"] = node
        return node
    if kind == "array":
        return Node("array", name, params, item=avro_node(schema["items"], names, namespace))
    if kind == "map":
        return Node("map", name, params, item=avro_node(schema["values"], names, namespace))
    if kind not in _AVRO_KINDS:
        return avro_node(kind, names, namespace)
    if name == DECIMAL:
        params = {"scale": schema.get("scale", params.get("scale", 0)),
                  "connect.decimal.precision": schema.get("precision", params.get("connect.decimal.precision", 64))}
    return Node(schema.get("connect.type", _AVRO_KINDS[kind]), name, params)


def avro_reader(schema) -> str:
    """The schema text for Spark's Avro reader: it understands decimals, up to its own precision; what the other logical
    types mean is decided here and not there."""
    def walk(part):
        if isinstance(part, list):
            return [walk(branch) for branch in part]
        if not isinstance(part, dict):
            return part
        part = {key: walk(value) if key in ("type", "items", "values", "fields") else value for key, value in part.items()
                if key not in ("default", "connect.default")}   # a reader of whole records needs none, and Spark is strict about them
        if part.get("logicalType") == "decimal":
            part["precision"] = min(int(part["precision"]), MAX_PRECISION)
        elif part.get("connect.name") == VARIABLE_DECIMAL:
            for entry in part["fields"]:
                if entry["name"] == "value":
                    entry["type"] = {"type": "bytes", "logicalType": "decimal", "precision": MAX_PRECISION, "scale": 0}
        else:
            part.pop("logicalType", None)
        return part
    return json.dumps(walk(schema))


# ---- the type of a column ---------------------------------------------------------------------------------------------

_SQL_KINDS = {"boolean": "BOOLEAN", "int8": "INT", "int16": "INT", "int32": "INT", "int64": "BIGINT", "float32": "FLOAT",
              "float64": "DOUBLE", "string": "STRING", "bytes": "BINARY"}

_TIME_OF_DAY = {"io.debezium.time.Time": 1000, "io.debezium.time.MicroTime": 1, "org.apache.kafka.connect.data.Time": 1000}
_LOCAL_TIME = {"io.debezium.time.Timestamp": "ms", "io.debezium.time.MicroTimestamp": "us",
               "io.debezium.time.NanoTimestamp": "ns", "org.apache.kafka.connect.data.Timestamp": "ms"}
_DATES = ("io.debezium.time.Date", "org.apache.kafka.connect.data.Date")
_ZONED = ("io.debezium.time.ZonedTimestamp",)


def sql_type(node: Node) -> str:
    """The column's type in the lake, as Spark spells it."""
    if node.name == DECIMAL:
        precision, scale = decimal_size(node)
        return f"DECIMAL({precision},{scale})"
    if node.name in _DATES:
        return "DATE"
    if node.name in _LOCAL_TIME:
        return "TIMESTAMP_NTZ"
    if node.name in _ZONED:
        return "TIMESTAMP"
    if node.name in _TIME_OF_DAY or node.name in (VARIABLE_DECIMAL, "io.debezium.time.NanoTime"):
        return "STRING"      # Spark has no time of day that Iceberg takes, and no decimal without a scale
    if node.kind == "array":
        return f"ARRAY<{sql_type(node.item)}>"
    if node.kind == "map":
        return f"MAP<STRING,{sql_type(node.item)}>"
    if node.kind == "struct":
        return "STRUCT<" + ",".join(f"{quote(name)}:{sql_type(part)}" for name, part in node.fields) + ">"
    return _SQL_KINDS[node.kind]


def decimal_size(node: Node) -> tuple[int, int]:
    precision = min(int(node.params.get("connect.decimal.precision", MAX_PRECISION)), MAX_PRECISION)
    return precision, min(int(node.params.get("scale", 0)), precision)


def quote(name: str) -> str:
    return "`" + name.replace("`", "``") + "`"


# ---- the value of a column --------------------------------------------------------------------------------------------

def value_sql(node: Node, path: str, depth: int = 0) -> str:
    """An expression for the column's value, from a value that has the physical type of the message."""
    if node.name in _DATES:
        return f"CASE WHEN {path} BETWEEN {DAYS[0]} AND {DAYS[1]} THEN date_from_unix_date({path}) END"
    if node.name in _LOCAL_TIME:
        unit = _LOCAL_TIME[node.name]
        low, high = MILLIS if unit == "ms" else MICROS
        make = "timestamp_millis" if unit == "ms" else "timestamp_micros"
        number = f"({path} div 1000)" if unit == "ns" else path
        return f"CASE WHEN {number} BETWEEN {low} AND {high} THEN CAST({make}({number}) AS TIMESTAMP_NTZ) END"
    if node.name in _ZONED:
        return f"try_cast({path} AS TIMESTAMP)"
    if node.name in _TIME_OF_DAY:
        return _clock(f"({path} * {_TIME_OF_DAY[node.name]}L)" if _TIME_OF_DAY[node.name] > 1 else path)
    if node.name == "io.debezium.time.NanoTime":
        return _clock(f"({path} div 1000)")
    if node.name == VARIABLE_DECIMAL:
        return _plain_decimal(path)
    if node.kind == "array":
        inner = value_sql(node.item, f"x{depth}", depth + 1)
        return path if inner == f"x{depth}" else f"transform({path}, x{depth} -> {inner})"
    if node.kind == "map":
        inner = value_sql(node.item, f"x{depth}", depth + 1)
        return path if inner == f"x{depth}" else f"transform_values({path}, (k{depth}, x{depth}) -> {inner})"
    if node.kind == "struct":
        parts = [(name, f"{path}.{quote(name)}") for name, _ in node.fields]
        made = [value_sql(part, at, depth) for (_, part), (_, at) in zip(node.fields, parts)]
        if made == [at for _, at in parts]:
            return path
        body = ", ".join(f"{literal(name)}, {value}" for (name, _), value in zip(parts, made))
        return f"CASE WHEN {path} IS NOT NULL THEN named_struct({body}) END"
    return path


def _clock(micros: str) -> str:
    part = lambda divisor, modulus, width: f"lpad(CAST(({micros} div {divisor}L) % {modulus}L AS STRING), {width}, '0')"
    return (f"concat({part(3600000000, 100, 2)}, ':', {part(60000000, 60, 2)}, ':', {part(1000000, 60, 2)}, '.', "
            f"{part(1, 1000000, 6)})")


def _plain_decimal(path: str) -> str:
    """Scale and unscaled number to plain notation: (3, -5) is -0.005."""
    digits = f"lpad(CAST(abs({path}.value) AS STRING), greatest({path}.scale + 1, length(CAST(abs({path}.value) AS STRING))), '0')"
    sign = f"CASE WHEN {path}.value < 0 THEN '-' ELSE '' END"
    point = (f"concat({sign}, substring({digits}, 1, length({digits}) - {path}.scale), '.', right({digits}, {path}.scale))")
    return f"CASE WHEN {path}.scale > 0 THEN {point} ELSE CAST({path}.value AS STRING) END"


def literal(text: str) -> str:
    return "'" + text.replace("\\", "\\\\").replace("'", "\\'") + "'"


# ---- JSON without schema ----------------------------------------------------------------------------------------------

def json_type(node: Node) -> str:
    """How Spark's JSON reader is told to read a value: bytes come as base64."""
    if node.kind == "bytes":
        return "STRING"
    if node.kind == "array":
        return f"ARRAY<{json_type(node.item)}>"
    if node.kind == "map":
        return f"MAP<STRING,{json_type(node.item)}>"
    if node.kind == "struct":
        return "STRUCT<" + ",".join(f"{quote(name)}:{json_type(part)}" for name, part in node.fields) + ">"
    return _SQL_KINDS[node.kind]


def json_sql(node: Node, path: str, depth: int = 0) -> str:
    """From what the JSON reader gives to the type that the Avro reader would have given."""
    if node.name == DECIMAL:
        precision, scale = decimal_size(node)
        return f"CAST(concat(CAST({_integer(path)} AS STRING), 'E-{scale}') AS DECIMAL({precision},{scale}))"
    if node.name == VARIABLE_DECIMAL:
        return f"CASE WHEN {path} IS NOT NULL THEN named_struct('scale', {path}.scale, 'value', {_integer(path + '.value')}) END"
    if node.kind == "bytes":
        return f"try_to_binary({path}, 'base64')"
    if node.kind == "array":
        inner = json_sql(node.item, f"j{depth}", depth + 1)
        return path if inner == f"j{depth}" else f"transform({path}, j{depth} -> {inner})"
    return path


def _integer(path: str) -> str:
    """Big-endian two's complement in base64, up to 16 bytes, to a number."""
    digits = f"hex(try_to_binary({path}, 'base64'))"
    wide = f"lpad({digits}, 32, CASE WHEN substring({digits}, 1, 1) >= '8' THEN 'F' ELSE '0' END)"
    high = f"CAST(conv(substring({wide}, 1, 16), 16, -10) AS DECIMAL(20,0))"
    low = f"CAST(conv(substring({wide}, 17, 16), 16, 10) AS DECIMAL(20,0))"
    return f"CAST({high} * 18446744073709551616 + {low} AS DECIMAL(38,0))"


_POSTGRES = {"boolean": ("boolean", None), "smallint": ("int16", None), "integer": ("int32", None), "bigint": ("int64", None), "oid": ("int64", None),
             "real": ("float32", None), "double precision": ("float64", None), "date": ("int32", "io.debezium.time.Date"),
             "timestamp with time zone": ("string", "io.debezium.time.ZonedTimestamp"), "bytea": ("bytes", None),
             "interval": ("int64", "io.debezium.time.MicroDuration"), "money": ("bytes", DECIMAL)}


def postgres_node(text: str) -> Node:
    """Debezium's type, with its default settings, for a type as PostgreSQL's format_type() spells it."""
    if text.endswith("[]"):
        return Node("array", item=postgres_node(text[:-2]))
    found = re.fullmatch(r"([a-z ]+?)(?:\((\d+)(?:,(-?\d+))?\))?( with(?:out)? time zone)?", text)
    base, first, second, zone = found.groups() if found else (text, None, None, None)
    precision = 6 if first is None else int(first)
    if base == "numeric":
        if first is None:
            return Node("struct", VARIABLE_DECIMAL, fields=(("scale", Node("int32")), ("value", Node("bytes"))))
        return Node("bytes", DECIMAL, {"connect.decimal.precision": first, "scale": second or 0})
    if base == "money":
        return Node("bytes", DECIMAL, {"scale": 2})
    if base == "timestamp":
        if zone == " with time zone":
            return Node("string", "io.debezium.time.ZonedTimestamp")
        return Node("int64", f"io.debezium.time.{'Timestamp' if precision <= 3 else 'MicroTimestamp'}")
    if base == "time" and zone != " with time zone":
        return Node("int32", "io.debezium.time.Time") if precision <= 3 else Node("int64", "io.debezium.time.MicroTime")
    if base in ("bit", "bit varying"):
        return Node("boolean") if first in (None, "1") and base == "bit" or first == "1" else Node("bytes", "io.debezium.data.Bits")
    kind, name = _POSTGRES.get(base if base in _POSTGRES else text, ("string", None))
    return Node(kind, name)


# ---- tables -----------------------------------------------------------------------------------------------------------

_WIDER = {("INT", "BIGINT"), ("FLOAT", "DOUBLE")}


def wider(have: str, want: str) -> str | None:
    """The type that holds both, if Iceberg can turn a column of the one into it; None where it cannot."""
    have, want = have.upper().replace(" ", ""), want.upper().replace(" ", "")
    if have == want or (want, have) in _WIDER:
        return have
    if (have, want) in _WIDER:
        return want
    if have.startswith("DECIMAL(") and want.startswith("DECIMAL("):
        (p1, s1), (p2, s2) = (tuple(map(int, text[8:-1].split(","))) for text in (have, want))
        if s1 == s2:
            return f"DECIMAL({max(p1, p2)},{s1})"
    return None


def evolve(have: dict[str, str], want: dict[str, str]) -> tuple[dict[str, str], dict[str, str]]:
    """What to add and what to widen so that a table with the columns `have` takes rows with the columns `want`."""
    known = {name.lower(): (name, kind) for name, kind in have.items()}
    add, widen = {}, {}
    for name, kind in want.items():
        if name.lower() not in known:
            add[name] = kind
            continue
        own, own_kind = known[name.lower()]
        fits = wider(own_kind, kind)
        if fits is None:
            raise SchemaError(f"column {name} is {kind} in the source now and {own_kind} in the lake, which cannot be changed into it")
        if fits != own_kind.upper().replace(" ", ""):
            widen[own] = fits
    return add, widen
