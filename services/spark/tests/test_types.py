"""The pure functions: types, values, columns, SQL texts. The values are Debezium's own (table `types` of the corpus)."""
import datetime
import decimal
import json

import pytest
from streaming import connect_types as types
from streaming import decode, lake
from streaming.connect_types import SchemaError
from streaming.settings import load


def test_every_type_of_the_corpus(lab):
    lab.feed(*lab.corpus.records["types"][:1])
    row, = lab.spark.sql(f"SELECT * FROM {lab.settings.table('types')}").collect()
    want = {
        "c_bool": True, "c_smallint": 32767, "c_int": 2147483647, "c_bigint": 9223372036854775807, "c_double": 1.7976931348623157e308,
        "c_num": "123456789.123456789", "c_num5": decimal.Decimal(99999), "c_num10_2": decimal.Decimal("12345678.90"),
        "c_num38_10": decimal.Decimal("1234567890123456789012345678.0123456789"), "c_money": decimal.Decimal("1234.56"),
        "c_char": "ab   ", "c_text": 'text "quoted" \\ and\ttab\nnl', "c_bytea": bytearray.fromhex("deadbeef00"),
        "c_date": datetime.date(2024, 2, 29), "c_time": "12:34:56.789012", "c_time3": "12:34:56.789000", "c_timetz": "07:04:56.789012Z",
        "c_ts": datetime.datetime(2024, 2, 29, 12, 34, 56, 789012), "c_ts3": datetime.datetime(2024, 2, 29, 12, 34, 56, 789000),
        "c_uuid": "a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11", "c_jsonb": '{"a": [1, 2.50, null], "b": 1}', "c_bit3": bytearray(b"\x05"), "c_bit": True,
        "c_int_arr": [1, None, 3], "c_text_arr": ["a", "b c", None, 'q"uote', "com,ma"], "c_num_arr": ["1.1", "22.22", None],
        "c_num_arr_ps": [decimal.Decimal("1.10"), decimal.Decimal("2.25")],
        "c_ts_arr": [datetime.datetime(2024, 1, 1), datetime.datetime(2024, 1, 1, 1, 2, 3, 456789)],
        "c_date_arr": [datetime.date(2024, 1, 1), datetime.date(2024, 12, 31)], "c_enum": "happy", "c_domain_num": decimal.Decimal("12.34"),
        "c_interval": 37091106789000, "c_inet": "192.168.1.5/24",
    }
    assert {name: row[name] for name in want} == want
    zoned, = lab.spark.sql(f"SELECT CAST(c_tstz AS STRING) FROM {lab.settings.table('types')}").collect()[0]
    assert zoned == "2024-02-29 10:34:56.789012"


@pytest.mark.parametrize("name, low, high", [("io.debezium.time.Date", -2147472691, 2146033979),
                                             ("io.debezium.time.Timestamp", -9223372036832400000, 9223372036825200000),
                                             ("io.debezium.time.MicroTimestamp", -9223372036854775808, 9223372036854775807)])
def test_infinite_times_are_null(spark, name, low, high):
    node = types.Node("int32" if name.endswith("Date") else "int64", name)
    kind = "INT" if node.kind == "int32" else "BIGINT"
    for value in (low, high):
        assert spark.sql(f"SELECT {types.value_sql(node, 'x')} FROM VALUES (CAST('{value}' AS {kind})) t(x)").collect()[0][0] is None
    assert spark.sql(f"SELECT {types.value_sql(node, 'x')} FROM VALUES (CAST(0 AS {kind})) t(x)").collect()[0][0].year == 1970


def test_infinite_zoned_time_is_null(spark):
    node = types.Node("string", "io.debezium.time.ZonedTimestamp")
    assert spark.sql(f"SELECT {types.value_sql(node, 'x')} FROM VALUES ('infinity') t(x)").collect()[0][0] is None


@pytest.mark.parametrize("scale, unscaled, text", [(3, -5, "-0.005"), (0, 7, "7"), (2, 12345, "123.45"), (1, 10, "1.0")])
def test_decimal_without_scale(spark, scale, unscaled, text):
    node = types.Node("struct", types.VARIABLE_DECIMAL)
    made = spark.sql(f"SELECT {types.value_sql(node, 'x')} FROM VALUES (named_struct('scale', {scale}, 'value', CAST({unscaled} AS DECIMAL(38,0)))) t(x)")
    assert made.collect()[0][0] == text


def test_decimal_beyond_spark_is_narrowed():
    schema = {"type": "bytes", "logicalType": "decimal", "precision": 64, "scale": 2, "connect.name": types.DECIMAL}
    assert types.sql_type(types.avro_node(schema)) == "DECIMAL(38,2)"
    assert json.loads(types.avro_reader(schema))["precision"] == 38


def test_other_logical_types_are_ours_to_read():
    schema = {"type": "long", "logicalType": "timestamp-millis", "connect.name": "org.apache.kafka.connect.data.Timestamp"}
    assert "logicalType" not in json.loads(types.avro_reader(schema))
    assert types.sql_type(types.avro_node(schema)) == "TIMESTAMP_NTZ"


def test_named_type_used_twice(corpus):
    envelope = types.avro_node(corpus.schema(int.from_bytes(corpus.records["customers"][0][4][1:5], "big")))
    fields = dict(envelope.fields)
    assert fields["before"] == fields["after"]
    assert list(decode.row_columns(envelope)) == ["id", "first_name", "last_name", "email", "created_at"]


def test_union_of_two_types_is_refused():
    with pytest.raises(SchemaError):
        types.avro_node(["null", "int", "string"])


@pytest.mark.parametrize("have, want, fits", [("INT", "BIGINT", "BIGINT"), ("BIGINT", "INT", "BIGINT"), ("FLOAT", "DOUBLE", "DOUBLE"),
                                              ("DECIMAL(10,2)", "DECIMAL(12,2)", "DECIMAL(12,2)"), ("DECIMAL(10,2)", "DECIMAL(12,3)", None),
                                              ("INT", "STRING", None), ("decimal(10, 2)", "DECIMAL(10,2)", "DECIMAL(10,2)")])
def test_wider(have, want, fits):
    assert types.wider(have, want) == fits


def test_evolve():
    assert types.evolve({"id": "INT", "a": "STRING"}, {"ID": "BIGINT", "b": "DATE"}) == ({"b": "DATE"}, {"id": "BIGINT"})
    with pytest.raises(SchemaError):
        types.evolve({"a": "INT"}, {"a": "STRING"})


def test_names_are_quoted():
    text = lake.merge_sql("t", "s", ["id", "select", "x`y"], ["id"])
    assert "t.`select` = s.`select`" in text and "`x``y`" in text
    assert types.literal("it's \\") == "'it\\'s \\\\'"


def test_prune():
    keys = [{"id": 3}, {"id": 1}, {"id": 3}]
    assert lake.prune_sql({"id": "INT"}, ["id"], keys) == " AND t.`id` IN (1, 3)"
    assert lake.prune_sql({"id": "INT"}, ["id"], [{"id": number} for number in range(500)]) == " AND t.`id` BETWEEN 0 AND 499"
    assert lake.prune_sql({"id": "STRING"}, ["id"], [{"id": "x"}]) == ""
    assert lake.prune_sql({"id": "INT"}, ["id"], None) == ""


def test_settings_refuse_what_they_do_not_know(tmp_path):
    path = tmp_path / "stream.json"
    path.write_text('{"bootstrap": "", "colour": 1}')
    with pytest.raises(ValueError, match="colour"):
        load(str(path))
