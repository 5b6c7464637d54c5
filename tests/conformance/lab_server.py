# SPDX-License-Identifier: Apache-2.0
"""One lab_apiserver with a small cluster, and an HTTPS client that sends what it is told."""

from __future__ import annotations

import http.client
import json
import ssl
import subprocess
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

Json = dict[str, Any]
ADMIN = "admin-token"
VIEWER = "viewer-token"
START_LIMIT_S = 20.0
ANSWER_LIMIT_S = 15.0


@dataclass
class Answer:
    status: int
    body: Any
    headers: http.client.HTTPMessage
    text: str


@dataclass
class LabServer:
    """Started by `start`, ended by `stop`; both bounded."""

    program: Path
    work: Path
    seed: Json
    port: int = 0
    control_port: int = 0
    process: subprocess.Popen[bytes] | None = field(default=None, repr=False)

    @property
    def ca(self) -> Path:
        return self.work / "cert.pem"

    def start(self) -> None:
        self.work.mkdir(parents=True, exist_ok=True)
        subprocess.run(
            ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1",
             "-nodes", "-keyout", "key.pem", "-out", "cert.pem", "-days", "2", "-subj", "/CN=lab",
             "-addext", "subjectAltName=IP:127.0.0.1"],
            cwd=self.work, check=True, capture_output=True, timeout=30)
        self._sign_client()
        (self.work / "tokens.csv").write_text(
            f"{ADMIN},admin,system:masters\n{VIEWER},viewer,viewers\n")
        (self.work / "seed.json").write_text(json.dumps(self.seed))
        port_file = self.work / "ports"
        port_file.unlink(missing_ok=True)
        self.process = subprocess.Popen(
            [self.program, "--cert", "cert.pem", "--key", "key.pem", "--client-ca", "cert.pem",
             "--tokens", "tokens.csv", "--seed", "seed.json", "--port-file", "ports"],
            cwd=self.work)
        await_true(port_file.exists, "the server has written its ports", START_LIMIT_S)
        self.port, self.control_port = (int(word) for word in port_file.read_text().split())
        self._write_kubeconfig()

    def _sign_client(self) -> None:
        """client.pem: a certificate for user "carol" in group system:masters, with its key."""
        for command in (
                ["req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes",
                 "-keyout", "client.key", "-out", "client.csr", "-subj",
                 "/O=system:masters/O=crew/CN=carol"],
                ["x509", "-req", "-in", "client.csr", "-CA", "cert.pem", "-CAkey", "key.pem",
                 "-CAcreateserial", "-days", "2", "-out", "client.crt"]):
            subprocess.run(["openssl", *command], cwd=self.work, check=True, capture_output=True,
                           timeout=30)
        (self.work / "client.pem").write_text(
            (self.work / "client.crt").read_text() + (self.work / "client.key").read_text())

    def stop(self) -> None:
        if self.process is None:
            return
        self.process.terminate()
        try:
            self.process.wait(10)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait(10)
            raise
        code = self.process.returncode
        self.process = None
        if code != 0:
            raise AssertionError(f"lab_apiserver ended with {code}")

    def _write_kubeconfig(self) -> None:
        users = [{"name": name, "user": {"token": token}}
                 for name, token in (("admin", ADMIN), ("viewer", VIEWER))]
        (self.work / "kubeconfig").write_text(json.dumps({
            "apiVersion": "v1", "kind": "Config", "current-context": "admin", "users": users,
            "clusters": [{"name": "lab", "cluster": {
                "server": f"https://127.0.0.1:{self.port}",
                "certificate-authority": str(self.ca)}}],
            "contexts": [{"name": user["name"], "context": {"cluster": "lab", "user": user["name"]}}
                         for user in users]}))

    def connection(self, limit_s: float = ANSWER_LIMIT_S,
                   client: str = "") -> http.client.HTTPSConnection:
        context = ssl.create_default_context(cafile=str(self.ca))
        if client:
            context.load_cert_chain(self.work / client)
        return http.client.HTTPSConnection("127.0.0.1", self.port, context=context, timeout=limit_s)

    def call(self, method: str, path: str, body: Any = None, token: str = ADMIN,
             content_type: str = "application/json", accept: str = "application/json") -> Answer:
        connection = self.connection()
        try:
            headers = {"Accept": accept, "Content-Type": content_type}
            if token:
                headers["Authorization"] = f"Bearer {token}"
            payload = body if isinstance(body, (str, type(None))) else json.dumps(body)
            connection.request(method, path, payload, headers)
            response = connection.getresponse()
            return answer_of(response)
        finally:
            connection.close()

    def get(self, path: str, **more: str) -> Answer:
        return self.call("GET", path, **more)

    def control(self, method: str, path: str, body: Any = None) -> Answer:
        connection = http.client.HTTPConnection("127.0.0.1", self.control_port,
                                                timeout=ANSWER_LIMIT_S)
        try:
            payload = None if body is None else json.dumps(body)
            connection.request(method, f"/_lab/{path}", payload, {"Content-Length": str(
                len(payload or ""))})
            return answer_of(connection.getresponse())
        finally:
            connection.close()

    def put_object(self, body: Json) -> Json:
        answer = self.control("POST", "object", body)
        assert answer.status == 200, answer.text
        return answer.body

    def watch(self, path: str, limit_s: float = ANSWER_LIMIT_S) -> Watch:
        return Watch(self, path, limit_s)


class Watch:
    """An open watch; iterate to get events until the stream ends."""

    def __init__(self, server: LabServer, path: str, limit_s: float) -> None:
        self._connection = server.connection(limit_s)
        separator = "&" if "?" in path else "?"
        self._connection.request("GET", f"{path}{separator}watch=1",
                                 headers={"Authorization": f"Bearer {ADMIN}"})
        self._response = self._connection.getresponse()
        self.status = self._response.status
        self.chunked = self._response.getheader("Transfer-Encoding") == "chunked"

    def __enter__(self) -> Watch:
        return self

    def __exit__(self, *_: object) -> None:
        self._connection.close()

    def __iter__(self) -> Iterator[Json]:
        while line := self._response.readline():
            yield json.loads(line)

    def next(self) -> Json:
        return next(iter(self))

    def read_rest(self) -> bytes:
        """Raises IncompleteRead when the stream is cut instead of ended."""
        return self._response.read()


def answer_of(response: http.client.HTTPResponse) -> Answer:
    text = response.read().decode()
    try:
        body = json.loads(text)
    except json.JSONDecodeError:
        body = None
    return Answer(response.status, body, response.headers, text)


def await_true(condition: Any, what: str, limit_s: float = 10.0) -> None:
    """Looks every 20 ms; fails with a sentence when the limit is over."""
    end = time.monotonic() + limit_s
    while not condition():
        if time.monotonic() > end:
            raise AssertionError(f"not within {limit_s:g} s: {what}")
        time.sleep(0.02)
