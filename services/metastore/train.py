"""Asks the metastore for its databases, over Thrift's binary protocol, so that the start-up cache holds the code that answers.

usage: train.py HOST PORT    exits 1 as long as the metastore does not answer
"""
import socket
import struct
import sys

CALL, REPLY = 1, 2
VERSION = 0x80010000


def call(connection, name):
    """One call without arguments; the reply's type."""
    text = name.encode()
    connection.sendall(struct.pack(">II", VERSION | CALL, len(text)) + text + struct.pack(">IB", 0, 0))
    head = b""
    while len(head) < 4:
        part = connection.recv(4096)
        if not part:
            raise OSError("connection closed")
        head += part
    return struct.unpack(">I", head[:4])[0] & 0xFF


try:
    with socket.create_connection((sys.argv[1], int(sys.argv[2])), timeout=60) as metastore:
        sys.exit(0 if call(metastore, "get_all_databases") == REPLY else "the metastore refuses to list its databases")
except OSError:
    sys.exit(1)
