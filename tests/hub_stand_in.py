"""A stand-in for the hub of datasets on a real socket: one dataset with the files that it is given.

It answers what `datasets` asks to find and fetch them, and "not found" to all else.
"""

from __future__ import annotations

import hashlib
import json
import threading
from collections.abc import Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

COMMIT = "0123456789" * 4


class Hub:
    """The server, in a thread of its own while the `with` block runs.

    Args:
        name: Of the dataset, OWNER/NAME.
        files: What it holds by path.
        status: What it answers to everything, in place of what is right.
    """

    def __init__(self, name: str, files: Mapping[str, bytes], status: int = 0) -> None:
        self.name, self.files, self.status = name, files, status
        self.asked: list[str] = []
        hub = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_HEAD(self) -> None:
                self._answer()

            def do_GET(self) -> None:
                self._answer()

            def do_POST(self) -> None:
                self._answer()

            def _answer(self) -> None:
                given = self.rfile.read(int(self.headers.get("content-length") or 0))
                hub.asked.append(f"{self.command} {self.path}")
                status, body, headers = hub.reply(urlsplit(self.path).path, given.decode())
                self.send_response(status)
                for key, value in (headers | {"Content-Length": str(len(body))}).items():
                    self.send_header(key, value)
                self.end_headers()
                if self.command != "HEAD":
                    self.wfile.write(body)

            def log_message(self, *_: Any) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_port}"

    def __enter__(self) -> Hub:
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()

    def environment(self, home: Path) -> dict[str, str]:
        """What makes a process ask this hub and keep what it fetches in a folder."""
        return {"HF_ENDPOINT": self.url, "HF_HOME": str(home), "HF_HUB_DISABLE_XET": "1"}

    def reply(self, path: str, given: str) -> tuple[int, bytes, dict[str, str]]:
        """Status, body and headers for a path of the API or of a file."""
        if self.status:
            return self.status, b'{"error": "no"}', {}
        api, files = f"/api/datasets/{self.name}", f"/datasets/{self.name}/resolve/"
        if path.startswith(files):
            _, _, name = path.removeprefix(files).partition("/")
            if name in self.files:
                body = self.files[name]
                mark = hashlib.sha256(body).hexdigest()
                return 200, body, {"ETag": f'"{mark}"', "X-Repo-Commit": COMMIT}
            return 404, b"", {"X-Error-Code": "EntryNotFound", "X-Repo-Commit": COMMIT}
        if path.startswith(f"{api}/paths-info/"):
            wanted = set(parse_qs(given).get("paths", ()))
            return _json([one for one in self._listed() if one["path"] in wanted])
        if path.startswith(f"{api}/tree/"):
            return _json(self._inside(path.removeprefix(f"{api}/tree/").partition("/")[2]))
        if path == api or path.startswith(f"{api}/revision/"):
            listed = [{"rfilename": name} for name in self.files]
            return _json({"id": self.name, "sha": COMMIT, "siblings": listed, "tags": []})
        return 404, b"{}", {"X-Error-Code": "RepoNotFound"}

    def _inside(self, folder: str) -> list[dict[str, Any]]:
        """The files in a folder, and the folders."""
        above = f"{folder}/" if folder else ""
        below = [one for one in self._listed() if one["path"].startswith(above)]
        deeper = {one["path"].removeprefix(above).rpartition("/")[0] for one in below} - {""}
        return [
            *(one for one in below if "/" not in one["path"].removeprefix(above)),
            *({"type": "directory", "path": above + name, "oid": COMMIT} for name in deeper),
        ]

    def _listed(self) -> list[dict[str, Any]]:
        return [
            {"type": "file", "path": name, "size": len(body), "oid": hashlib.sha1(body).hexdigest()}
            for name, body in self.files.items()
        ]


def _json(value: Any) -> tuple[int, bytes, dict[str, str]]:
    return 200, json.dumps(value).encode(), {"Content-Type": "application/json"}
