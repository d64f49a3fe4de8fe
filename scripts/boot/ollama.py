#!/usr/bin/env python3
"""Answers like Ollama's /api/chat on 127.0.0.1:11434: always the same diagnosis, and none while the
file named as the argument exists."""
import json
import os
import sys
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

HOLD = sys.argv[1]
DIAGNOSIS = {
    "reason": "the container is unhealthy, a restart is the usual remedy",
    "action": "restart",
    "confidence": 0.9,
    "requires_human": False,
}


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *_):
        pass

    def reply(self, value):
        body = json.dumps(value).encode()
        self.send_response(200)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def do_GET(self):
        self.reply({"version": "0.12.0", "models": []})

    def do_POST(self):
        self.rfile.read(int(self.headers.get("content-length", 0)))
        while os.path.exists(HOLD):
            time.sleep(0.1)
        message = {"role": "assistant", "content": json.dumps(DIAGNOSIS)}
        self.reply({"model": "qwen2.5:7b", "message": message, "done": True, "done_reason": "stop"})


ThreadingHTTPServer(("127.0.0.1", 11434), Handler).serve_forever()
