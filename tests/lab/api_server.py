# SPDX-License-Identifier: Apache-2.0
"""The API server simulator as a part of the lab: its process, its faults, a person's view of it."""

from __future__ import annotations

import json
from pathlib import Path

from certificates import Identity, Pki
from network import BridgeNetwork, LoopbackNetwork
from processes import LabError, Process, await_or_fail, last_line, recorded, spawn
from web import Answer, answers, call, expect

START_LIMIT_S = 15.0
_STRATEGIC_MERGE = "application/strategic-merge-patch+json"


class ApiServer:
    """The caller chooses the ports once, so that a server started again is found again."""

    def __init__(self, directory: Path, log: Path, network: BridgeNetwork | LoopbackNetwork,
                 port: int, control_port: int, pki: Pki, admin: Identity) -> None:
        self.directory = directory
        self.log = log
        self.network = network
        self.port = port
        self.control_port = control_port
        self.pki = pki
        self.admin = admin
        self.process: Process | None = recorded(log)

    @property
    def url(self) -> str:
        return f"https://{self.network.server_address}:{self.port}"

    @property
    def control_url(self) -> str:
        return f"http://{self.network.server_address}:{self.control_port}"

    def start(self, program: Path, seed: dict, tokens: list[Identity]) -> None:
        """Starts with a fresh cluster; returns at once, `await_ready` waits."""
        if not program.is_file():
            raise LabError(f"{program} is not built: cmake --build --preset release")
        self.directory.mkdir(parents=True, exist_ok=True)
        (self.directory / "seed.json").write_text(json.dumps(seed, indent=1))
        token_file = self.directory / "tokens.csv"
        token_file.touch(mode=0o600)
        token_file.write_text("".join(identity.tokens_line() for identity in tokens))
        (self.directory / "program").write_text(f"{program}\n")
        self.start_again()

    def start_again(self) -> None:
        """After `kill`: the cluster begins from its seed."""
        program = (self.directory / "program").read_text().strip()
        with self.network.entered():
            self.process = spawn("lab_apiserver", [
                program, "--listen", self.network.server_address, "--port", self.port,
                "--control-port", self.control_port, "--cert", self.pki.certificate,
                "--key", self.pki.key, "--client-ca", self.pki.ca,
                "--tokens", self.directory / "tokens.csv", "--seed", self.directory / "seed.json",
                "--port-file", self.directory / "ports"], self.log)

    def await_ready(self, limit_s: float = START_LIMIT_S) -> None:
        def ready() -> bool:
            if self.process is not None and not self.process.is_running():
                raise LabError(f"lab_apiserver ended: {last_line(self.log)}")
            with self.network.entered():
                return answers(f"{self.url}/readyz", self.pki.ca)

        await_or_fail(ready, limit_s, "the API server is ready")

    def stop(self) -> None:
        if self.process is not None:
            self.process.stop()
            self.process = None

    def kill(self) -> None:
        if self.process is not None:
            self.process.kill()
            self.process = None

    def call(self, method: str, path: str, body: object = None,
             content_type: str = "application/json", token: str | None = None) -> Answer:
        """A request with the administrator's token, or another one."""
        headers = {"Authorization": f"Bearer {token or self.admin.token}",
                   "Content-Type": content_type}
        with self.network.entered():
            return call(method, self.url + path, body, headers, ca_file=self.pki.ca)

    def get(self, path: str) -> dict:
        return expect(200, self.call("GET", path), path).json()

    def nodes(self) -> dict[str, dict]:
        return {node["metadata"]["name"]: node for node in self.get("/api/v1/nodes")["items"]}

    def node(self, name: str) -> dict:
        return self.get(f"/api/v1/nodes/{name}")

    def pods(self, namespace: str = "", node: str = "") -> list[dict]:
        where = f"/namespaces/{namespace}" if namespace else ""
        chosen = f"?fieldSelector=spec.nodeName%3D{node}" if node else ""
        return self.get(f"/api/v1{where}/pods{chosen}")["items"]

    def kubelet_versions(self) -> dict[str, str]:
        """What each node reports, without the leading v."""
        return {name: node["status"]["nodeInfo"]["kubeletVersion"].removeprefix("v")
                for name, node in self.nodes().items()}

    def not_ready(self) -> list[str]:
        return [name for name, node in self.nodes().items() if ready_status(node) != "True"]

    def cordoned(self) -> list[str]:
        return [name for name, node in self.nodes().items()
                if node.get("spec", {}).get("unschedulable")]

    def cordon(self, name: str, unschedulable: bool = True) -> None:
        """As a person with kubectl would, without the bot's annotation."""
        expect(200, self.call("PATCH", f"/api/v1/nodes/{name}",
                              {"spec": {"unschedulable": unschedulable or None}},
                              _STRATEGIC_MERGE), f"cordoning {name}")

    def control(self, method: str, path: str, body: object = None) -> Answer:
        """The simulator's own interface: faults, outages, counters."""
        with self.network.entered():
            answer = call(method, f"{self.control_url}/_lab/{path}", body)
        if answer.status >= 300:
            raise LabError(f"{method} /_lab/{path}: status {answer.status}: {answer.text[:200]}")
        return answer

    def outage(self, seconds: float, mode: str = "refuse") -> None:
        """refuse, hang, 503, 429, 403, reset or html, for a while."""
        self.control("POST", "outage", {"seconds": seconds, "mode": mode})

    def fault(self, method: str, path_regex: str, action: str, times: int = 1,
              **details: object) -> None:
        self.control("POST", "fault", {"method": method, "path_regex": path_regex,
                                       "action": action, "times": times, **details})

    def grants(self) -> list[dict]:
        """What each user may do, as in the seed."""
        return self.control("GET", "rbac").json()

    def replace_grants(self, rbac: list[dict]) -> None:
        self.control("POST", "rbac", {"rbac": rbac})

    def clear_faults(self) -> None:
        self.control("DELETE", "faults")

    def journal(self, after: int = 0) -> list[dict]:
        """The requests that the server has seen: time, user, verb, path, status."""
        found = self.control("GET", f"journal?after={after}").json()
        return found if isinstance(found, list) else found.get("requests", [])


def ready_status(node: dict) -> str:
    for condition in node.get("status", {}).get("conditions", []):
        if condition["type"] == "Ready":
            return condition["status"]
    return "absent"


def is_pod_settled(pod: dict) -> bool:
    """Running with all containers ready, or finished."""
    status = pod.get("status", {})
    if status.get("phase") == "Succeeded":
        return True
    ready = any(c["type"] == "Ready" and c["status"] == "True"
                for c in status.get("conditions", []))
    return status.get("phase") == "Running" and ready
