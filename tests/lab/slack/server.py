#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""A Slack workspace of one's own, for tests: Web API, Socket Mode, response_url, uploads.

    server.py --port 0 --port-file FILE [--tls CERTIFICATE KEY] [--until-eof]

Listens on 127.0.0.1 only and writes the port to FILE when it is ready. Ends on SIGTERM, or with
--until-eof when its standard input ends, which is when whoever started it is gone.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import signal
import ssl
import sys
from pathlib import Path

from http_server import HEAD_LIMIT_BYTES, HttpServer, Request, Response, Takeover
from routes import Routes
from workspace import Workspace


async def serve(arguments: argparse.Namespace) -> None:
    workspace = Workspace()
    routes = Routes(workspace)

    async def handle(request: Request) -> Response | Takeover:
        return await routes.handle(request)
    http = HttpServer(handle)
    context = None
    if arguments.tls:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(*arguments.tls)
    listener = await asyncio.start_server(http.accept, "127.0.0.1", arguments.port, ssl=context,
                                          limit=HEAD_LIMIT_BYTES)
    port = listener.sockets[0].getsockname()[1]
    secure = "s" if context else ""
    workspace.base = f"http{secure}://{arguments.name}:{port}"
    workspace.socket_base = f"ws{secure}://{arguments.name}:{port}"
    _write_port(arguments.port_file, port)
    try:
        await _until_told(arguments.until_eof)
    finally:
        listener.close()
        await http.stop()


def _write_port(file: Path, port: int) -> None:
    draft = file.with_suffix(".new")
    draft.write_text(f"{port}\n")
    draft.replace(file)


async def _until_told(until_eof: bool) -> None:
    loop = asyncio.get_running_loop()
    told = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, told.set)
    if until_eof:
        def look() -> None:
            if not os.read(0, 4096):
                loop.remove_reader(0)
                told.set()
        loop.add_reader(0, look)
    await told.wait()


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--port-file", type=Path, required=True)
    parser.add_argument("--tls", nargs=2, metavar=("CERTIFICATE", "KEY"))
    parser.add_argument("--name", default="127.0.0.1", help="the host in the URLs that it gives")
    parser.add_argument("--until-eof", action="store_true")
    asyncio.run(serve(parser.parse_args()))
    return 0


if __name__ == "__main__":
    sys.exit(main())
