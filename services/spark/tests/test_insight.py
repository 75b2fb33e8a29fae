"""Alerts, the state server, the enriched table."""
import json
import urllib.error
import urllib.request
from decimal import Decimal

import pytest
from streaming import enrich, insight
from streaming.state import State, serve


def entry(**values):
    return {"key": "7", "name": "Light Drill", "level": "10", "ts": 5, "old_price": "10.00", "new_price": "10.00", "old_stock": "20", "new_stock": "20", **values}


def test_price_change_with_percent():
    change, = insight.changes([entry(new_price="9.00")])
    assert (change.kind, change.key, change.old, change.new, change.percent()) == ("price", "7", Decimal("10.00"), Decimal("9.00"), Decimal("-10.0"))


def test_price_from_nothing_has_no_percent():
    assert insight.changes([entry(old_price="0", new_price="1")])[0].percent() is None


@pytest.mark.parametrize("old, new, kinds", [("20", "15", ["stock"]), ("11", "10", ["stock", "low_stock"]), ("10", "9", ["stock"]),
                                             ("9", "30", ["stock"]), ("20", None, [])])
def test_low_stock_is_told_once(old, new, kinds):
    assert [change.kind for change in insight.changes([entry(old_stock=old, new_stock=new)])] == kinds


def test_only_tables_with_a_price_or_stock_are_watched():
    assert insight.aggregate({"id": "INT", "email": "STRING"}, ["id"]) == {}
    assert insight.aggregate({"id": "INT", "price": "DECIMAL(12,2)"}, ["id"])


def test_changes_come_out_of_a_batch(lab):
    lab.feed(*lab.corpus.records["products"])          # replica identity DEFAULT there: no old row, so nothing can be told
    assert lab.state.changes == {"price": 0, "stock": 0, "low_stock": 0}
    events = lab.spark.sql("""SELECT 1L AS off, 'u' AS op, 5L AS ts, named_struct('id', 1, 'name', 'Drill', 'price', 12.50BD, 'stock', 4, 'reorder_level', 5) AS row,
                              named_struct('id', 1, 'name', 'Drill', 'price', 10.00BD, 'stock', 6, 'reorder_level', 5) AS old""")
    columns = {"id": "INT", "name": "STRING", "price": "DECIMAL(12,2)", "stock": "INT", "reorder_level": "INT"}
    found = json.loads(events.selectExpr(f"to_json({insight.aggregate(columns, ['id'])['moved']})").collect()[0][0])
    assert [(change.kind, str(change.percent())) for change in insight.changes(found)] == [("price", "25.0"), ("stock", "-33.3"), ("low_stock", "-33.3")]


def ask(port, path):
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}{path}") as answer:
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as error:
        return error.code, error.read().decode()


def test_server():
    now = [1000.0]
    state = State(clock=lambda: now[0])
    server = serve(state, 0)
    port = server.server_address[1]
    assert ask(port, "/healthz") == (200, "ok\n")
    assert ask(port, "/nothing")[0] == 404
    code, body = ask(port, "/readyz")
    assert code == 503 and json.loads(body)["state"] == "starting"
    state.set(active=True, lag={"t": 3})
    assert "3 records behind" in json.loads(ask(port, "/readyz")[1])["reason"]
    state.set(caught_up=True)
    assert ask(port, "/readyz")[0] == 200
    state.set(batch_since=1000.0)
    now[0] = 1500.0
    assert json.loads(ask(port, "/readyz")[1])["state"] == "degraded"
    state.set(batch_since=None)
    state.failed("the store is away", "start it")
    code, body = ask(port, "/readyz")
    assert code == 503 and json.loads(body) == {"state": "degraded", "reason": "the store is away", "remedy": "start it"}
    state.table("orders", "x.orders", {"c": 2}, {0: 5}, 77, 1499000)
    told = json.loads(ask(port, "/v1/state")[1])
    assert told["schema_version"] == 1 and told["tables"]["orders"] == {
        "topic": "x.orders", "ops": {"c": 2}, "offsets": {"0": 5}, "lsn": 77, "lag_ms": 1000, "written_ms": 1500000}
    metrics = ask(port, "/metrics")[1]
    assert 'dataflow_spark_events_total{table="orders",op="c"} 2\n' in metrics and "dataflow_spark_ready 0\n" in metrics
    server.shutdown()


@pytest.fixture
def shop(lab):
    table = lab.settings.table
    for sql in (f"CREATE TABLE {table('orders')} USING iceberg AS SELECT id, 1 AS customer_id, 'PAID' AS status, CAST(5 AS DECIMAL(12,2)) AS total_amount, "
                "'EUR' AS currency, TIMESTAMP'2026-01-01' AS order_time FROM VALUES (1L), (2L) t(id)",
                f"CREATE TABLE {table('order_items')} USING iceberg AS SELECT * FROM VALUES (10L, 1L, 5, 2, CAST(2.50 AS DECIMAL(12,2))), "
                "(11L, 1L, 6, 1, CAST(1 AS DECIMAL(12,2))) t(id, order_id, product_id, quantity, unit_price)",
                f"CREATE TABLE {table('customers')} USING iceberg AS SELECT 1 AS id, 'Ada' AS first_name, 'Berg' AS last_name, 'a@b' AS email, 'GOLD' AS tier",
                f"CREATE TABLE {table('products')} USING iceberg AS SELECT * FROM VALUES (5, 'S5', 'Drill', 'Tools'), (6, 'S6', 'Pan', 'Kitchen') t(id, sku, name, category)"):
        lab.spark.sql(sql)
    lab.enricher = enrich.Enricher(lab.settings, lab.state)
    lab.run = lambda: lab.enricher.run(lab.spark, {})
    lab.enriched = lambda: lab.rows("orders_enriched", "order_id, order_item_id, customer_name, product_name, line_amount", "1, 2")
    lab.run()
    return lab


WHOLE = [(1, 10, "Ada Berg", "Drill", Decimal("5.00")), (1, 11, "Ada Berg", "Pan", Decimal("1.00")), (2, None, "Ada Berg", None, None)]


def test_enriched_from_nothing(shop):
    assert shop.enriched() == WHOLE and not shop.enricher.pending()


def test_enriched_follows_a_new_item_and_a_deleted_one(shop):
    items = shop.settings.table("order_items")
    shop.spark.sql(f"DELETE FROM {items} WHERE id = 11")
    shop.spark.sql(f"INSERT INTO {items} VALUES (12L, 2L, 6, 3, CAST(1 AS DECIMAL(12,2)))")
    shop.enricher.items |= {11}                        # its deletion does not say which order it left
    shop.enricher.orders |= {2}
    shop.run()
    assert shop.enriched() == [WHOLE[0], (2, 12, "Ada Berg", "Pan", Decimal("3.00"))]
    assert shop.state.enriched["rebuilds"] == 1


def test_enriched_follows_a_customer_and_a_product(shop):
    shop.spark.sql(f"UPDATE {shop.settings.table('customers')} SET first_name = 'Eva'")
    shop.spark.sql(f"UPDATE {shop.settings.table('products')} SET name = 'Saw' WHERE id = 5")
    shop.enricher.customers |= {1}
    shop.enricher.products |= {5}
    shop.run()
    assert [(row[2], row[3]) for row in shop.enriched()] == [("Eva Berg", "Saw"), ("Eva Berg", "Pan"), ("Eva Berg", None)]


def test_enriched_knows_after_a_crash_whether_it_is_whole(shop):
    again = enrich.Enricher(shop.settings, shop.state)
    again.check(shop.spark)
    assert not again.all                               # nothing moved
    topic = "g_avro.inventory.customers"
    shop.spark.conf.set("spark.sql.iceberg.snapshot-property.dataflow.offsets", json.dumps({topic: {"0": 9}}))
    shop.spark.sql(f"UPDATE {shop.settings.table('customers')} SET tier = 'SILVER'")
    shop.spark.conf.unset("spark.sql.iceberg.snapshot-property.dataflow.offsets")
    again.check(shop.spark)
    assert again.all
