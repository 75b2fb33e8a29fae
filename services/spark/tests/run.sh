#!/bin/bash
# Runs the Spark job's tests with the service's own packages, and pytest from its lock beside them.
set -euo pipefail
cd "$(dirname "$0")/../../.."
fetch=(build/platformctl fetch spark --no-train)
packages=$(build/platformctl config show -o json spark | jq -r '.services[] | select(.name == "spark") | .packages')
[ -e "$packages/.complete" ] || "${fetch[@]}"

for java in /usr/lib/jvm/*-17-* /usr/lib/jvm/*-21-*; do
	[ -x "$java/bin/java" ] && break
done
target=build/pytest
lock=services/spark/tests/requirements.lock
if ! cmp -s "$lock" "$target/.lock"; then
	rm -rf "$target"
	"$packages/venv/bin/python" -m pip install -q --require-hashes --no-deps --target "$target" -r "$lock"
	cp "$lock" "$target/.lock"
fi
export JAVA_HOME=$java DATAFLOW_JARS=$packages/lib SPARK_LOCAL_IP=127.0.0.1 PYTHONDONTWRITEBYTECODE=1
export PYTHONPATH=$PWD/$target:$PWD/services/spark
exec "$packages/venv/bin/python" -m pytest -q -p no:cacheprovider --tb=short services/spark/tests "$@"
