"""What the job knows of itself, and the HTTP server that tells it: /healthz /readyz /metrics /v1/state, on loopback."""
from __future__ import annotations

import json
import threading
import time
from collections import deque
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

SCHEMA_VERSION = 1
STALLED_S = 120      # a batch that takes longer is worth a word


class State:
    """Written by the stream, read by the server; every access holds the lock."""

    def __init__(self, clock=time.time):
        self.lock, self.clock = threading.Lock(), clock
        self.started = clock()
        self.active, self.caught_up, self.trouble = False, False, None
        self.batch_since = None
        self.batches, self.batch_ms, self.batch_id, self.phases = 0, 0, None, {}
        self.tables: dict[str, dict] = {}
        self.changes = {"price": 0, "stock": 0, "low_stock": 0}
        self.recent = deque(maxlen=50)
        self.dead_letters, self.failures, self.maintenance = 0, 0, {}
        self.enriched = {"rows": 0, "runs": 0, "rebuilds": 0, "last_ms": 0}
        self.lag: dict[str, int] = {}
        self.trigger_ms: dict[str, int] = {}      # where the last trigger's time went, in Spark's words

    # -- the stream's side --
    def set(self, **values) -> None:
        with self.lock:
            for name, value in values.items():
                setattr(self, name, value)

    def failed(self, reason: str, remedy: str) -> None:
        with self.lock:
            self.failures += 1
            self.trouble = {"reason": reason, "remedy": remedy}

    def table(self, name: str, topic: str, ops: dict[str, int], offsets: dict[int, int], lsn: int | None, commit_ms: int | None) -> None:
        with self.lock:
            entry = self.tables.setdefault(name, {"topic": topic, "ops": {}, "offsets": {}, "lsn": None, "lag_ms": None, "written_ms": None})
            for op, count in ops.items():
                entry["ops"][op] = entry["ops"].get(op, 0) + count
            entry["offsets"] = {str(part): offset for part, offset in offsets.items()}
            entry["lsn"] = lsn
            if ops:
                now = int(self.clock() * 1000)
                entry["written_ms"] = now
                entry["lag_ms"] = now - commit_ms if commit_ms else None

    def tell(self, change) -> None:
        with self.lock:
            self.changes[change.kind] += 1
            percent = change.percent()
            self.recent.append({"kind": change.kind, "key": change.key, "name": change.name, "old": str(change.old), "new": str(change.new),
                                "percent": None if percent is None else str(percent), "ts_ms": change.ts_ms})

    def dead(self, count: int) -> None:
        with self.lock:
            self.dead_letters += count

    # -- the server's side --
    def health(self) -> tuple[int, dict]:
        with self.lock:
            if self.trouble:
                return 503, {"state": "degraded", **self.trouble}
            if not self.active:
                return 503, {"state": "starting", "reason": "the query has not started yet", "remedy": "wait, or read this service's log"}
            if self.batch_since and self.clock() - self.batch_since > STALLED_S:
                return 503, {"state": "degraded", "reason": f"one batch has been running for {int(self.clock() - self.batch_since)} s",
                             "remedy": "look at memory and processor; a first snapshot can take long"}
            if not self.caught_up:
                behind = sum(self.lag.values())
                return 503, {"state": "starting", "reason": f"catching up, {behind} records behind", "remedy": "wait"}
            return 200, {"state": "ready", "reason": "", "remedy": ""}

    def snapshot(self) -> dict:
        _, health = self.health()
        with self.lock:
            return {"schema_version": SCHEMA_VERSION, **health, "uptime_s": int(self.clock() - self.started),
                    "batch": {"id": self.batch_id, "count": self.batches, "last_ms": self.batch_ms, "phases_ms": dict(self.phases), "trigger_ms": dict(self.trigger_ms)},
                    "tables": json.loads(json.dumps(self.tables)), "lag_records": dict(self.lag),
                    "changes": dict(self.changes), "recent_changes": list(self.recent), "enriched": dict(self.enriched),
                    "dead_letters": self.dead_letters, "failures": self.failures, "maintenance": dict(self.maintenance)}

    def metrics(self) -> str:
        code, _ = self.health()
        out = []

        def family(name: str, kind: str, text: str, samples: list[tuple[dict, float]]) -> None:
            out.append(f"# HELP {name} {text}\n# TYPE {name} {kind}\n")
            for labels, value in samples:
                inside = ",".join(f'{label}="{content}"' for label, content in labels.items())
                out.append(f"{name}{{{inside}}} {value}\n" if inside else f"{name} {value}\n")

        with self.lock:
            tables = self.tables.items()
            family("dataflow_spark_ready", "gauge", "1 when the stream runs and has caught up once", [({}, int(code == 200))])
            family("dataflow_spark_events_total", "counter", "Events written to the lake",
                   [({"table": name, "op": op}, count) for name, entry in tables for op, count in entry["ops"].items()])
            family("dataflow_spark_lag_records", "gauge", "Records of a topic not yet processed", [({"topic": topic}, lag) for topic, lag in self.lag.items()])
            family("dataflow_spark_commit_to_lake_seconds", "gauge", "From the source's commit to the lake's, youngest change of the last batch",
                   [({"table": name}, entry["lag_ms"] / 1000) for name, entry in tables if entry["lag_ms"] is not None])
            family("dataflow_spark_batches_total", "counter", "Batches with data", [({}, self.batches)])
            family("dataflow_spark_batch_seconds", "gauge", "Duration of the last batch", [({}, self.batch_ms / 1000)])
            family("dataflow_spark_changes_total", "counter", "Price and stock changes seen", [({"kind": kind}, count) for kind, count in self.changes.items()])
            family("dataflow_spark_dead_letters_total", "counter", "Records that could not be applied", [({}, self.dead_letters)])
            family("dataflow_spark_failures_total", "counter", "Attempts that failed and were made again", [({}, self.failures)])
            family("dataflow_spark_enriched_rows_total", "counter", "Rows written to the enriched table", [({}, self.enriched["rows"])])
        return "".join(out)


def serve(state: State, port: int) -> ThreadingHTTPServer:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self):
            if self.path == "/healthz":
                self.answer(200, "text/plain", "ok\n")
            elif self.path == "/readyz":
                code, health = state.health()
                self.answer(code, "application/json", json.dumps(health) + "\n")
            elif self.path == "/metrics":
                self.answer(200, "text/plain; version=0.0.4", state.metrics())
            elif self.path == "/v1/state":
                self.answer(200, "application/json", json.dumps(state.snapshot()) + "\n")
            else:
                self.answer(404, "text/plain", "there are /healthz /readyz /metrics /v1/state\n")

        def answer(self, code: int, kind: str, body: str) -> None:
            data = body.encode()
            self.send_response(code)
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)

        def log_message(self, *_):
            pass

    server = ThreadingHTTPServer(("127.0.0.1", port), Handler)
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, name="state", daemon=True).start()
    return server
