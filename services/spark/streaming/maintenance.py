"""Light upkeep, between batches: small files become one, snapshots that nobody needs are let go.

Never next to a write of ours (the caller holds the stream's lock), one table at a time, so that a batch waits for one
table at most.
"""
from __future__ import annotations

import time

from pyspark.sql import SparkSession

from streaming import lake, log
from streaming.settings import Settings
from streaming.state import State

SMALL_FILES = 12         # data files, or files of deletes, that make rewriting worth its time
KEEP_LAST = 10


class Maintenance:
    def __init__(self, settings: Settings, state: State, clock=time.monotonic):
        self.settings, self.state, self.clock = settings, state, clock
        self.due, self.queue = clock() + settings.maintenance_interval_s, []

    def step(self, spark: SparkSession) -> bool:
        """One table, if one is due. False: nothing to do."""
        if not self.settings.maintenance_interval_s:
            return False
        if not self.queue:
            if self.clock() < self.due:
                return False
            self.due = self.clock() + self.settings.maintenance_interval_s
            self.queue = [row["tableName"] for row in spark.sql(f"SHOW TABLES IN {self.settings.catalog}.{self.settings.namespace}").collect()]
            return bool(self.queue)
        name = self.queue.pop(0)
        begun = time.monotonic()
        told = tidy(spark, self.settings.table(name), self.settings.snapshot_retention_min)
        if any(told.values()):
            with self.state.lock:
                for what, count in told.items():
                    self.state.maintenance[what] = self.state.maintenance.get(what, 0) + count
            log.info("tidied", table=name, **told, ms=int(1000 * (time.monotonic() - begun)))
        return True


def tidy(spark: SparkSession, table: str, retention_min: int) -> dict[str, int]:
    handle = lake.iceberg_table(spark, table)
    if handle is None or handle.currentSnapshot() is None:
        return {}
    told = {}
    summary = handle.currentSnapshot().summary()
    count = lambda name: int(summary.get(name) or 0)
    actions = spark._jvm.org.apache.iceberg.spark.actions.SparkActions.get(spark._jsparkSession)
    if count("total-data-files") >= SMALL_FILES or count("total-delete-files") >= SMALL_FILES:
        rewrite = actions.rewriteDataFiles(handle).binPack().option("min-input-files", "2").option("delete-file-threshold", "1") \
            .option("remove-dangling-deletes", "true").option("partial-progress.enabled", "false")
        for name in (lake.OFFSETS, lake.LSN):        # the new snapshot is as complete as the one it replaces
            known = carried(handle, name)
            if known is not None:
                rewrite = rewrite.snapshotProperty(name, known)
        done = rewrite.execute()
        told |= {"rewritten_files": done.rewrittenDataFilesCount(), "removed_deletes": done.removedDeleteFilesCount()}
        handle.refresh()
    before = handle.snapshots()
    oldest = int(1000 * (time.time() - 60 * retention_min))
    if sum(1 for snapshot in before if snapshot.timestampMillis() < oldest) > KEEP_LAST:
        done = actions.expireSnapshots(handle).expireOlderThan(oldest).retainLast(KEEP_LAST).execute()
        told |= {"expired_files": done.deletedDataFilesCount() + done.deletedManifestListsCount() + done.deletedManifestsCount()
                 + done.deletedPositionDeleteFilesCount()}
    return told


def carried(handle, name: str) -> str | None:
    snapshot = handle.currentSnapshot()
    while snapshot is not None:
        if snapshot.summary().get(name):
            return snapshot.summary().get(name)
        parent = snapshot.parentId()
        snapshot = handle.snapshot(parent) if parent is not None else None
    return None
