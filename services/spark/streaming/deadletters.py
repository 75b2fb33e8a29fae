"""Records that cannot be applied: kept whole, with the reason, so that the stream goes on and nothing is lost."""
from __future__ import annotations

from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F

from streaming import lake, log
from streaming.settings import Settings
from streaming.state import State

NAME = "dead_letters"
_COLUMNS = {"topic": "STRING", "partition": "INT", "offset": "BIGINT", "reason": "STRING", "key": "BINARY", "value": "BINARY", "seen_at": "TIMESTAMP"}


class DeadLetters:
    def __init__(self, settings: Settings, state: State):
        self.table, self.state = settings.table(NAME), state

    def keep(self, spark: SparkSession, records: DataFrame, topic: str, reason: str) -> None:
        """`records` have partition, off, key and value. Keeping one again changes nothing."""
        letters = records.where("value IS NOT NULL").select(
            F.lit(topic).alias("topic"), "partition", F.col("off").alias("offset"), F.lit(reason).alias("reason"), "key", "value",
            F.current_timestamp().alias("seen_at"))
        found = [(row["partition"], row["offset"]) for row in letters.select("partition", "offset").collect()]
        if not found:
            return
        spark.sql(lake.create_sql(self.table, _COLUMNS, {}))
        letters.createOrReplaceTempView("letters")
        spark.sql(f"MERGE INTO {self.table} t USING letters s ON t.topic = s.topic AND t.partition = s.partition AND t.offset = s.offset "
                  "WHEN NOT MATCHED THEN INSERT *")
        self.state.dead(len(found))
        for partition, offset in found[:20]:
            log.warn("dead letter", topic=topic, partition=partition, offset=offset, reason=reason)
        if len(found) > 20:
            log.warn("dead letters", topic=topic, more=len(found) - 20, reason=reason)
