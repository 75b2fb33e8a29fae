"""Spark Structured Streaming from Debezium's topics into Apache Iceberg."""
