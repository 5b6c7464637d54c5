# SPDX-License-Identifier: Apache-2.0
"""Whether the shipped role gives the bot what its code asks for, and nothing more. kubectl reads
the manifests, so they are also known to be ones; without kubectl the test is skipped.

usage: role.py SOURCE_ROOT
"""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

# verb, API group, resource, namespace ("" is the whole cluster)
Right = tuple[str, str, str, str]

_SKIPPED = 77
_RIGHTS = "bot/rights.cpp"  # needed_rights()
_PLACES = {'""': "", "own": "lockkeeper", "backup": "default"}

def needed(source: str) -> set[Right]:
    """From the table in the code."""
    row = re.compile(r'\{"(\w+)", "([\w.]*)", "([\w/]+)", (""|own|backup|"[\w-]+")\}')
    table = source.partition("> needed_rights(")[2].partition("return rights;")[0]
    return {(verb, group, resource, _PLACES.get(place, place.strip('"')))
            for verb, group, resource, place in row.findall(table)}


def objects(manifest: Path) -> list[dict]:
    """As kubectl understands them; it needs no server for that."""
    done = subprocess.run(
        ["kubectl", "annotate", "--local", "-f", str(manifest), "-o", "json", "a=b"],
        capture_output=True, text=True, timeout=30, check=False)
    if done.returncode != 0:
        raise SystemExit(f"{manifest.name}: {done.stderr}")
    read = json.JSONDecoder()
    found, text = [], done.stdout.strip()
    while text:
        value, end = read.raw_decode(text)
        found.append(value)
        text = text[end:].strip()
    return found


def given(manifest: Path) -> Iterator[Right]:
    for item in objects(manifest):
        if item["kind"] not in ("ClusterRole", "Role"):
            continue
        for rule in item["rules"]:
            for path in rule.get("nonResourceURLs", []):
                yield from ((verb, "", path, "") for verb in rule["verbs"])
            # A right to one namespace object is a right in that namespace.
            places = rule.get("resourceNames", [item["metadata"].get("namespace", "")])
            for group in rule.get("apiGroups", []):
                for resource in rule["resources"]:
                    for verb in rule["verbs"]:
                        yield from ((verb, group, resource, place) for place in places)


def main(root: Path) -> int:
    if shutil.which("kubectl") is None:
        print("skipped: kubectl is not installed")
        return _SKIPPED
    asked = needed((root / _RIGHTS).read_text())
    if len(asked) < 20:
        print(f"{_RIGHTS}: only {len(asked)} rights were found; has the table changed?")
        return 1
    deploy = root / "config/deploy"
    has = set(given(deploy / "rbac.yaml"))
    for name in ("kubernetes.yaml", "backup-etcd.yaml"):
        objects(deploy / name)
    for right in sorted(asked - has):
        print("the role lacks", *right)
    for right in sorted(has - asked):
        print("nobody asks for", *right)
    return 0 if asked <= has <= asked else 1


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
