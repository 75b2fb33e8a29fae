"""Tables of the lake: the SQL that changes them, and what their snapshots say about how far they are.

Format v2 with position deletes: Trino reads no other deletes of a later format, and readers must never need equality deletes.
A commit is the metastore's compare-and-swap on the metadata's location, so no lock is taken.
"""
from __future__ import annotations

import json

from pyspark.sql import SparkSession

from streaming.connect_types import evolve, quote

OFFSETS, LSN = "dataflow.offsets", "dataflow.lsn"      # in a snapshot's summary: JSON by topic
_PROPERTY = "spark.sql.iceberg.snapshot-property."
_IN_LIMIT = 200

TABLE_PROPERTIES = {
    "format-version": "2",
    "write.delete.mode": "merge-on-read", "write.update.mode": "merge-on-read", "write.merge.mode": "merge-on-read",
    "write.delete.granularity": "file",
    # One writer with one task: shuffling rows to be written together would only cost time.
    "write.distribution-mode": "none", "write.merge.distribution-mode": "none",
    "write.update.distribution-mode": "none", "write.delete.distribution-mode": "none",
    "write.parquet.compression-codec": "zstd",
    "write.metadata.delete-after-commit.enabled": "true", "write.metadata.previous-versions-max": "20",
    "engine.hive.lock-enabled": "false",
}


# ---- SQL --------------------------------------------------------------------------------------------------------------

def create_sql(table: str, columns: dict[str, str], properties: dict[str, str]) -> str:
    body = ", ".join(f"{quote(name)} {kind}" for name, kind in columns.items())
    settings = ", ".join(f"'{name}'='{value}'" for name, value in {**TABLE_PROPERTIES, **properties}.items())
    return f"CREATE TABLE IF NOT EXISTS {table} ({body}) USING iceberg TBLPROPERTIES ({settings})"


def alter_sql(table: str, have: dict[str, str], want: dict[str, str]) -> list[str]:
    add, widen = evolve(have, want)
    statements = []
    if add:
        statements.append(f"ALTER TABLE {table} ADD COLUMNS ({', '.join(f'{quote(name)} {kind}' for name, kind in add.items())})")
    return statements + [f"ALTER TABLE {table} ALTER COLUMN {quote(name)} TYPE {kind}" for name, kind in widen.items()]


def prune_sql(columns: dict[str, str], key: list[str], keys: list[dict] | None) -> str:
    """What the target's rows of this batch have in common, as literals: Iceberg then opens only the files that can hold them."""
    name = key[0]
    if not keys or columns[name] not in ("INT", "BIGINT"):
        return ""
    values = sorted({entry[name] for entry in keys})
    if len(values) <= _IN_LIMIT:
        return f" AND t.{quote(name)} IN ({', '.join(map(str, values))})"
    return f" AND t.{quote(name)} BETWEEN {values[0]} AND {values[-1]}"


def merge_sql(table: str, source: str, columns: list[str], key: list[str], prune: str = "", keep: tuple[str, ...] = ()) -> str:
    on = " AND ".join(f"t.{quote(name)} <=> s.{quote(name)}" if len(key) > 1 else f"t.{quote(name)} = s.{quote(name)}" for name in key)
    value = lambda name: (f"CASE WHEN array_contains(s.__keep, '{name}') THEN t.{quote(name)} ELSE s.{quote(name)} END"
                          if name in keep else f"s.{quote(name)}")
    changed = ", ".join(f"t.{quote(name)} = {value(name)}" for name in columns if name not in key) \
        or f"t.{quote(key[0])} = s.{quote(key[0])}"
    return (f"MERGE INTO {table} t USING {source} s ON {on}{prune} "
            f"WHEN MATCHED AND s.__op = 'd' THEN DELETE "
            f"WHEN MATCHED THEN UPDATE SET {changed} "
            f"WHEN NOT MATCHED AND s.__op <> 'd' THEN INSERT ({', '.join(map(quote, columns))}) "
            f"VALUES ({', '.join(f's.{quote(name)}' for name in columns)})")


# ---- what the tables say ----------------------------------------------------------------------------------------------

def iceberg_table(spark: SparkSession, table: str):
    """Iceberg's own object for a table, or None."""
    if not spark.catalog.tableExists(table):
        return None
    return spark._jvm.org.apache.iceberg.spark.Spark3Util.loadIcebergTable(spark._jsparkSession, table)


def columns_of(spark: SparkSession, table: str) -> dict[str, str]:
    return {part.name: part.dataType.simpleString().upper() for part in spark.table(table).schema.fields}


def position(handle, topic: str) -> tuple[dict[int, int], int | None]:
    """The next offset a partition, and the LSN, up to which a table is complete. Snapshots of other writers (a
    compaction by Trino, say) do not know it, so the search goes back to the last of ours."""
    snapshot = handle.currentSnapshot() if handle is not None else None
    while snapshot is not None:
        summary = snapshot.summary()
        offsets = json.loads(summary.get(OFFSETS) or "{}")
        if topic in offsets:
            return {int(part): offset for part, offset in offsets[topic].items()}, json.loads(summary.get(LSN) or "{}").get(topic)
        parent = snapshot.parentId()
        snapshot = handle.snapshot(parent) if parent is not None else None
    return {}, None


def files(handle) -> int:
    """How many files a reader has to open: of data or of deletes, whichever are more."""
    handle.refresh()
    summary = handle.currentSnapshot().summary()
    return max(int(summary.get(name) or 0) for name in ("total-data-files", "total-delete-files"))


def stamp(spark: SparkSession, offsets: dict[str, dict[int, int]], lsns: dict[str, int]) -> None:
    """What the summaries of the snapshots say that this session commits from now on."""
    spark.conf.set(_PROPERTY + OFFSETS, json.dumps(offsets, sort_keys=True))
    spark.conf.set(_PROPERTY + LSN, json.dumps(lsns, sort_keys=True))


def unstamp(spark: SparkSession) -> None:
    for name in (OFFSETS, LSN):
        spark.conf.unset(_PROPERTY + name)


def compiled(spark: SparkSession, yes: bool) -> None:
    """Whether plans are compiled to Java. Every batch's plan differs (the keys stand in it), so a small batch would spend
    most of its time on compiling what then runs once."""
    spark.conf.set("spark.sql.codegen.wholeStage", str(yes).lower())
    spark.conf.set("spark.sql.codegen.factoryMode", "FALLBACK" if yes else "NO_CODEGEN")
