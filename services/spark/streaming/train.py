"""A short life on scratch data, so that the JVM can keep what it loaded in an archive for its next start."""
from __future__ import annotations

import argparse
import os

from streaming import session
from streaming.mirror import Mirror
from streaming.settings import Settings
from streaming.state import State

VALUE = {"type": "record", "name": "Value", "fields": [{"name": "id", "type": "int"}]}
SCHEMAS = {1: VALUE, 2: {"type": "record", "name": "Envelope", "fields": [
    {"name": "before", "type": ["null", VALUE]}, {"name": "after", "type": ["null", "Value"]},
    {"name": "source", "type": {"type": "record", "name": "Source", "fields": [{"name": "lsn", "type": ["null", "long"]}, {"name": "ts_ms", "type": "long"}]}},
    {"name": "op", "type": "string"}]}}

# Rows 1 and 2 inserted; row 1 updated; row 1 deleted: before, after, source (LSN 1, time 1), op.
BATCHES = [[(0, "0002020202020263"), (1, "0002040202020263")], [(2, "0002020202020275")], [(3, "0202000202020264")]]


class Schemas:
    @staticmethod
    def schema(number: int) -> dict:
        return SCHEMAS[number]


def live(scratch: str, spark) -> None:
    settings = Settings(bootstrap="127.0.0.1:1", registry="", topic_prefix="p", source_schema="s", namespace="n", checkpoint="", enrich=False)
    spark.sql("CREATE NAMESPACE lake.n")
    mirror = Mirror(settings, Schemas, State())
    for batch in BATCHES:
        rows = ",".join(f"('p.s.t', 0, {offset}L, X'000000000102', X'0000000002{body}')" for offset, body in batch)
        mirror.process(spark.sql(f"SELECT * FROM VALUES {rows} AS t(topic, partition, offset, key, value)"))
    spark.readStream.format("kafka").option("kafka.bootstrap.servers", settings.bootstrap).option("subscribePattern", "x").load()
    for name in ("org.apache.kafka.clients.consumer.KafkaConsumer", "org.apache.kafka.clients.admin.KafkaAdminClient",
                 "org.apache.iceberg.hive.HiveCatalog", "org.apache.iceberg.aws.s3.S3FileIO",
                 "org.apache.hadoop.hive.metastore.HiveMetaStoreClient", "org.apache.hadoop.hive.metastore.api.ThriftHiveMetastore$Client"):
        spark._jvm.java.lang.Class.forName(name)


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("scratch")
    parser.add_argument("--jars", required=True)
    parser.add_argument("--log4j", required=True)
    given = parser.parse_args()
    properties = os.path.join(given.scratch, "spark.properties")
    with open(properties, "w", encoding="utf-8") as file:
        file.write("\n".join([
            "spark.master local[2]", "spark.app.name train", "spark.driver.host 127.0.0.1", "spark.driver.bindAddress 127.0.0.1", "spark.ui.enabled false",
            f"spark.local.dir {given.scratch}/tmp", f"spark.sql.warehouse.dir {given.scratch}/none", "spark.sql.catalogImplementation in-memory",
            "spark.sql.shuffle.partitions 1", "spark.sql.adaptive.enabled false",
            "spark.sql.extensions org.apache.iceberg.spark.extensions.IcebergSparkSessionExtensions",
            "spark.sql.catalog.lake org.apache.iceberg.spark.SparkCatalog", "spark.sql.catalog.lake.type hadoop",
            f"spark.sql.catalog.lake.warehouse {given.scratch}/warehouse"]))
    jvm = session.start_jvm(given.jars, os.environ["DATAFLOW_JAVA_OPTIONS"], given.log4j)
    spark = session.start_session(properties)
    live(given.scratch, spark)
    spark.stop()
    jvm.stdin.close()         # the JVM takes it for its parent's end, leaves in good order, and writes its archive
    jvm.wait(120)


if __name__ == "__main__":
    main()
