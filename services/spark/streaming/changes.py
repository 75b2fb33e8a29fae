"""From the events of a batch to one change a key."""
from __future__ import annotations

from dataclasses import dataclass, field

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from streaming.connect_types import literal, quote

OPS = ("c", "u", "d", "r", "t")
KEYS_LIMIT = 5000          # more keys than this are not listed: who needs them looks at the table instead
UNAVAILABLE = "__debezium_unavailable_value"

# What PostgreSQL did not send because a large value did not change, by the type of the column.
_PLACEHOLDERS = {"STRING": literal(UNAVAILABLE), "BINARY": f"CAST({literal(UNAVAILABLE)} AS BINARY)",
                 "ARRAY<STRING>": f"array({literal(UNAVAILABLE)})"}


@dataclass
class Profile:
    """What a batch holds for one topic, before anything is written."""
    ops: dict[str, int] = field(default_factory=dict)
    poison: int = 0                  # events that cannot be applied
    lsn: int | None = None
    truncated_at: int | None = None  # LSN of the last TRUNCATE
    commit_ms: int | None = None     # of the youngest change, by the source's clock
    distinct: bool = False           # no key comes twice
    unavailable: int = 0             # rows with a value that was not sent
    keys: list[dict] | None = None   # each key once; None: too many
    extra: dict = field(default_factory=dict)


def key_sql(key: list[str], row: str = "row") -> str:
    return "named_struct(" + ", ".join(f"{literal(name)}, {row}.{quote(name)}" for name in key) + ")"


def applicable(key: list[str]) -> str:
    """True for an event that can be applied: it was decoded, and it says which row it is about."""
    whole = " AND ".join(f"row.{quote(name)} IS NOT NULL" for name in key) or "false"
    return f"coalesce(op = 't' OR (op IN ('c','u','d','r') AND {whole}), false)"


def toastable(columns: dict[str, str]) -> dict[str, str]:
    return {name: _PLACEHOLDERS[kind] for name, kind in columns.items() if kind in _PLACEHOLDERS}


def profile_frame(events: DataFrame, topic: str, columns: dict[str, str], key: list[str], extra: dict[str, str]) -> DataFrame:
    """One row that profile() reads. `extra` are further aggregates (SQL by name) whose results are JSON texts."""
    good = applicable(key)
    any_placeholder = " OR ".join(f"row.{quote(name)} = {mark}" for name, mark in toastable(columns).items()) or "false"
    keys = f"collect_set(CASE WHEN {good} AND op <> 't' THEN {key_sql(key)} END)" if key else "array()"
    aggregates = [F.expr(f"count_if({good} AND op = '{op}')").alias(f"op_{op}") for op in OPS]
    aggregates += [F.expr(text).alias(name) for name, text in {
        "poison": f"count_if(NOT {good})",
        "lsn": "max(lsn)",
        "truncated_at": "max(CASE WHEN op = 't' THEN lsn END)",
        "commit_ms": "max(ts)",
        "unavailable": f"count_if(op <> 'd' AND ({any_placeholder}))",
        "distinct_keys": f"size({keys})",
        "keys": f"CASE WHEN size({keys}) <= {KEYS_LIMIT} THEN to_json({keys}) END",
        "extra": "to_json(named_struct(" + ", ".join(f"{literal(name)}, {text}" for name, text in extra.items()) + "))" if extra else "'{}'",
    }.items()]
    return events.agg(*aggregates).select(F.lit(topic).alias("topic"), "*")


def profile(row, parse) -> Profile:
    ops = {op: row[f"op_{op}"] for op in OPS if row[f"op_{op}"]}
    return Profile(ops=ops, poison=row["poison"], lsn=row["lsn"], truncated_at=row["truncated_at"], commit_ms=row["commit_ms"],
                   distinct=row["distinct_keys"] == sum(count for op, count in ops.items() if op != "t"),
                   unavailable=row["unavailable"], keys=None if row["keys"] is None else parse(row["keys"]), extra=parse(row["extra"]))


def last_changes(events: DataFrame, columns: dict[str, str], key: list[str], truncated_at: int | None = None, keep: bool = False,
                 distinct: bool = False) -> DataFrame:
    """One row a key: its columns, and `__op` of its last event by offset (a key lives in one partition, in order).
    With `keep`, `__keep` lists the columns whose value was not sent and is found nowhere in the batch: the old one stays."""
    live = events.where(applicable(key) + " AND op <> 't'")
    if truncated_at is not None:
        live = live.where(f"lsn IS NULL OR lsn > {truncated_at}")
    if distinct and not keep:
        return live.selectExpr("row.*", "op AS __op")
    toast = toastable({name: kind for name, kind in columns.items() if name not in key}) if keep else {}
    aggregates = [F.expr("max_by(struct(op, row), off)").alias("last")]
    for name, mark in toast.items():
        sent = f"op <> 'd' AND NOT (row.{quote(name)} <=> {mark})"
        aggregates.append(F.expr(f"max_by(struct(row.{quote(name)} AS value), off) FILTER (WHERE {sent})").alias(f"sent_{name}"))
    folded = live.groupBy(F.expr(key_sql(key)).alias("__key")).agg(*aggregates)
    values = []
    for name in columns:
        path = f"last.row.{quote(name)}"
        if name in toast:
            path = f"CASE WHEN {path} <=> {toast[name]} THEN {quote('sent_' + name)}.value ELSE {path} END"
        values.append(f"{path} AS {quote(name)}")
    if keep:
        missing = [f"CASE WHEN last.row.{quote(name)} <=> {mark} AND {quote('sent_' + name)} IS NULL THEN {literal(name)} END"
                   for name, mark in toast.items()]
        values.append(f"array_compact(array({', '.join(missing) or 'CAST(NULL AS STRING)'})) AS __keep")
    return folded.selectExpr(*values, "last.op AS __op")
