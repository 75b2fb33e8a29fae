"""What the registry is asked in a normal life, so that the start-up cache holds the code that answers.

usage: train.py URL    exits 1 as long as the registry does not answer
"""
import json
import sys
import urllib.error
import urllib.request

JSON = {"Content-Type": "application/json"}


def call(url, body=None):
    data = None if body is None else json.dumps(body).encode()
    with urllib.request.urlopen(urllib.request.Request(url, data, JSON), timeout=30) as answer:
        return json.load(answer)


url = sys.argv[1]
schema = json.dumps({"type": "record", "name": "Value", "fields": [{"name": "id", "type": "int"}]})
try:
    # the way of the clients, then the way of Connect's converter
    registered = call(f"{url}/apis/ccompat/v7/subjects/train-value/versions", {"schema": schema})
    call(f"{url}/apis/ccompat/v7/schemas/ids/{registered['id']}")
    call(f"{url}/apis/ccompat/v7/subjects")
    call(f"{url}/apis/registry/v2/groups/default/artifacts?ifExists=RETURN_OR_UPDATE", json.loads(schema))
except urllib.error.HTTPError as error:
    sys.exit(f"{error.url}: {error.code} {error.read().decode()}")
except OSError:
    sys.exit(1)
