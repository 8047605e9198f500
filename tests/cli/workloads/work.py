# SPDX-License-Identifier: Apache-2.0
"""What an ordinary Python program does: a database, threads, processes, sockets, files."""

import hashlib
import multiprocessing
import os
import socket
import sqlite3
import subprocess
import tempfile
import threading


def database():
    with sqlite3.connect("work.db") as db:
        db.execute("PRAGMA journal_mode=WAL")
        db.execute("CREATE TABLE t(a INTEGER PRIMARY KEY, b TEXT)")
        db.executemany("INSERT INTO t(b) VALUES (?)", ((str(i),) for i in range(5000)))
    return sqlite3.connect("work.db").execute("SELECT count(*) FROM t").fetchone()[0]


def threads():
    done = []
    lock = threading.Lock()

    def work(n):
        digest = hashlib.sha256(bytes(n * 10000)).hexdigest()
        with lock:
            done.append(digest)

    started = [threading.Thread(target=work, args=(n,)) for n in range(8)]
    for thread in started:
        thread.start()
    for thread in started:
        thread.join()
    return len(done)


def square(n):
    return n * n


def processes():
    with multiprocessing.Pool(4) as pool:
        assert pool.map(square, range(100)) == [n * n for n in range(100)]
    return 4


def sockets():
    server = socket.create_server(("127.0.0.1", 0))
    client = socket.create_connection(server.getsockname())
    peer, _ = server.accept()
    sender = threading.Thread(target=client.sendall, args=(b"x" * 65536,))
    sender.start()
    got = 0
    while got < 65536:
        got += len(peer.recv(65536))
    sender.join()
    return got


def files():
    with tempfile.TemporaryDirectory() as folder:
        for n in range(100):
            with open(os.path.join(folder, str(n)), "w", encoding="ascii") as file:
                file.write("x" * n)
        return len(os.listdir(folder))


if __name__ == "__main__":
    counts = (database(), threads(), processes(), sockets(), files())
    subprocess.run(["true"], check=True)
    print("sqlite %d threads %d processes %d sockets %d files %d done" % counts)
