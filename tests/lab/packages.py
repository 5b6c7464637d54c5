# SPDX-License-Identifier: Apache-2.0
"""A package repository laid out like pkgs.k8s.io: flat, one per minor, each signed.

Built once per state of its sources (`packages/` and this file) and kept in the cache. Every minor
exists twice: `repositories/` has everything, `lagging/` lacks the newest version, as a mirror
that is behind. The signing key is made for the purpose; `expired.gpg` is the same key as a node
knows it that has not heard of its new expiry date.
"""

from __future__ import annotations

import fcntl
import gzip
import hashlib
import os
import shutil
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

from processes import LabError, run

KUBERNETES_VERSIONS = ["1.33.9", "1.34.2", "1.34.7", "1.35.1"]
CONTAINERD_VERSIONS = ["1.7.24", "1.7.27"]
REVISION = "-1.1"

_SOURCES = Path(__file__).resolve().parent / "packages"
_SHELL = Path("/bin/dash")
_KUBERNETES_PATH = "isv:/kubernetes:/core:/stable:/v{minor}/deb"
_CONTAINERD_PATH = "docker/linux/debian"


@dataclass(frozen=True)
class Package:
    name: str
    version: str  # of the program
    revision: str
    depends: str = ""

    @property
    def file_name(self) -> str:
        return f"{self.name}_{self.version}{self.revision}_amd64.deb"


@dataclass(frozen=True)
class Repository:
    """The finished files: `root` is what the server serves."""

    root: Path
    digest: str

    @property
    def key(self) -> Path:
        return self.root / "Release.key"

    @property
    def keyring(self) -> Path:
        return self.root / "lab.gpg"

    @property
    def expired_keyring(self) -> Path:
        return self.root / "expired.gpg"

    def files_for(self, version: str, containerd: str) -> list[Path]:
        """The packages of a node that runs this version."""
        if version not in KUBERNETES_VERSIONS or containerd not in CONTAINERD_VERSIONS:
            raise LabError(f"the lab has no packages for Kubernetes {version} with containerd "
                           f"{containerd}; it has {', '.join(KUBERNETES_VERSIONS)} and "
                           f"{', '.join(CONTAINERD_VERSIONS)}")
        flat = self.root / "repositories" / _KUBERNETES_PATH.format(minor=minor_of(version))
        found = [flat / package.file_name for package in _kubernetes_packages(version)]
        docker = self.root / "repositories" / _CONTAINERD_PATH
        return found + [docker / package.file_name for package in _containerd_packages(containerd)]


def minor_of(version: str) -> str:
    return ".".join(version.split(".")[:2])


def kubernetes_source_line(base_url: str, version: str) -> str:
    return ("deb [signed-by=/etc/apt/keyrings/kubernetes-apt-keyring.gpg] "
            f"{base_url}/core:/stable:/v{minor_of(version)}/deb/ /\n")


def containerd_source_line(base_url: str) -> str:
    return f"deb [signed-by=/etc/apt/keyrings/docker.gpg] {base_url}/linux/debian/ /\n"


def build(cache: Path) -> Repository:
    """The repository from the cache, made first when its sources have changed. About 3s then."""
    digest = _digest()
    root = cache / f"packages-{digest}"
    cache.mkdir(parents=True, exist_ok=True)
    with open(cache / ".packages.lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not root.exists():
            remove_stale(cache, "packages-*")
            with tempfile.TemporaryDirectory(dir=cache, prefix=".packages-") as work:
                _build_all(Path(work) / "root")
                (Path(work) / "root").rename(root)
    return Repository(root, digest)


def remove_stale(cache: Path, pattern: str) -> None:
    """Forgets what an older state of the sources left, unless a lab of today may stand on it."""
    for stale in cache.glob(pattern):
        if time.time() - stale.stat().st_mtime > 86400:
            shutil.rmtree(stale, ignore_errors=True)


def _digest() -> str:
    total = hashlib.sha256()
    for path in [Path(__file__), _SHELL, *sorted(_SOURCES.rglob("*"))]:
        if path.is_file():
            total.update(str(path.relative_to("/")).encode() + path.read_bytes())
    return total.hexdigest()[:12]


def _kubernetes_packages(version: str) -> list[Package]:
    minor = minor_of(version)
    return [
        Package("cri-tools", f"{minor}.0", REVISION),
        Package("kubernetes-cni", "1.7.1", REVISION),
        Package("kubectl", version, REVISION),
        Package("kubeadm", version, REVISION, f"cri-tools (>= {minor}.0)"),
        Package("kubelet", version, REVISION, "cri-tools, kubernetes-cni (>= 1.2.0)"),
    ]


def _containerd_packages(version: str) -> list[Package]:
    return [Package("containerd.io", version, "-1")]


def _build_all(root: Path) -> None:
    # gpg's socket path must be short, and its agent must not outlive us.
    with tempfile.TemporaryDirectory(prefix="lab-gpg-") as home:
        environment = {**os.environ, "GNUPGHOME": home}
        try:
            _make_keys(root, environment)
            for minor in sorted({minor_of(version) for version in KUBERNETES_VERSIONS}):
                _build_minor(root, minor, environment)
            docker = [p for version in CONTAINERD_VERSIONS for p in _containerd_packages(version)]
            for tree in ("repositories", "lagging"):
                _build_flat(root / tree / _CONTAINERD_PATH, docker, "Docker", environment)
        finally:
            run(["gpgconf", "--kill", "gpg-agent"], env=environment, check=False)


def _build_minor(root: Path, minor: str, environment: dict[str, str]) -> None:
    versions = [version for version in KUBERNETES_VERSIONS if minor_of(version) == minor]
    path = _KUBERNETES_PATH.format(minor=minor)
    for tree, kept in (("repositories", versions), ("lagging", versions[:-1])):
        packages = {p.file_name: p for version in kept for p in _kubernetes_packages(version)}
        label = f"isv:kubernetes:core:stable:v{minor}"
        _build_flat(root / tree / path, list(packages.values()), label, environment)


def _build_flat(folder: Path, packages: list[Package], label: str,
                environment: dict[str, str]) -> None:
    folder.mkdir(parents=True)
    for package in packages:
        _build_package(package, folder / package.file_name)
    listed = run(["apt-ftparchive", "packages", "."], cwd=folder).stdout
    listed = listed.replace("Filename: ./", "Filename: ")
    (folder / "Packages").write_text(listed)
    with gzip.GzipFile(folder / "Packages.gz", "wb", mtime=0) as packed:
        packed.write(listed.encode())
    options = [f"-oAPT::FTPArchive::Release::{key}={value}" for key, value in
               (("Origin", f"lab {label}"), ("Label", label), ("Architectures", "amd64"))]
    release = run(["apt-ftparchive", *options, "release", "."], cwd=folder).stdout
    (folder / "Release").write_text(release)
    shutil.copy(_top(folder) / "Release.key", folder / "Release.key")
    for kind, name in (("--clearsign", "InRelease"), ("--detach-sign", "Release.gpg")):
        run(["gpg", "--batch", "--yes", "--armor", kind, "--output", folder / name,
             folder / "Release"], env=environment)


def _top(folder: Path) -> Path:
    """The root of the build, above `repositories` or `lagging`."""
    for parent in folder.parents:
        if parent.name in ("repositories", "lagging"):
            return parent.parent
    raise LabError(f"{folder} is not inside a repository tree")


def _build_package(package: Package, destination: Path) -> None:
    with tempfile.TemporaryDirectory(prefix="lab-deb-") as work:
        tree = Path(work) / "tree"
        shutil.copytree(_SOURCES / package.name, tree)
        if package.name == "kubelet":
            _add_shell(tree)
        for path in tree.rglob("*"):
            if path.is_file() and not path.is_symlink() and path.name != "kubelet-sh":
                _fill_in(path, package)
        _write_control(tree, package)
        run(["dpkg-deb", "--build", "--root-owner-group", "-Zgzip", "-z1", tree, destination])


def _add_shell(tree: Path) -> None:
    """The kubelet brings its own interpreter, so that /proc/PID/exe tells a replaced program."""
    shell = tree / "usr/libexec/kubernetes/kubelet-sh"
    shell.parent.mkdir(parents=True)
    shutil.copy(_SHELL.resolve(), shell)
    shell.chmod(0o755)


def _fill_in(path: Path, package: Package) -> None:
    text = path.read_text()
    path.write_text(text.replace("@VERSION@", package.version)
                    .replace("@VERSIONS@", " ".join(KUBERNETES_VERSIONS)))
    program = path.parent.name == "bin"
    path.chmod(0o755 if program else 0o644)


def _write_control(tree: Path, package: Package) -> None:
    control = tree / "DEBIAN"
    control.mkdir()
    conffiles = [path for path in tree.glob("etc/**/*") if path.is_file()]
    if conffiles:
        names = [f"/{path.relative_to(tree)}\n" for path in sorted(conffiles)]
        (control / "conffiles").write_text("".join(names))
    depends = f"Depends: {package.depends}\n" if package.depends else ""
    (control / "control").write_text(
        f"Package: {package.name}\nVersion: {package.version}{package.revision}\n"
        f"Architecture: amd64\nMaintainer: Lockkeeper lab <lab@example.invalid>\n{depends}"
        f"Section: admin\nPriority: optional\nDescription: {package.name} of the lab\n")


def _make_keys(root: Path, environment: dict[str, str]) -> None:
    """One key, exported twice: as it was with an expiry date that has passed, and as it is now."""
    root.mkdir(parents=True)
    past = ["--faked-system-time", "20240101T000000"]
    run(["gpg", "--batch", *past, "--passphrase", "", "--quick-generate-key",
         "Lockkeeper lab packages <lab@example.invalid>", "rsa2048", "sign", "10d"],
        env=environment)
    run(["gpg", "--batch", "--output", root / "expired.gpg", "--export"], env=environment)
    listing = run(["gpg", "--batch", "--with-colons", "--list-keys"], env=environment).stdout
    fingerprint = next(line.split(":")[9] for line in listing.splitlines()
                       if line.startswith("fpr:"))
    run(["gpg", "--batch", "--passphrase", "", "--pinentry-mode", "loopback",
         "--quick-set-expire", fingerprint, "20y"], env=environment)
    run(["gpg", "--batch", "--output", root / "lab.gpg", "--export"], env=environment)
    run(["gpg", "--batch", "--armor", "--output", root / "Release.key", "--export"],
        env=environment)
    (root / "fingerprint").write_text(fingerprint + "\n")
