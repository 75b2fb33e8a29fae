"""Asks Trino queries of the usual kinds, so that the start-up cache holds the code that answers.

usage: train.py URL    exits 1 as long as the server does not answer
"""
import json
import sys
import time
import urllib.error
import urllib.request

QUERIES = (
    "SELECT 1",
    "SHOW CATALOGS",
    "SELECT node_version, count(*) FROM system.runtime.nodes GROUP BY 1 ORDER BY 2",
    "SELECT a.x, sum(b.y) FROM (VALUES 1, 2) a (x) JOIN (VALUES (1, 1.5), (2, 2.5)) b (x, y) ON a.x = b.x GROUP BY a.x",
)


def call(url, query=None):
    request = urllib.request.Request(url, query and query.encode(), {"X-Trino-User": "train"})
    with urllib.request.urlopen(request, timeout=60) as answer:
        return json.load(answer)


try:
    for query in QUERIES:
        page = call(f"{sys.argv[1]}/v1/statement", query)
        while "nextUri" in page:
            page = call(page["nextUri"])
        if "error" in page:
            time.sleep(0.5)
            sys.exit(1)
except (OSError, ValueError):
    sys.exit(1)
