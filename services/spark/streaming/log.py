"""One line an event on standard error: time, level, what, and key=value."""
from __future__ import annotations

import sys
import threading
from datetime import datetime, timezone

_lock = threading.Lock()


def _text(value) -> str:
    text = str(value).replace("\n", "\\n")
    return f'"{text}"' if not text or " " in text or "=" in text else text


def line(level: str, what: str, **about) -> None:
    at = datetime.now(timezone.utc).strftime("%Y-%m-%dT%H:%M:%S.%f")[:-3] + "Z"
    told = " ".join([at, level, what] + [f"{name}={_text(value)}" for name, value in about.items() if value is not None])
    with _lock:
        print(told, file=sys.stderr, flush=True)


def info(what: str, **about) -> None:
    line("info", what, **about)


def warn(what: str, **about) -> None:
    line("warn", what, **about)


def error(what: str, **about) -> None:
    line("error", what, **about)
