"""JSON without schema: the same rows, with the types that the source says its columns have."""
import datetime
import decimal
import gzip
import json

import pytest
from conftest import HERE, Lab
from streaming import connect_types as types
from streaming.mirror import Mirror
from streaming.source_catalog import adjusted
from streaming.state import State

COLUMNS = {
    "customers": {"id": "integer", "first_name": "character varying(255)", "last_name": "character varying(255)", "email": "character varying(255)",
                  "created_at": "timestamp with time zone"},
    "products": {"id": "integer", "name": "character varying(255)", "description": "character varying(512)", "weight": "double precision",
                 "price": "numeric(10,2)", "active": "boolean", "attrs": "jsonb", "updated_at": "timestamp(3) without time zone"},
    "types": {"id": "integer", "c_bool": "boolean", "c_smallint": "smallint", "c_bigint": "bigint", "c_num": "numeric", "c_num5": "numeric(5,0)",
              "c_num10_2": "numeric(10,2)", "c_num38_10": "numeric(38,10)", "c_money": "money", "c_char": "character(5)", "c_bytea": "bytea",
              "c_date": "date", "c_time": "time without time zone", "c_time3": "time(3) without time zone", "c_timetz": "time with time zone",
              "c_ts": "timestamp without time zone", "c_ts3": "timestamp(3) without time zone", "c_tstz": "timestamp with time zone",
              "c_interval": "interval", "c_uuid": "uuid", "c_bit": "bit(1)", "c_bit3": "bit(3)", "c_int_arr": "integer[]", "c_num_arr": "numeric[]",
              "c_num_arr_ps": "numeric(6,2)[]", "c_bytea_arr": "bytea[]", "c_date_arr": "date[]"},
}


class Catalog:
    def __init__(self):
        self.asked = 0

    def shape(self, _spark, table, _fingerprint):
        self.asked += 1
        return {name: types.postgres_node(text) for name, text in COLUMNS[table].items()}


@pytest.fixture
def plain(spark, corpus, request):
    lab = Lab(spark, corpus, request.node.name.lower())
    lab.mirror = Mirror(lab.settings, None, State(), Catalog())
    lab.state = lab.mirror.state
    lab.records = {}
    for table, offset, key, value in json.loads(gzip.decompress((HERE / "debezium-plain.json.gz").read_bytes())):
        lab.records.setdefault(table, []).append((f"g_avro.inventory.{table}", 0, offset, key and key.encode(), value and value.encode()))
    return lab


def test_rows_and_deletions(plain):
    plain.feed(*plain.records["customers"])
    plain.feed(*plain.records["products"])
    assert plain.rows("customers", "id, first_name") == [(1, "Sally"), (2, "George"), (3, "Edward"), (4, "Anne Marie")]
    assert plain.rows("products", "id, price, updated_at")[:2] == [
        (1, decimal.Decimal("49.99"), datetime.datetime(2024, 2, 3, 4, 5, 6, 789000)), (2, decimal.Decimal("90.50"), None)]


def test_types(plain):
    plain.feed(*plain.records["types"])
    row, = plain.spark.sql(f"SELECT *, CAST(c_tstz AS STRING) AS zoned FROM {plain.settings.table('types')}").collect()
    want = {"c_bool": True, "c_smallint": 32767, "c_bigint": 9223372036854775807, "c_num": "123456789.123456789", "c_num5": decimal.Decimal(99999),
            "c_num10_2": decimal.Decimal("12345678.90"), "c_num38_10": decimal.Decimal("1234567890123456789012345678.0123456789"),
            "c_money": decimal.Decimal("1234.56"), "c_char": "ab   ", "c_bytea": bytearray.fromhex("deadbeef00"), "c_date": datetime.date(2024, 2, 29),
            "c_time": "12:34:56.789012", "c_time3": "12:34:56.789000", "c_timetz": "07:04:56.789012Z",
            "c_ts": datetime.datetime(2024, 2, 29, 12, 34, 56, 789012), "c_ts3": datetime.datetime(2024, 2, 29, 12, 34, 56, 789000),
            "c_interval": 37091106789000, "c_bit": True, "c_bit3": bytearray(b"\x05"), "c_int_arr": [1, None, 3], "c_num_arr": ["1.1", "22.22", None],
            "c_num_arr_ps": [decimal.Decimal("1.10"), decimal.Decimal("2.25")], "c_bytea_arr": [bytearray.fromhex("00ff"), bytearray.fromhex("ab")],
            "c_date_arr": [datetime.date(2024, 1, 1), datetime.date(2024, 12, 31)], "zoned": "2024-02-29 10:34:56.789012"}
    assert {name: row[name] for name in want} == want


def test_poison(plain):
    topic = plain.records["customers"][0][0]
    plain.feed(*plain.records["customers"][:4], (topic, 0, 90, b'{"id":1}', b"{not json"), (topic, 0, 91, b'{"id":1}', b'{"op":"c","after":{"id":"x"}}'))
    assert len(plain.rows("customers")) == 4
    assert [row[0] for row in plain.rows("dead_letters", "offset")] == [90, 91]


def test_the_source_is_asked_once_for_each_set_of_columns(plain):
    plain.feed(*plain.records["customers"][:4])
    asked = plain.mirror.catalog.asked
    plain.feed(*plain.records["customers"][4:])
    assert asked == 1 and plain.mirror.catalog.asked == 2          # the stand-in keeps nothing: once a batch


@pytest.mark.parametrize("number", [0, 1, -1, 127, -128, 2 ** 63, -2 ** 63, 10 ** 37])
def test_integers_in_base64(spark, number):
    import base64
    size = max(1, (number.bit_length() + 8) // 8)
    text = base64.b64encode(number.to_bytes(size, "big", signed=True)).decode()
    assert int(spark.sql(f"SELECT {types._integer('x')} FROM VALUES ('{text}') t(x)").collect()[0][0]) == number


def test_names_as_the_connector_adjusts_them():
    assert [adjusted(name) for name in ("plain", "Name With Space", "1digit", "dot.col")] == ["plain", "Name_With_Space", "_1digit", "dot_col"]
