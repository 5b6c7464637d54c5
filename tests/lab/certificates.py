# SPDX-License-Identifier: Apache-2.0
"""Certificates and tokens of one lab, made anew each time with openssl."""

from __future__ import annotations

import base64
import secrets
from dataclasses import dataclass
from pathlib import Path

from processes import run

_DAYS = "3650"


@dataclass(frozen=True)
class Identity:
    """Somebody who may talk to the API server, known by a token."""

    user: str
    token: str
    groups: tuple[str, ...] = ()

    def tokens_line(self) -> str:
        return f"{self.token},{self.user},{'|'.join(self.groups)}\n"


@dataclass(frozen=True)
class Pki:
    directory: Path

    @property
    def ca(self) -> Path:
        return self.directory / "ca.crt"

    @property
    def certificate(self) -> Path:
        return self.directory / "apiserver.crt"

    @property
    def key(self) -> Path:
        return self.directory / "apiserver.key"


def make_pki(directory: Path, addresses: list[str]) -> Pki:
    """A certificate authority and the API server's certificate, valid for these addresses."""
    directory.mkdir(parents=True, exist_ok=True)
    pki = Pki(directory)
    new_key = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"]
    run(["openssl", "req", "-x509", *new_key, "-keyout", directory / "ca.key", "-out", pki.ca,
         "-subj", "/CN=lab-ca", "-days", _DAYS, "-addext", "keyUsage=critical,keyCertSign,cRLSign"])
    names = [f"IP:{address}" for address in dict.fromkeys([*addresses, "127.0.0.1"])]
    names += ["DNS:localhost", "DNS:kubernetes", "DNS:kubernetes.default.svc"]
    run(["openssl", "req", "-x509", *new_key, "-keyout", pki.key, "-out", pki.certificate,
         "-CA", pki.ca, "-CAkey", directory / "ca.key", "-subj", "/CN=kube-apiserver",
         "-days", _DAYS, "-addext", f"subjectAltName={','.join(names)}",
         "-addext", "basicConstraints=critical,CA:FALSE",
         "-addext", "extendedKeyUsage=serverAuth"])
    return pki


def new_token() -> str:
    return secrets.token_hex(16)


def write_secret(path: Path, text: str) -> Path:
    path.touch(mode=0o600)
    path.chmod(0o600)
    path.write_text(text)
    return path


def kubeconfig(server: str, pki: Pki, identity: Identity, namespace: str = "default") -> str:
    """For a person or the bot: everything inline."""
    authority = base64.b64encode(pki.ca.read_bytes()).decode()
    return _kubeconfig(server, f"certificate-authority-data: {authority}", identity, namespace)


def node_kubeconfig(server: str, identity: Identity) -> str:
    """For a node: the authority is a file there, as kubeadm leaves it."""
    return _kubeconfig(server, "certificate-authority: /etc/kubernetes/pki/ca.crt", identity,
                       "default")


def _kubeconfig(server: str, authority: str, identity: Identity, namespace: str) -> str:
    return f"""\
apiVersion: v1
kind: Config
clusters:
- name: lab
  cluster:
    server: {server}
    {authority}
users:
- name: {identity.user}
  user:
    token: {identity.token}
contexts:
- name: lab
  context:
    cluster: lab
    user: {identity.user}
    namespace: {namespace}
current-context: lab
"""
