# SPDX-License-Identifier: Apache-2.0
"""What `systemctl VERB UNIT...` does and prints, in the words and exit codes of the real one."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from units import WANTS, Unit, file_state, fragment, full_name, load

if TYPE_CHECKING:
    from init import Init

_NOT_FOUND = {"LoadState": "not-found", "ActiveState": "inactive", "SubState": "dead",
              "MainPID": "0", "NRestarts": "0", "Result": "success", "ExecMainStatus": "0",
              "ExecMainCode": "0", "ActiveEnterTimestampMonotonic": "0", "UnitFileState": ""}


@dataclass
class Answer:
    rc: int = 0
    out: str = ""
    err: str = ""


@dataclass
class _Words:
    verb: str
    names: list[str]
    properties: list[str]
    value_only: bool
    quiet: bool
    now: bool


def answer(init: Init, argv: list[str]) -> Answer:
    words = _parse(argv)
    single = {"show": _show, "start": _start, "stop": _stop, "restart": _restart,
              "is-active": _is_active, "is-failed": _is_failed, "is-enabled": _is_enabled,
              "enable": _enable, "disable": _disable, "status": _status, "cat": _cat,
              "reset-failed": _reset_failed, "kill": _kill}
    if words.verb in ("reboot", "poweroff", "halt"):
        init.end_status = 133 if words.verb == "reboot" else 0
        return Answer()
    if words.verb == "daemon-reload":
        for unit in init.units.values():
            if not unit.transient:
                unit.settings = load(unit.name)
        return Answer()
    if words.verb == "is-system-running":
        broken = any(unit.active == "failed" for unit in init.units.values())
        return Answer(1, "degraded\n") if broken else Answer(0, "running\n")
    if words.verb not in single:
        return Answer(1, err=f"Unknown command verb {words.verb}.\n")
    total = Answer()
    for name in words.names:
        one = single[words.verb](init, full_name(name), words)
        total.rc = total.rc or one.rc
        total.out += one.out
        total.err += one.err
    return total


def _parse(argv: list[str]) -> _Words:
    names: list[str] = []
    properties: list[str] = []
    flags: set[str] = set()
    rest = list(argv)
    while rest:
        word = rest.pop(0)
        if word in ("-p", "--property", "-s", "--signal", "-n", "-t", "--type", "--state"):
            value = rest.pop(0) if rest else ""
            if word in ("-p", "--property"):
                properties += value.split(",")
        elif word.startswith("--property="):
            properties += word.partition("=")[2].split(",")
        elif word.startswith("-p") and len(word) > 2:
            properties += word[2:].split(",")
        elif word.startswith("-"):
            flags.add(word)
        else:
            names.append(word)
    verb = names.pop(0) if names else "list-units"
    return _Words(verb, names, properties, "--value" in flags,
                  bool(flags & {"-q", "--quiet"}), "--now" in flags)


def _show(init: Init, name: str, words: _Words) -> Answer:
    unit = init.find(name)
    values = unit.properties() if unit else {"Id": name, **_NOT_FOUND}
    wanted = words.properties or list(values)
    lines = [values[key] if words.value_only else f"{key}={values[key]}"
             for key in wanted if key in values]
    return Answer(0, "".join(line + "\n" for line in lines))


def _missing(verb: str, name: str, how: str) -> Answer:
    return Answer(5, err=f"Failed to {verb} {name}: Unit {name} not {how}.\n")


def _start(init: Init, name: str, words: _Words) -> Answer:
    unit = init.find(name)
    if unit is None:
        return _missing(words.verb, name, "found")
    init.start(unit)
    return Answer()


def _stop(init: Init, name: str, words: _Words) -> Answer:
    unit = init.find(name)
    if unit is None:
        return _missing(words.verb, name, "loaded")
    init.stop(unit)
    if unit.is_forgotten():
        init.units.pop(name, None)
    return Answer()


def _restart(init: Init, name: str, words: _Words) -> Answer:
    unit = init.find(name)
    if unit is None:
        return _missing(words.verb, name, "found")
    init.stop(unit)
    unit.restarts = 0
    init.start(unit)
    return Answer()


def _is_active(init: Init, name: str, words: _Words) -> Answer:
    unit = init.find(name)
    state = unit.active if unit else "inactive"
    return Answer(0 if state == "active" else 3, "" if words.quiet else state + "\n")


def _is_failed(init: Init, name: str, words: _Words) -> Answer:
    unit = init.find(name)
    state = unit.active if unit else "inactive"
    return Answer(0 if state == "failed" else 1, "" if words.quiet else state + "\n")


def _is_enabled(init: Init, name: str, words: _Words) -> Answer:
    del init
    if fragment(name) is None:
        return Answer(1, err=f"Failed to get unit file state for {name}: "
                             "No such file or directory\n")
    state = file_state(name)
    return Answer(0 if state == "enabled" else 1, "" if words.quiet else state + "\n")


def _enable(init: Init, name: str, words: _Words) -> Answer:
    path = fragment(name)
    if path is None:
        return Answer(1, err=f"Failed to enable unit: Unit file {name} does not exist.\n")
    link = WANTS / name
    if not link.is_symlink():
        link.symlink_to(path)
    return _start(init, name, words) if words.now else Answer()


def _disable(init: Init, name: str, words: _Words) -> Answer:
    (WANTS / name).unlink(missing_ok=True)
    return _stop(init, name, words) if words.now else Answer()


def _status(init: Init, name: str, words: _Words) -> Answer:
    del words
    unit = init.find(name)
    if unit is None:
        return Answer(4, err=f"Unit {name} could not be found.\n")
    return Answer(0 if unit.active == "active" else 3,
                  f"● {name}\n     Loaded: loaded\n     Active: {unit.active} ({unit.sub})\n"
                  f"   Main PID: {unit.pid}\n")


def _cat(init: Init, name: str, words: _Words) -> Answer:
    del init, words
    path = fragment(name)
    if path is None:
        return Answer(1, err=f"No files found for {name}.\n")
    return Answer(0, f"# {path}\n{path.read_text()}")


def _reset_failed(init: Init, name: str, words: _Words) -> Answer:
    del words
    unit = init.find(name)
    if unit is not None and unit.active == "failed":
        unit.active, unit.sub, unit.result, unit.restarts = "inactive", "dead", "success", 0
        if unit.is_forgotten():
            del init.units[name]
    return Answer()


def _kill(init: Init, name: str, words: _Words) -> Answer:
    unit: Unit | None = init.find(name)
    if unit is None:
        return _missing(words.verb, name, "loaded")
    unit.signal(15)
    return Answer()
