"""Batches into tables, with the records that Debezium wrote for the statements in each test's name."""
from streaming import lake, maintenance

LAST = 10 ** 6


def test_snapshot_insert_update_delete(lab):
    records = lab.corpus.records["customers"]          # r×4, then c5, u4, d5, tombstone
    lab.feed(*records[:4])
    assert [row[0] for row in lab.rows("customers")] == [1, 2, 3, 4]
    lab.feed(*records[4:5])
    assert [row[0] for row in lab.rows("customers")] == [1, 2, 3, 4, 5]
    lab.feed(*records[5:])
    assert lab.rows("customers", "id, first_name") == [(1, "Sally"), (2, "George"), (3, "Edward"), (4, "Anne Marie")]
    assert lab.state.tables["customers"]["ops"] == {"r": 4, "c": 1, "u": 1, "d": 1}


def test_all_in_one_batch_in_any_order(lab):
    lab.feed(*reversed(lab.corpus.records["customers"]), *lab.corpus.records["orders"])
    assert lab.rows("customers", "id, first_name")[3] == (4, "Anne Marie")
    assert len(lab.rows("customers")) == 4
    assert lab.rows("orders", "id, status")[-1] == (4, "paid")


def test_repeated_batch_changes_nothing(lab):
    records = lab.corpus.records["customers"]
    lab.feed(*records)
    before, count = lab.rows("customers"), lab.snapshots("customers")
    lab.feed(*records)
    lab.restart()
    lab.feed(*records)                                 # a checkpoint that was lost: all over again
    assert (lab.rows("customers"), lab.snapshots("customers")) == (before, count)


def test_overlapping_batch_applies_only_what_is_new(lab):
    records = lab.corpus.records["customers"]
    lab.feed(*records[:6])                             # … update of 4
    lab.spark.sql(f"UPDATE {lab.settings.table('customers')} SET first_name = 'mine' WHERE id = 4")
    lab.restart()
    lab.feed(*records)                                 # the update again, and the deletion of 5
    assert lab.rows("customers", "id, first_name")[3:] == [(4, "mine")]


def test_snapshots_say_how_far_they_are(lab):
    records = lab.corpus.records["customers"]
    lab.feed(*records)
    handle = lake.iceberg_table(lab.spark, lab.settings.table("customers"))
    offsets, lsn = lake.position(handle, records[0][0])
    assert offsets == {0: len(records)} and lsn > 0
    lab.spark.sql(f"UPDATE {lab.settings.table('customers')} SET last_name = 'x' WHERE id = 1")
    handle.refresh()
    assert "dataflow.offsets" not in handle.currentSnapshot().summary()
    assert lake.position(handle, records[0][0]) == (offsets, lsn)
    assert lake.position(handle, "another") == ({}, None)


def test_merge_on_read_without_equality_deletes(lab):
    lab.feed(*lab.corpus.records["customers"][:4])
    lab.feed(*lab.corpus.records["customers"][4:])
    kinds = {row[0] for row in lab.spark.sql(f"SELECT content FROM {lab.settings.table('customers')}.all_files").collect()}
    assert kinds == {0, 1}                             # data and position deletes
    version = lab.spark.sql(f"SHOW TBLPROPERTIES {lab.settings.table('customers')} ('format-version')").collect()[0][1]
    assert version == "2"


def test_key_change(lab):
    lab.feed(*lab.corpus.records["pkchange"])          # 1 → 10 → 11
    assert lab.rows("pkchange") == [(11, "same")]


def test_composite_key(lab):
    records = lab.corpus.records["composite_pk"]       # r(x,1), c(y,2), u(x,1), d(y,2), tombstone
    lab.feed(*records[:2])
    assert [row[0] for row in lab.rows("composite_pk")] == [1, 2]
    lab.feed(*records[2:])
    assert lab.rows("composite_pk", "a, b, v") == [(1, "x", "v1b")]


def test_new_renamed_and_dropped_columns(lab):
    records = lab.corpus.records["altered"]
    lab.feed(*records[:2])
    assert lab.spark.table(lab.settings.table("altered")).columns == ["id", "a", "b"]
    lab.feed(*records[2:])
    assert lab.spark.table(lab.settings.table("altered")).columns == ["id", "a", "b", "c", "a2", "d"]
    rows = lab.rows("altered", "id, a, b, CAST(c AS STRING), a2")
    assert rows[:4] == [(1, None, 1, "1.500", "renamed"), (2, "b", 2, None, None), (3, "c", 3, "3.125", None), (4, None, None, "1.500", "d")]


def test_several_schemas_in_one_batch(lab):
    lab.feed(*lab.corpus.records["altered"])
    assert [row[0] for row in lab.rows("altered")] == [1, 2, 3, 4, 5, 6, 7]


def test_toast_keeps_the_old_value(lab):
    records = lab.corpus.records["toasted"]            # r, u n=2, u big=y…, d
    lab.feed(*records[:1])
    lab.feed(*records[1:2])
    assert lab.rows("toasted", "id, substring(big, 1, 2), length(big), length(bigb), substring(bigarr[0], 1, 1), n") == [(1, "xx", 2500, 2500, "q", 2)]
    lab.feed(*records[2:3])
    assert lab.rows("toasted", "substring(big, 1, 2), length(big), length(bigb)") == [("yy", 2300, 2500)]


def test_toast_within_one_batch(lab):
    lab.feed(*lab.corpus.records["toasted"][:3])
    assert lab.rows("toasted", "substring(big, 1, 2), length(big), length(bigb), n") == [("yy", 2300, 2500, 2)]


def test_truncate(lab):
    made = lab.corpus.records["customers"]
    topic = made[0][0]
    lab.feed(*made[:4])
    body = bytearray(made[4][4])                       # an insertion's event, with the op turned to t
    at = body.rindex(b"\x02c") + 1
    body[at:at + 1] = b"t"
    later = made[5]                                    # of a higher LSN
    lab.feed((topic, 0, 49, *made[1][3:]), (topic, 0, 50, None, bytes(body)), (topic, 0, 51, *later[3:]))
    assert [row[0] for row in lab.rows("customers")] == [4]
    assert lab.state.tables["customers"]["ops"]["t"] == 1


def test_poison_is_kept_and_the_stream_goes_on(lab):
    records = lab.corpus.records["customers"]
    topic = records[0][0]
    bad = [(topic, 0, 100, records[0][3], b"not avro"), (topic, 0, 101, records[0][3], b"\x00\x00\x00\xff\xff\x02\x02"),
           (topic, 0, 102, records[0][3], records[0][4][:5] + b"\x02\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff")]
    lab.feed(*records[:4], *bad)
    assert len(lab.rows("customers")) == 4
    letters = lab.rows("dead_letters", "offset, topic, reason", "1")
    assert [row[0] for row in letters] == [100, 101, 102] and {row[1] for row in letters} == {topic}
    assert lab.state.dead_letters == 3
    lab.restart()
    lab.feed(*bad)
    assert len(lab.rows("dead_letters")) == 3


def test_rows_without_a_key_are_dead_letters(lab):
    lab.feed(*lab.corpus.records["nopk_full"], *lab.corpus.records["customers"][:4])
    assert len(lab.rows("customers")) == 4
    assert len(lab.rows("dead_letters")) == len([record for record in lab.corpus.records["nopk_full"] if record[4]])


def test_names_that_need_quotes(lab):
    records = lab.corpus.records["Mixed_Case_T_ble"]
    lab.feed(*records[:1])
    lab.feed(*records[1:])
    assert lab.rows("Mixed_Case_T_ble", "Id, Name_With_Space, `select`") == [(1, "zz", "c")]


def test_type_that_does_not_fit_is_kept_aside(lab):
    lab.spark.sql(f"CREATE TABLE {lab.settings.table('customers')} (id INT, email INT) USING iceberg")
    lab.feed(*lab.corpus.records["customers"][:4])
    assert lab.rows("customers") == []
    assert "email" in lab.rows("dead_letters", "reason")[0][0]


def test_upkeep_keeps_rows_and_position(lab):
    records = lab.corpus.records["customers"]
    topic = records[0][0]
    lab.feed(*records[:4])
    for step in range(maintenance.CROWDED):
        lab.feed((topic, 0, 200 + step, *records[5][3:]))
    table = lab.settings.table("customers")
    before, place = lab.rows("customers"), lake.position(lake.iceberg_table(lab.spark, table), topic)
    assert lab.mirror.files["customers"] > maintenance.CROWDED
    assert maintenance.compact(lab.spark, table) > maintenance.CROWDED
    assert maintenance.expire(lab.spark, table, 0) > 0
    handle = lake.iceberg_table(lab.spark, table)
    assert lake.files(handle) == 1
    assert lab.rows("customers") == before
    assert lake.position(handle, topic) == place
    lab.restart()
    lab.feed((topic, 0, 200, *records[5][3:]))
    assert lake.position(lake.iceberg_table(lab.spark, table), topic) == place
