#!/usr/bin/env python3
"""Listens on 127.0.0.1:6379, answers every SUBSCRIBE well, and then sends what no Redis sends."""
import socket
import threading

MALFORMED = [b"$-1\r\n", b"*0\r\n", b"*1\r\n$-1\r\n", b">1\r\n$-1\r\n", b"*1000000000\r\n", b"HTTP/1.1 400\r\n"]
turn = 0


def serve(peer, frame):
    with peer, peer.makefile("rb") as words:
        subscribed = 0
        for line in words:
            if not line.startswith(b"*"):
                continue
            command = []
            for _ in range(int(line[1:])):
                length = int(words.readline()[1:])
                command.append(words.read(length + 2)[:-2])
            if command[0].lower() != b"subscribe":
                continue
            subscribed += 1
            peer.sendall(b"*3\r\n$9\r\nsubscribe\r\n$%d\r\n%s\r\n:%d\r\n" % (len(command[1]), command[1], subscribed))
            if subscribed == 2:
                peer.sendall(frame)


listener = socket.create_server(("127.0.0.1", 6379))
while True:
    peer, _ = listener.accept()
    threading.Thread(target=serve, args=(peer, MALFORMED[turn % len(MALFORMED)]), daemon=True).start()
    turn += 1
