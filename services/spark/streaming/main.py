"""The streaming job: start, keep going, stop."""
from __future__ import annotations

import argparse
import json
import os
import re
import signal
import sys
import threading
import time

from pyspark.sql import DataFrame, SparkSession

from streaming import log, session
from streaming.maintenance import Maintenance
from streaming.mirror import Mirror
from streaming.registry import Registry
from streaming.settings import Settings, load
from streaming.source_catalog import SourceCatalog
from streaming.state import State, serve

TICK_S = 0.25
DRAIN_S = 9.0            # of the time that the supervisor gives
BACKOFF_S = (1, 2, 5, 10, 20, 30)


class Stopping(Exception):
    """Asked to end while waiting."""


class Job:
    def __init__(self, settings: Settings, spark: SparkSession, state: State):
        self.settings, self.spark, self.state = settings, spark, state
        catalog = None
        if settings.format == "json":
            catalog = SourceCatalog(settings.source_url, settings.source_user, settings.source_password, settings.source_schema)
        self.mirror = Mirror(settings, Registry(settings.registry), state, catalog)
        self.maintenance = Maintenance(settings, state)
        self.lock = threading.Lock()          # one at a time: a batch, the enriched table, upkeep
        self.stopping = threading.Event()
        self.stream_session = None            # a query works in a copy of the session; all that is written goes through it
        self.enriched_at = 0.0

    # -- the stream's thread --

    def batch(self, records: DataFrame, number: int) -> None:
        self.acquire()
        try:
            self.stream_session = records.sparkSession
            begun = time.time()
            self.state.set(batch_since=begun)
            self.persist(lambda: self.mirror.process(records))
            self.state.set(batch_since=None, batch_id=number, batches=self.state.batches + 1,
                           batch_ms=int(1000 * (time.time() - begun)), phases=dict(self.mirror.phases))
        finally:
            self.lock.release()

    def acquire(self) -> None:
        while not self.lock.acquire(timeout=0.1):
            if self.stopping.is_set():
                raise Stopping

    def persist(self, work) -> None:
        """Do it until it is done: a store, a metastore or a registry that is away comes back. Repeating is harmless."""
        begun, attempt = time.monotonic(), 0
        while True:
            try:
                work()
                break
            except Exception as error:
                if self.stopping.is_set():
                    raise
                wait = BACKOFF_S[min(attempt, len(BACKOFF_S) - 1)]
                attempt += 1
                self.mirror.forget()
                self.trouble("a batch failed", error, wait)
                if time.monotonic() - begun > self.settings.give_up_s:
                    raise
                if self.stopping.wait(wait):
                    raise Stopping from error
        if attempt:
            log.info("a batch went through", attempts=attempt + 1)
        self.state.set(trouble=None)

    def trouble(self, what: str, error: Exception, wait: int) -> None:
        reason = cause(error)
        log.error(what, reason=reason, again_in_s=wait)
        self.state.failed(f"{what}: {reason}", "see whether Kafka, the registry, the metastore and the object store are up; it goes on by itself")

    # -- the main thread --

    def run(self) -> None:
        """Queries, one after the other: a broker that goes away ends one."""
        attempt = 0
        while not self.stopping.is_set():
            begun = time.monotonic()
            try:
                self.follow()
            except Exception as error:
                if self.stopping.is_set():
                    return
                attempt = 0 if time.monotonic() - begun > 120 else attempt + 1
                wait = BACKOFF_S[min(attempt, len(BACKOFF_S) - 1)]
                self.trouble("the stream ended", error, wait)
                if attempt > 20:
                    raise
                self.stopping.wait(wait)

    def follow(self) -> None:
        self.mirror.forget()
        self.spark.sql(f"CREATE NAMESPACE IF NOT EXISTS {self.settings.catalog}.{self.settings.namespace}")
        if self.mirror.enricher:
            self.mirror.enricher.check(self.spark)
        query = self.start()
        self.state.set(active=True, trouble=None)
        log.info("streaming", query=query.id, trigger_ms=self.settings.trigger_ms)
        try:
            while not self.stopping.is_set() and query.isActive:
                self.progress(query)
                self.between()
                self.stopping.wait(TICK_S)
            if query.exception() is not None:
                raise query.exception()
        finally:
            self.state.set(active=False)
            if self.stopping.is_set():
                self.drain(query)

    def start(self):
        forget_unfinished(self.settings.checkpoint)
        pattern = re.escape(f"{self.settings.topic_prefix}.{self.settings.source_schema}.") + "[^.]+"
        records = (self.spark.readStream.format("kafka")
                   .option("kafka.bootstrap.servers", self.settings.bootstrap)
                   .option("subscribePattern", pattern)
                   .option("startingOffsets", "earliest")
                   .option("maxOffsetsPerTrigger", self.settings.max_events_per_batch)
                   .option("kafka.metadata.max.age.ms", 5000)
                   # How long a read may wait at the broker for more than there is: a batch knows what it wants.
                   .option("kafka.fetch.max.wait.ms", 50)
                   .load())
        return (records.writeStream.queryName("mirror").foreachBatch(self.batch)
                .option("checkpointLocation", self.settings.checkpoint)
                .trigger(processingTime=f"{self.settings.trigger_ms} milliseconds").start())

    def progress(self, query) -> None:
        text = query._jsq.lastProgress()
        if text is None:
            return
        seen = json.loads(text.json())
        lag = {}
        for source in seen["sources"]:
            done, there = source.get("endOffset") or {}, source.get("latestOffset") or {}
            for topic, parts in there.items():
                lag[topic] = sum(max(0, offset - done.get(topic, {}).get(part, 0)) for part, offset in parts.items())
        self.state.set(lag=lag, trigger_ms=seen["durationMs"])
        if not self.state.caught_up and not any(lag.values()):
            self.state.set(caught_up=True)
            log.info("caught up", topics=len(lag), after_s=round(time.time() - self.state.started, 1))

    def between(self) -> None:
        """What waits for a moment between two batches."""
        enricher = self.mirror.enricher
        # The mirror comes first: where machines are slow, enriching takes a sixth of the time at most.
        pause = max(self.settings.enrich_interval_ms, 5 * self.state.enriched["last_ms"]) / 1000
        enrich = enricher and enricher.pending() and time.monotonic() - self.enriched_at > pause
        if not self.stream_session or not self.lock.acquire(blocking=False):
            return
        try:
            if enrich:
                self.enriched_at = time.monotonic()
                enricher.run(self.stream_session, self.mirror.files)
                self.enriched_at = time.monotonic()
            elif self.state.caught_up:
                self.maintenance.step(self.stream_session, self.mirror.files)
        except Exception as error:
            # Nothing is lost: what was to be enriched is still known, and upkeep comes round again.
            log.warn("put off", reason=cause(error))
        finally:
            self.lock.release()

    def drain(self, query) -> None:
        """Let the batch that runs end, bring the enriched table up to date, then stop."""
        deadline = time.monotonic() + DRAIN_S
        held = self.lock.acquire(timeout=DRAIN_S - 2)
        enricher = self.mirror.enricher
        if held and self.stream_session and enricher and enricher.pending() and time.monotonic() < deadline - 4:
            try:
                enricher.run(self.stream_session, self.mirror.files)
            except Exception as error:
                log.warn("enriched table left behind", reason=cause(error))
        stopper = threading.Thread(target=query.stop, daemon=True)
        stopper.start()
        stopper.join(max(0.5, deadline - time.monotonic()))
        log.info("stopped", clean=held and not stopper.is_alive())


def forget_unfinished(checkpoint: str) -> None:
    """Strike out the batch that was planned and not finished. Spark would repeat exactly that one, and its Kafka source then
    fails when it reports about it (4.1: no latest offsets are known). The tables know what they have: any batch will do."""
    planned, finished = (os.path.join(checkpoint, name) for name in ("offsets", "commits"))
    if not os.path.isdir(planned):
        return
    done = set(os.listdir(finished)) if os.path.isdir(finished) else set()
    for name in os.listdir(planned):
        if name.isdigit() and name not in done:
            for path in (os.path.join(planned, name), os.path.join(planned, f".{name}.crc")):
                if os.path.exists(path):
                    os.remove(path)


def cause(error: Exception) -> str:
    """The innermost reason, on one line."""
    java = getattr(error, "java_exception", None)
    while java is not None and java.getCause() is not None:
        java = java.getCause()
    text = f"{java.getClass().getSimpleName()}: {java.getMessage()}" if java is not None else f"{type(error).__name__}: {error}"
    return " ".join(text.split())[:400]


def main() -> int:
    parser = argparse.ArgumentParser(description="Mirror Debezium's topics into Iceberg.")
    parser.add_argument("settings", help="JSON file")
    parser.add_argument("properties", help="Spark's settings")
    parser.add_argument("--jars", required=True, help="folder of the jars that PySpark lacks")
    parser.add_argument("--log4j", required=True)
    given = parser.parse_args()
    settings = load(given.settings)
    state = State()
    serve(state, settings.state_port)
    jvm = session.start_jvm(given.jars, os.environ.get("DATAFLOW_JAVA_OPTIONS", ""), given.log4j)
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    status = 0
    try:
        spark = session.start_session(given.properties)
        log.info("session", after_s=round(time.time() - state.started, 1))
        job = Job(settings, spark, state)
        job.stopping = stop
        job.run()
    except Exception as error:
        if not stop.is_set():
            log.error("giving up", reason=cause(error))
            status = 1
    jvm.terminate()
    try:
        jvm.wait(3)
    except Exception:
        jvm.kill()
    return status


if __name__ == "__main__":
    # Threads that wait inside the JVM would keep the interpreter from ending.
    code = main()
    sys.stderr.flush()
    os._exit(code)
