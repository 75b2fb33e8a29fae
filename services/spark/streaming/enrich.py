"""orders_enriched: one row per order item, with what its order, customer and product say; an order without items has one
row too. Derived from the mirror tables, some seconds behind them: only the orders that changed are made again, and when it
is not known which they are (a first start, a crash in between, a mass update), all of them.
"""
from __future__ import annotations

import time

from pyspark.errors import AnalysisException
from pyspark.sql import SparkSession

from streaming import changes, lake, log
from streaming.connect_types import quote
from streaming.settings import Settings
from streaming.state import State

NAME = "orders_enriched"
SOURCES = ("orders", "order_items", "customers", "products")
COLUMNS = {
    "order_id": ("BIGINT", "o.id"), "order_item_id": ("BIGINT", "i.id"),
    "status": ("STRING", "o.status"), "order_time": ("TIMESTAMP", "o.order_time"), "total_amount": ("DECIMAL(12,2)", "o.total_amount"),
    "currency": ("STRING", "o.currency"),
    "customer_id": ("INT", "o.customer_id"), "customer_name": ("STRING", "concat_ws(' ', c.first_name, c.last_name)"),
    "customer_email": ("STRING", "c.email"), "customer_tier": ("STRING", "c.tier"),
    "product_id": ("INT", "i.product_id"), "product_sku": ("STRING", "p.sku"), "product_name": ("STRING", "p.name"),
    "product_category": ("STRING", "p.category"),
    "quantity": ("INT", "i.quantity"), "unit_price": ("DECIMAL(12,2)", "i.unit_price"),
    "line_amount": ("DECIMAL(14,2)", "CAST(i.quantity * i.unit_price AS DECIMAL(14,2))"),
}
KEY = ["order_id", "order_item_id"]
# Of a product only these are taken: a price or a stock that moves concerns no order.
_PRODUCT = ("sku", "name", "category")


def aggregate(name: str, columns: dict[str, str]) -> dict[str, str]:
    """Aggregates (SQL by name) that say which orders a batch of a table touches, beyond the keys of its rows."""
    if name == "order_items" and "order_id" in columns:
        return {"orders": "collect_set(CASE WHEN op IN ('c','u','r') THEN row.order_id END)"}
    if name == "products" and set(_PRODUCT) <= set(columns) and "id" in columns:
        same = " AND ".join(f"old.{quote(part)} <=> row.{quote(part)}" for part in _PRODUCT)
        return {"renamed": f"collect_set(CASE WHEN op = 'u' AND NOT (old IS NOT NULL AND {same}) THEN row.id END)"}
    return {}


def rows_sql(settings: Settings, where: str = "true") -> str:
    orders, items, customers, products = (settings.table(name) for name in SOURCES)
    picked = ", ".join(f"{source} AS {name}" for name, (_, source) in COLUMNS.items())
    return (f"SELECT {picked} FROM (SELECT * FROM {orders} o WHERE {where}) o LEFT JOIN {customers} c ON c.id = o.customer_id "
            f"LEFT JOIN {items} i ON i.order_id = o.id LEFT JOIN {products} p ON p.id = i.product_id")


def _in(values) -> str:
    return ", ".join(str(int(value)) for value in sorted(values))


class Enricher:
    def __init__(self, settings: Settings, state: State):
        self.settings, self.state = settings, state
        self.table = settings.table(NAME)
        self.off = False
        self.all, self.orders, self.items, self.customers, self.products = True, set(), set(), set(), set()
        self.positions: dict[str, tuple[dict[int, int], int | None]] = {}

    # -- what is to be done --

    def touch(self, name: str, seen: changes.Profile) -> None:
        if name not in SOURCES:
            return
        if seen.truncated_at is not None or seen.keys is None:
            self.all = True
            return
        ids = {entry.get("id") for entry in seen.keys} - {None}
        if name == "orders":
            self.orders |= ids
        elif name == "order_items":
            self.orders |= set(seen.extra.get("orders") or [])
            if set(seen.ops) & {"d", "u"}:
                self.items |= ids             # they leave an order that the event does not name
        elif name == "customers":
            self.customers |= ids if set(seen.ops) & {"u"} else set()
        else:
            self.products |= set(seen.extra.get("renamed") or [])

    def at(self, positions: dict) -> None:
        self.positions |= positions

    def pending(self) -> bool:
        return not self.off and bool(self.all or self.orders or self.items or self.customers or self.products)

    def check(self, spark: SparkSession) -> None:
        """At the start: whether the table says that it is where the mirror tables are."""
        topics = {name: f"{self.settings.topic_prefix}.{self.settings.source_schema}.{name}" for name in SOURCES}
        own = lake.iceberg_table(spark, self.table)
        for name, topic in topics.items():
            self.positions[topic] = lake.position(lake.iceberg_table(spark, self.settings.table(name)), topic)
        self.all = own is None or any(lake.position(own, topic)[0] != self.positions[topic][0] for topic in topics.values())

    # -- doing it --

    def run(self, spark: SparkSession, files: dict[str, int]) -> None:
        """Bring the table up to date; into `files` goes how many it has then."""
        begun = time.monotonic()
        lake.compiled(spark, self.all)
        if not all(spark.catalog.tableExists(self.settings.table(name)) for name in SOURCES):
            return                            # not yet, or never: another source than the shop
        known = {topic: place for topic, place in self.positions.items() if place[0]}
        lake.stamp(spark, {topic: place[0] for topic, place in known.items()}, {topic: place[1] for topic, place in known.items() if place[1] is not None})
        try:
            spark.sql(lake.create_sql(self.table, {name: kind for name, (kind, _) in COLUMNS.items()}, {}))
            rows = self.rebuild(spark) if self.all else self.update(spark)
        except AnalysisException as error:
            # The tables have the names of the shop's and not its columns. Saying so once is enough.
            self.off = True
            log.warn("orders_enriched is off", reason=str(error).split("\n")[0])
            return
        finally:
            lake.unstamp(spark)
        again = self.all
        self.all = False
        for part in (self.orders, self.items, self.customers, self.products):
            part.clear()
        spent = int(1000 * (time.monotonic() - begun))
        with self.state.lock:
            told = self.state.enriched
            told.update(rows=told["rows"] + rows, runs=told["runs"] + 1, rebuilds=told["rebuilds"] + again, last_ms=spent)
        files[NAME] = lake.files(lake.iceberg_table(spark, self.table))
        log.info("enriched", rows=rows, how="all" if again else "changed", ms=spent)

    def rebuild(self, spark: SparkSession) -> int:
        from pyspark.sql import functions as F
        spark.sql(rows_sql(self.settings)).writeTo(self.table).overwrite(F.lit(True))
        return int(lake.iceberg_table(spark, self.table).currentSnapshot().summary().get("added-records") or 0)

    def update(self, spark: SparkSession) -> int:
        orders = set(self.orders)
        look = []
        if self.items:
            look.append(f"SELECT order_id FROM {self.table} WHERE order_item_id IN ({_in(self.items)})")
        if self.customers:
            look.append(f"SELECT id FROM {self.settings.table('orders')} WHERE customer_id IN ({_in(self.customers)})")
        if self.products:
            look.append(f"SELECT order_id FROM {self.settings.table('order_items')} WHERE product_id IN ({_in(self.products)})")
        if look:
            orders |= {row[0] for row in spark.sql(" UNION ".join(look)).collect()}
        if not orders:
            return 0
        if len(orders) > changes.KEYS_LIMIT:
            return self.rebuild(spark)
        which = _in(orders)
        # What is there now and is no longer true has to go: it comes as a deletion.
        made = rows_sql(self.settings, f"o.id IN ({which})")
        parts = ", ".join(f"n.{quote(name)}" for name in COLUMNS if name not in KEY)
        source = (f"WITH n AS ({made}) SELECT coalesce(n.order_id, h.order_id) AS order_id, "
                  f"CASE WHEN n.order_id IS NULL THEN h.order_item_id ELSE n.order_item_id END AS order_item_id, {parts}, "
                  f"CASE WHEN n.order_id IS NULL THEN 'd' ELSE 'c' END AS __op FROM n FULL OUTER JOIN "
                  f"(SELECT order_id, order_item_id FROM {self.table} WHERE order_id IN ({which})) h "
                  f"ON n.order_id = h.order_id AND n.order_item_id <=> h.order_item_id")
        spark.sql(source).createOrReplaceTempView("enriched_rows")
        spark.sql(lake.merge_sql(self.table, "enriched_rows", list(COLUMNS), KEY, f" AND t.order_id IN ({which})"))
        return int(lake.iceberg_table(spark, self.table).currentSnapshot().summary().get("added-records") or 0)
