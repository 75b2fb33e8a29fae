"""One Spark session for all tests, on an Iceberg warehouse in a temporary folder; and records as Debezium wrote them.

JAVA_HOME and DATAFLOW_JARS (the folder of the service's jars) say where the two halves of the service are.
"""
import base64
import gzip
import json
import os
import pathlib
import sys

import pytest

HERE = pathlib.Path(__file__).parent
sys.path.insert(0, str(HERE.parent))

from streaming import session                                     # noqa: E402
from streaming.mirror import Mirror                               # noqa: E402
from streaming.registry import Unknown                            # noqa: E402
from streaming.settings import Settings                           # noqa: E402
from streaming.state import State                                 # noqa: E402

PREFIX = "g_avro.inventory."


@pytest.fixture(scope="session")
def spark(tmp_path_factory):
    home = tmp_path_factory.mktemp("spark")
    properties = home / "spark.properties"
    properties.write_text("\n".join([
        "spark.master local[2]", "spark.app.name tests", "spark.ui.enabled false", "spark.driver.host 127.0.0.1", "spark.driver.bindAddress 127.0.0.1",
        f"spark.local.dir {home}/tmp", f"spark.sql.warehouse.dir {home}/none", "spark.sql.session.timeZone UTC", "spark.sql.ansi.enabled true",
        "spark.sql.shuffle.partitions 1", "spark.sql.adaptive.enabled false", "spark.sql.catalogImplementation in-memory",
        "spark.sql.extensions org.apache.iceberg.spark.extensions.IcebergSparkSessionExtensions",
        "spark.sql.catalog.lake org.apache.iceberg.spark.SparkCatalog", "spark.sql.catalog.lake.type hadoop",
        f"spark.sql.catalog.lake.warehouse {home}/warehouse"]))
    jvm = session.start_jvm(os.environ["DATAFLOW_JARS"], "-Xmx900m -XX:+UseSerialGC -XX:TieredStopAtLevel=1", str(HERE.parent / "conf/log4j2.properties"))
    yield session.start_session(str(properties))
    jvm.kill()
    jvm.wait()


class Corpus:
    """Stands for the registry, and for the topics."""

    def __init__(self):
        whole = json.loads(gzip.decompress((HERE / "debezium.json.gz").read_bytes()))
        self.schemas = {int(number): schema for number, schema in whole["schemas"].items()}
        self.records = {}
        for table, offset, key, value in whole["records"]:
            self.records.setdefault(table, []).append(
                (PREFIX + table, 0, offset, key and base64.b64decode(key), value and base64.b64decode(value)))

    def schema(self, number):
        if number not in self.schemas:
            raise Unknown(f"the registry has no schema {number}")
        return self.schemas[number]


@pytest.fixture(scope="session")
def corpus():
    return Corpus()


def frame(spark, records):
    """Records as the Kafka source gives them."""
    hexed = lambda data: "CAST(NULL AS BINARY)" if data is None else f"X'{data.hex()}'"
    rows = ",".join(f"('{topic}',{part},{offset}L,{hexed(key)},{hexed(value)})" for topic, part, offset, key, value in records)
    return spark.sql(f"SELECT * FROM VALUES {rows} AS t(topic,partition,offset,key,value)")


class Lab:
    """A mirror on a namespace of its own."""

    def __init__(self, spark, corpus, namespace, **settings):
        self.spark, self.corpus = spark, corpus
        self.settings = Settings(bootstrap="", registry="", topic_prefix=PREFIX.split(".")[0], source_schema="inventory", namespace=namespace,
                                 checkpoint="", **{"enrich": False, **settings})
        spark.sql(f"CREATE NAMESPACE IF NOT EXISTS lake.{namespace}")
        self.restart()

    def restart(self):
        """As after a crash: nothing is remembered but what the tables say."""
        self.state = State()
        self.mirror = Mirror(self.settings, self.corpus, self.state)

    def feed(self, *records):
        self.mirror.process(frame(self.spark, records))

    def rows(self, table, columns="*", order="1"):
        return [tuple(row) for row in self.spark.sql(f"SELECT {columns} FROM {self.settings.table(table)} ORDER BY {order}").collect()]

    def snapshots(self, table):
        return self.spark.sql(f"SELECT count(*) FROM {self.settings.table(table)}.snapshots").collect()[0][0]


@pytest.fixture
def lab(spark, corpus, request):
    return Lab(spark, corpus, request.node.name.replace("[", "_").replace("]", "").lower())
