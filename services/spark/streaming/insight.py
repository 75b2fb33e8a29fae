"""What people want to hear of at once: prices that changed, stock that moved or runs low."""
from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from streaming.connect_types import literal, quote

LIMIT = 200      # changes looked at in one batch: a mass update is a number and not a list


@dataclass(frozen=True)
class Change:
    kind: str                  # price | stock | low_stock
    key: str
    name: str
    old: Decimal
    new: Decimal
    ts_ms: int

    def percent(self) -> Decimal | None:
        return None if not self.old else (100 * (self.new - self.old) / self.old).quantize(Decimal("0.1"))


def aggregate(columns: dict[str, str], key: list[str]) -> dict[str, str]:
    """Aggregates (SQL by name) that find the changes of a table that has a price or a stock; none for another table."""
    watched = [name for name in ("price", "stock") if name in columns]
    if not watched or len(key) != 1:
        return {}
    text = lambda name: f"CAST(row.{quote(name)} AS STRING)" if name in columns else "CAST(NULL AS STRING)"
    fields = {"key": text(key[0]), "name": text("name"), "level": text("reorder_level"), "ts": "ts"}
    for name in watched:
        fields |= {f"old_{name}": f"CAST(old.{quote(name)} AS STRING)", f"new_{name}": f"CAST(row.{quote(name)} AS STRING)"}
    moved = " OR ".join(f"old.{quote(name)} <> row.{quote(name)}" for name in watched)
    item = "named_struct('off', off, " + ", ".join(f"{literal(name)}, {value}" for name, value in fields.items()) + ")"
    return {"moved": f"slice(array_sort(collect_list(CASE WHEN op = 'u' AND old IS NOT NULL AND ({moved}) THEN {item} END)), 1, {LIMIT})"}


def changes(found: list[dict]) -> list[Change]:
    """The changes in what aggregate() found, in order. Low stock is told when it falls to the level, not again below it."""
    told = []
    for entry in found:
        about = (entry.get("key") or "", entry.get("name") or "")
        number = lambda name: Decimal(entry[name]) if entry.get(name) is not None else None
        for kind in ("price", "stock"):
            old, new = number(f"old_{kind}"), number(f"new_{kind}")
            if old is not None and new is not None and old != new:
                told.append(Change(kind, *about, old, new, entry.get("ts") or 0))
        old, new, level = number("old_stock"), number("new_stock"), number("level")
        if None not in (old, new, level) and new <= level < old:
            told.append(Change("low_stock", *about, old, new, entry.get("ts") or 0))
    return told
