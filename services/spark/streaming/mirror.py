"""One batch of Kafka records into the mirror tables.

Every table of the source has one in the lake that holds its rows as they are now. A batch is decoded, looked at once for
all topics (a Profile each), and then written, table by table, a few at a time. Each snapshot says up to which offset and
LSN its table is complete, so a record that a table has already is passed over, however it comes again: a batch that is
repeated, or a checkpoint that was lost.
"""
from __future__ import annotations

import json
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field

from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F

from streaming import changes, decode, enrich, insight, lake, log
from streaming.connect_types import Node, SchemaError, avro_node
from streaming.deadletters import DeadLetters
from streaming.registry import Registry, Unknown
from streaming.settings import Settings
from streaming.source_catalog import SourceCatalog
from streaming.state import State

COMPILE_FROM = 2000      # events in a batch from which on compiling its plans costs less than it saves


@dataclass
class Share:
    """What one topic has in a batch."""
    topic: str
    name: str                                                        # of the table in the source
    count: int = 0
    first: dict[int, int] = field(default_factory=dict)              # by partition
    last: dict[int, int] = field(default_factory=dict)
    value_ids: dict[int, int] = field(default_factory=dict)          # schema -> its first offset
    key_ids: dict[int, int] = field(default_factory=dict)
    columns: dict[str, str] = field(default_factory=dict)
    key: list[str] = field(default_factory=list)
    extra: dict[str, str] = field(default_factory=dict)              # what insight and enrichment want to know: aggregates
    events: DataFrame | None = None
    profile: changes.Profile | None = None
    position: dict[int, int] = field(default_factory=dict)           # of the table, before this batch
    lsn: int | None = None

    def next(self) -> dict[int, int]:
        return self.position | {part: max(offset + 1, self.position.get(part, 0)) for part, offset in self.last.items()}

    def covered(self) -> bool:
        return all(offset < self.position.get(part, 0) for part, offset in self.last.items())


class Mirror:
    def __init__(self, settings: Settings, registry: Registry, state: State, catalog: SourceCatalog | None = None):
        """With a `catalog` the records are JSON without schema, else Avro with the registry's."""
        self.settings, self.registry, self.state, self.catalog = settings, registry, state, catalog
        self.positions: dict[str, tuple[dict[int, int], int | None]] = {}
        self.dead = DeadLetters(settings, state)
        self.enricher = enrich.Enricher(settings, state) if settings.enrich else None
        self.pool = ThreadPoolExecutor(settings.parallel_merges, thread_name_prefix="merge")
        self.phases: dict[str, int] = {}
        self.known: dict[str, dict[str, str]] = {}  # the columns that a table was last seen to take
        self.handles: dict[str, object] = {}       # Iceberg's tables
        self.files: dict[str, int] = {}            # of each table that was written
        self.keys: dict[str, list[str]] = {}       # by topic, where the records are JSON

    @contextmanager
    def phase(self, name: str):
        begun = time.monotonic()
        yield
        self.phases[name] = int(1000 * (time.monotonic() - begun))

    def forget(self) -> None:
        """Read from the tables again how far they are: somebody else may have changed them, or a write failed half-way."""
        self.positions.clear()
        self.known.clear()
        self.handles.clear()

    # -- a batch --

    def process(self, records: DataFrame) -> None:
        self.phases = {}
        spark = records.sparkSession
        frames = (decode.json_frames if self.catalog else decode.avro_frames)(records).coalesce(1).persist()
        try:
            with self.phase("read"):
                lake.compiled(spark, False)
                shares = [share for share in self.shares(frames) if not self.place(spark, share)]
            lake.compiled(spark, sum(share.count for share in shares) > COMPILE_FROM)
            with self.phase("decode"):
                shares = [share for share in shares if self.open(spark, frames, share)]
                self.profiles(shares)
            with self.phase("merge"):
                self.write(spark, shares)
        finally:
            frames.unpersist()
        self.tell(shares)

    def shares(self, frames: DataFrame) -> list[Share]:
        """Who is in the batch: one small job for all topics."""
        groups = frames.groupBy("topic", "partition", "key_id", "value_id").agg(
            F.min("off").alias("first"), F.max("off").alias("last"), F.count("*").alias("count")).collect()
        found: dict[str, Share] = {}
        for group in groups:
            share = found.setdefault(group["topic"], Share(group["topic"], self.settings.topic_table(group["topic"])))
            part = group["partition"]
            share.count += group["count"]
            share.first[part] = min(share.first.get(part, group["first"]), group["first"])
            share.last[part] = max(share.last.get(part, group["last"]), group["last"])
            if group["value_id"] != decode.NO_VALUE:
                for ids, number in ((share.value_ids, group["value_id"]), (share.key_ids, group["key_id"])):
                    ids[number] = min(ids.get(number, group["first"]), group["first"])
        return sorted(found.values(), key=lambda share: share.topic)

    def place(self, spark: SparkSession, share: Share) -> bool:
        """Where the table stands. True: it has all of this already, or there is nothing to apply."""
        if share.topic not in self.positions:
            handle = lake.iceberg_table(spark, self.settings.table(share.name))
            self.positions[share.topic] = lake.position(handle, share.topic)
        share.position, share.lsn = self.positions[share.topic]
        if share.covered():
            log.info("already in the lake", table=share.name, offsets=share.last)
            return True
        return not share.value_ids

    def open(self, spark: SparkSession, frames: DataFrame, share: Share) -> bool:
        """The events of a topic, its columns and its key. False: nothing in it can be read; it is among the dead letters."""
        own = frames.where(F.col("topic") == share.topic)
        for part, offset in share.position.items():
            if share.first.get(part, offset) < offset:
                own = own.where(f"NOT (partition = {part} AND off < {offset})")
        shapes, unreadable = {}, {}
        for number in sorted(share.value_ids, key=share.value_ids.get):
            try:
                shapes[number] = self.shape(spark, share.name, number)
            except (Unknown, SchemaError) as error:
                unreadable[number] = str(error)
        if unreadable:
            self.dead.keep(spark, own.where(F.col("value_id").isin(list(unreadable))), share.topic, "; ".join(sorted(set(unreadable.values()))))
        if not shapes:
            return False
        share.columns = decode.merged_columns(list(shapes.values()))
        share.key = self.key(frames, share)
        share.extra = insight.aggregate(share.columns, share.key)
        if self.enricher:
            share.extra |= enrich.aggregate(share.name, share.columns)
        old = any("old." in text for text in share.extra.values())
        for number, shape in shapes.items():
            part = (decode.json_events(own, number, shape, share.columns, old) if self.catalog
                    else decode.avro_events(own, number, self.schema(number), share.columns, old))
            share.events = part if share.events is None else share.events.unionByName(part)
        return True

    def shape(self, spark: SparkSession, name: str, number: int) -> dict[str, Node]:
        if self.catalog and number >= 0:
            return self.catalog.shape(spark, name, number)
        return decode.row_columns(avro_node(self.schema(number)))

    def key(self, frames: DataFrame, share: Share) -> list[str]:
        if self.catalog:
            if share.topic not in self.keys:
                self.keys[share.topic] = decode.json_key(frames, share.topic)
            return self.keys[share.topic]
        for number in sorted((number for number in share.key_ids if number >= 0), key=share.key_ids.get, reverse=True):
            try:
                return [name for name, _ in avro_node(self.schema(number)).fields]
            except (Unknown, SchemaError) as error:
                log.warn("key schema unreadable", topic=share.topic, reason=error)
        return []

    def schema(self, number: int) -> dict:
        if number < 0:
            raise Unknown("not a change event" if self.catalog else "not in Confluent's framing")
        return self.registry.schema(number)

    def profiles(self, shares: list[Share]) -> None:
        """Look at every topic in one job: whether anything is odd, and what the outside wants to know."""
        looks = [changes.profile_frame(share.events, share.topic, share.columns, share.key, share.extra) for share in shares]
        if not looks:
            return
        whole = looks[0]
        for look in looks[1:]:
            whole = whole.union(look)
        found = {row["topic"]: changes.profile(row, json.loads) for row in whole.collect()}
        for share in shares:
            share.profile = found[share.topic]

    def write(self, spark: SparkSession, shares: list[Share]) -> None:
        for share in shares:
            if share.profile.poison:
                odd = share.events.where(f"NOT {changes.applicable(share.key)}")
                self.dead.keep(spark, odd, share.topic, "cannot be decoded, or lacks a key")
        writing = []
        for share in [share for share in shares if share.profile.ops]:
            try:
                self.prepare(spark, share)
                writing.append(share)
            except SchemaError as error:
                self.dead.keep(spark, share.events, share.topic, str(error))
                share.profile.ops = {}
        lsns = {share.topic: max(filter(None, (share.lsn, share.profile.lsn)), default=None) for share in writing}
        lake.stamp(spark, {share.topic: share.next() for share in writing}, {topic: lsn for topic, lsn in lsns.items() if lsn is not None})
        try:
            for done in [self.pool.submit(self.merge, spark, share) for share in writing]:
                done.result()
        finally:
            lake.unstamp(spark)
        for share in writing:
            self.positions[share.topic] = (share.next(), lsns[share.topic])

    def prepare(self, spark: SparkSession, share: Share) -> None:
        """The table exists, has the columns, and holds nothing that a TRUNCATE took away."""
        table = self.settings.table(share.name)
        if self.known.get(share.name) == share.columns and share.profile.truncated_at is None:
            return
        if not spark.catalog.tableExists(table):
            spark.sql(lake.create_sql(table, share.columns, {"dataflow.topic": share.topic, "dataflow.key": ",".join(share.key)}))
            log.info("table created", table=share.name, key=",".join(share.key), columns=len(share.columns))
        else:
            for statement in lake.alter_sql(table, lake.columns_of(spark, table), share.columns):
                log.info("table altered", table=share.name, statement=statement)
                spark.sql(statement)
        if share.profile.truncated_at is not None:
            spark.sql(f"DELETE FROM {table}")
            log.info("table truncated", table=share.name)
        self.known[share.name] = share.columns
        self.handles[share.name] = lake.iceberg_table(spark, table)

    def merge(self, spark: SparkSession, share: Share) -> None:
        table, seen = self.settings.table(share.name), share.profile
        keep = tuple(changes.toastable(share.columns)) if seen.unavailable else ()
        rows = changes.last_changes(share.events, share.columns, share.key, seen.truncated_at, bool(keep), seen.distinct)
        handle = self.handles[share.name]
        if handle.currentSnapshot() is None and seen.distinct and not set(seen.ops) - {"c", "r"}:
            # The first snapshot of a table: nothing to compare with.
            share.events.where(changes.applicable(share.key)).select("row.*").writeTo(table).append()
        else:
            view = f"batch_{share.name.lower()}"
            rows.createOrReplaceTempView(f"`{view}`")
            spark.sql(lake.merge_sql(table, f"`{view}`", list(share.columns), share.key,
                                     lake.prune_sql(share.columns, share.key, seen.keys), tuple(name for name in keep if name not in share.key)))
        self.files[share.name] = lake.files(handle)

    def tell(self, shares: list[Share]) -> None:
        for share in shares:
            seen = share.profile
            if not seen.ops:
                continue
            self.state.table(share.name, share.topic, seen.ops, share.next(), self.positions[share.topic][1], seen.commit_ms)
            told = insight.changes(seen.extra.get("moved") or [])
            for change in told:
                self.state.tell(change)
                if change.kind != "stock":
                    log.info(change.kind, product=change.key, name=change.name, old=change.old, new=change.new,
                             percent=change.percent() if change.kind == "price" else None)
            if self.enricher:
                self.enricher.touch(share.name, seen)
        if self.enricher:
            self.enricher.at({share.topic: self.positions[share.topic] for share in shares if share.topic in self.positions})
        log.info("batch", **{share.name: "".join(f"{op}{count}" for op, count in sorted(share.profile.ops.items())) for share in shares},
                 **{f"{name}_ms": spent for name, spent in self.phases.items()})
