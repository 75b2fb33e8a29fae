"""Schemas by id, from any registry that speaks Confluent's API."""
from __future__ import annotations

import json
import urllib.error
import urllib.request


class Unknown(LookupError):
    """The registry answered: there is no such schema."""


class Registry:
    """An id's schema never changes, so it is asked for once. A registry that does not answer is an OSError."""

    def __init__(self, url: str, timeout_s: float = 5):
        self.url, self.timeout_s, self.known = url.rstrip("/"), timeout_s, {}

    def schema(self, number: int) -> dict:
        if number not in self.known:
            request = urllib.request.Request(f"{self.url}/schemas/ids/{number}", headers={"Accept": "application/json"})
            try:
                with urllib.request.urlopen(request, timeout=self.timeout_s) as answer:
                    self.known[number] = json.loads(json.load(answer)["schema"])
            except urllib.error.HTTPError as error:
                if error.code == 404:
                    raise Unknown(f"the registry has no schema {number}") from None
                raise
        return self.known[number]
