"""Light upkeep, between batches: small files become one, snapshots that nobody needs are let go.

Never next to a write of ours (the caller holds the stream's lock), one table at a time, so that a batch waits for one
table at most. Every commit adds a small file and often a file of deletes, and each of them makes the next MERGE and every
query slower: a table is compacted as soon as it is crowded, by the count and not by the clock.
"""
from __future__ import annotations

import time

from pyspark.sql import SparkSession

from streaming import lake, log
from streaming.settings import Settings
from streaming.state import State

CROWDED = 14             # data files, or files of deletes
KEEP_LAST = 10           # snapshots, however old
SMALL_BYTES, TARGET_BYTES = 8 << 20, 64 << 20
MANY_DELETES = 50        # files of deletes that make a large file worth rewriting


class Maintenance:
    def __init__(self, settings: Settings, state: State, clock=time.monotonic):
        self.settings, self.state, self.clock = settings, state, clock
        self.due, self.queue = clock() + settings.maintenance_interval_s, []

    def step(self, spark: SparkSession, crowded: dict[str, int]) -> bool:
        """One table, if one needs it; `crowded` has the files of those that were written. False: nothing to do."""
        if not self.settings.maintenance_interval_s:
            return False
        fullest = max(crowded, key=crowded.get, default=None)
        if fullest is not None and crowded[fullest] >= CROWDED:
            del crowded[fullest]
            return self.work("compacted", fullest, lambda table: compact(spark, table))
        if not self.queue and self.clock() >= self.due:
            self.due = self.clock() + self.settings.maintenance_interval_s
            self.queue = [row["tableName"] for row in spark.sql(f"SHOW TABLES IN {self.settings.catalog}.{self.settings.namespace}").collect()]
        if not self.queue:
            return False
        return self.work("expired", self.queue.pop(0), lambda table: expire(spark, table, self.settings.snapshot_retention_min))

    def work(self, what: str, name: str, do) -> bool:
        begun = time.monotonic()
        count = do(self.settings.table(name))
        if count:
            with self.state.lock:
                self.state.maintenance[what] = self.state.maintenance.get(what, 0) + count
            log.info(what, table=name, files=count, ms=int(1000 * (time.monotonic() - begun)))
        return True


def compact(spark: SparkSession, table: str) -> int:
    handle = lake.iceberg_table(spark, table)
    rewrite = _actions(spark).rewriteDataFiles(handle).binPack()
    for name, value in {"min-input-files": 2, "min-file-size-bytes": SMALL_BYTES, "target-file-size-bytes": TARGET_BYTES,
                        "delete-file-threshold": MANY_DELETES, "remove-dangling-deletes": "true"}.items():
        rewrite = rewrite.option(name, str(value))
    for name in (lake.OFFSETS, lake.LSN):        # the new snapshot is as complete as the one it replaces
        known = carried(handle, name)
        if known is not None:
            rewrite = rewrite.snapshotProperty(name, known)
    done = rewrite.execute()
    return done.rewrittenDataFilesCount() + done.removedDeleteFilesCount()


def expire(spark: SparkSession, table: str, retention_min: int) -> int:
    handle = lake.iceberg_table(spark, table)
    oldest = int(1000 * (time.time() - 60 * retention_min))
    if handle is None or sum(1 for snapshot in handle.snapshots() if snapshot.timestampMillis() < oldest) <= KEEP_LAST:
        return 0
    done = _actions(spark).expireSnapshots(handle).expireOlderThan(oldest).retainLast(KEEP_LAST).execute()
    return (done.deletedDataFilesCount() + done.deletedPositionDeleteFilesCount() + done.deletedManifestsCount()
            + done.deletedManifestListsCount())


def _actions(spark: SparkSession):
    return spark._jvm.org.apache.iceberg.spark.actions.SparkActions.get(spark._jsparkSession)


def carried(handle, name: str) -> str | None:
    snapshot = handle.currentSnapshot()
    while snapshot is not None:
        if snapshot.summary().get(name):
            return snapshot.summary().get(name)
        parent = snapshot.parentId()
        snapshot = handle.snapshot(parent) if parent is not None else None
    return None
