"""The JVM that does the work, and the Spark session in it.

Python is the parent: it gets the signals, and when it dies the JVM reads the end of its standard input and goes too. The
JVM is started here and not by spark-submit, which would start a second one to find out how, and would put settings (the
S3 keys among them) on a command line.
"""
from __future__ import annotations

import glob
import os
import shlex
import struct
import subprocess
import tempfile
import time

import pyspark
from pyspark.sql import SparkSession

# What Spark reaches into (its JavaModuleOptions), without the incubating vector module: not every JVM has it.
_OPENS = ["java.base/java.lang", "java.base/java.lang.invoke", "java.base/java.lang.reflect", "java.base/java.io", "java.base/java.net",
          "java.base/java.nio", "java.base/java.util", "java.base/java.util.concurrent", "java.base/java.util.concurrent.atomic",
          "java.base/jdk.internal.ref", "java.base/sun.nio.ch", "java.base/sun.nio.cs", "java.base/sun.security.action",
          "java.base/sun.util.calendar", "java.security.jgss/sun.security.krb5"]


def classpath(jars: str) -> str:
    """Our jars first, Hive 4's client before all: Spark's own jars hold an older one. Jars by name and in a fixed order,
    never a folder: a class data archive fits only the class path that it was made with."""
    own = sorted(glob.glob(os.path.join(jars, "*.jar")), key=lambda jar: ("hive-standalone-metastore" not in jar, jar))
    spark = sorted(glob.glob(os.path.join(os.path.dirname(pyspark.__file__), "jars", "*.jar")))
    return ":".join(own + spark)


def start_jvm(jars: str, options: str, log4j: str) -> subprocess.Popen:
    """Start the JVM and tell PySpark where it listens."""
    java = os.path.join(os.environ["JAVA_HOME"], "bin", "java")
    home = tempfile.mkdtemp()
    info = os.path.join(home, "gateway")
    opens = [f"--add-opens={part}=ALL-UNNAMED" for part in _OPENS]
    command = [java, *shlex.split(options), *opens, "-Djdk.reflect.useDirectMethodHandle=false", "-Dio.netty.tryReflectionSetAccessible=true",
               "-Dderby.stream.error.field=java.lang.System.err", f"-Dlog4j2.configurationFile={log4j}", "-cp", classpath(jars),
               "org.apache.spark.api.python.PythonGatewayServer"]
    jvm = subprocess.Popen(command, stdin=subprocess.PIPE, env={**os.environ, "_PYSPARK_DRIVER_CONN_INFO_PATH": info},
                           start_new_session=False, preexec_fn=_ignore_interrupts)
    while not os.path.exists(info):
        if jvm.poll() is not None:
            raise RuntimeError(f"the JVM ended with status {jvm.returncode} before it was up")
        time.sleep(0.02)
    with open(info, "rb") as file:
        port, = struct.unpack("!i", file.read(4))
        length, = struct.unpack("!i", file.read(4))
        secret = file.read(length).decode()
    os.remove(info)
    os.rmdir(home)
    os.environ.update(PYSPARK_GATEWAY_PORT=str(port), PYSPARK_GATEWAY_SECRET=secret)
    return jvm


def _ignore_interrupts() -> None:
    import signal
    signal.signal(signal.SIGINT, signal.SIG_IGN)       # Ctrl-C is for Python, which stops the JVM in its own time


def start_session(properties: str) -> SparkSession:
    builder = SparkSession.builder
    with open(properties, encoding="utf-8") as file:
        for entry in file:
            name, _, value = entry.strip().partition(" ")
            if name and not name.startswith("#"):
                builder = builder.config(name, value.strip())
    return builder.getOrCreate()
