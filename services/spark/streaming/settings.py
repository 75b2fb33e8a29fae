"""What the job is told: one JSON file, rendered by platformctl from service.yaml."""
from __future__ import annotations

import json
from dataclasses import dataclass, fields


@dataclass(frozen=True)
class Settings:
    bootstrap: str
    registry: str
    topic_prefix: str
    source_schema: str
    namespace: str
    checkpoint: str
    format: str = "avro"
    source_url: str = ""           # JDBC; asked for the types of columns where the format does not say them
    source_user: str = "reader"
    source_password: str = ""
    catalog: str = "lake"
    state_port: int = 8094
    trigger_ms: int = 1000
    max_events_per_batch: int = 50000
    parallel_merges: int = 2
    enrich: bool = True
    enrich_interval_ms: int = 3000
    maintenance_interval_s: int = 300
    snapshot_retention_min: int = 30
    give_up_s: int = 600

    def table(self, name: str) -> str:
        """The lake's table of a name; the metastore knows lower case only."""
        return f"{self.catalog}.{self.namespace}.`{name.lower()}`"

    def topic_table(self, topic: str) -> str:
        return topic[len(f"{self.topic_prefix}.{self.source_schema}."):].replace(".", "_")


def load(path: str) -> Settings:
    with open(path, encoding="utf-8") as file:
        given = json.load(file)
    known = {field.name for field in fields(Settings)}
    unknown = sorted(set(given) - known)
    if unknown:
        raise ValueError(f"{path}: unknown setting {', '.join(unknown)}")
    return Settings(**given)
