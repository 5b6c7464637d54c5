# SPDX-License-Identifier: Apache-2.0
"""Plants each offence in a temporary tree: tidy must find it there, and nothing beside it."""

import shutil
import subprocess
import sys
import tempfile
import unittest
from collections.abc import Callable, Iterator
from pathlib import Path

import layering
import sizes
import threads
import tidy
import words
from tree import Finding, Source, Tree

LICENCE = "// SPDX-License-Identifier: Apache-2.0\n"
SCRIPT_LICENCE = "# SPDX-License-Identifier: Apache-2.0\n"
Check = Callable[[Tree], Iterator[Finding]]


class TreeCase(unittest.TestCase):
    def setUp(self) -> None:
        folder = tempfile.TemporaryDirectory(prefix="tidy_")
        self.addCleanup(folder.cleanup)
        self.root = Path(folder.name)

    def plant(self, files: dict[str, str]) -> Tree:
        """A tree of these files and no others."""
        shutil.rmtree(self.root)
        self.root.mkdir()
        for path, text in files.items():
            (self.root / path).parent.mkdir(parents=True, exist_ok=True)
            (self.root / path).write_text(text)
        return Tree(self.root)

    def found(self, check: Check, files: dict[str, str]) -> list[str]:
        return [f"{f.path}:{f.line}" for f in sorted(check(self.plant(files)))]

    def assert_offence(self, check: Check, path: str, body: str, line: int = 2) -> None:
        """`body` follows the licence line, so that its first line is line 2."""
        self.assertEqual(self.found(check, {path: LICENCE + body}), [f"{path}:{line}"], body)

    def assert_fine(self, check: Check, path: str, body: str) -> None:
        self.assertEqual(self.found(check, {path: LICENCE + body}), [], body)


class Layering(TreeCase):
    def test_arrows_that_point_up_are_found(self) -> None:
        for path, name in (("rules/a.cpp", "config/value.h"), ("config/a.h", "bot/plan.h"),
                           ("bot/gate.cpp", "integrations/system/log.h"),
                           ("bot/gate.cpp", "bot/daemon.h"), ("bot/gate.cpp", "tests/sim/model.h"),
                           ("integrations/http/a.cpp", "bot/cli_commands.h"),
                           ("integrations/ssh/a.cpp", "integrations/http/client.h"),
                           ("integrations/unheard_of/a.cpp", "integrations/http/client.h"),
                           ("rules/a.cpp", "text.h")):
            self.assert_offence(layering.check_layering, path, f'#include "{name}"\n')

    def test_arrows_that_point_down_are_not(self) -> None:
        for path, name in (("config/a.cpp", "rules/text.h"), ("bot/gate.cpp", "config/settings.h"),
                           ("bot/daemon.cpp", "integrations/system/log.h"),
                           ("bot/cli_remote.cpp", "bot/cli_commands.h"),
                           ("integrations/web/a.cpp", "integrations/http/server.h"),
                           ("integrations/ssh/a.cpp", "integrations/ssh/dial.h"),
                           ("integrations/ssh/a.cpp", "bot/ports.h"),
                           ("tests/a.cpp", "bot/daemon.h")):
            self.assert_fine(layering.check_layering, path, f'#include "{name}"\n')

    def test_a_library_that_a_room_does_without_is_found(self) -> None:
        self.assert_offence(layering.check_layering, "rules/a.cpp", "#include <unistd.h>\n")
        self.assert_offence(layering.check_layering, "bot/gate.cpp", "#include <fcntl.h>\n")
        self.assert_fine(layering.check_layering, "rules/a.cpp",
                         "#include <re2/re2.h>\n#include <string_view>\n")
        self.assert_fine(layering.check_layering, "bot/main.cpp", "#include <unistd.h>\n")

    def test_a_heavy_header_that_leaves_its_room_is_found(self) -> None:
        heavy = {"integrations/http/wire.h": "#include <boost/asio.hpp>\n",
                 "integrations/http/wire.cpp": '#include "integrations/http/wire.h"\n',
                 "integrations/web/site.cpp": '#include "integrations/http/wire.h"\n'}
        self.assertEqual(self.found(layering.check_heavy_headers, heavy),
                         ["integrations/web/site.cpp:1"])

    def test_arrows_in_a_circle_are_found(self) -> None:
        circle = {"a": ("b",), "b": ("c",), "c": ("a",), "d": ()}
        found = list(layering.check_cycles(Tree(self.root), circle))
        self.assertEqual([f.what for f in found], ["arrows in a circle: a, b, c"])
        self.assertEqual(list(layering.check_cycles(Tree(self.root))), [])


class Sizes(TreeCase):
    def test_a_file_that_is_too_long_is_found(self) -> None:
        files = {"rules/long.cpp": "\n" * 401, "tests/long.py": "\n" * 401,
                 "rules/fits.cpp": "\n" * 400}
        self.assertEqual(self.found(sizes.check_files, files),
                         ["rules/long.cpp:401", "tests/long.py:401"])

    def test_too_many_long_files_are_found(self) -> None:
        files = {f"rules/{i}.cpp": "\n" * (301 if i < 10 else 30) for i in range(11, 30)}
        files["rules/one.cpp"] = "\n" * 350
        self.assertEqual(self.found(sizes.check_files, files), [])
        files["rules/two.cpp"] = "\n" * 310
        self.assertEqual(self.found(sizes.check_files, files), ["rules/two.cpp:1"])

    def test_a_function_that_is_too_long_is_found(self) -> None:
        for head in ("int f(int a) {", "Thing::Thing(int a) : a_{a}, b_(a) {",
                     "bool A::operator()() {",
                     'TEST_CASE("a {") {', "std::vector<int> f(const T& x = {}) {"):
            fits = head + "\n  if (a) {\n    b({1, 2});\n  }\n" + "  c();\n" * 55
            self.assert_fine(sizes.check_functions, "rules/a.cpp", fits + "}\n")
            self.assert_offence(sizes.check_functions, "rules/a.cpp", fits + "  c();\n}\n")
            generic = "template <class T, class V = std::array<T, 2>>\n"
            self.assert_offence(sizes.check_functions, "rules/a.cpp", generic + fits + "}\n")

    def test_a_method_inside_of_a_class_is_measured_alone(self) -> None:
        method = "  int f() {\n" + "    a();\n" * 30 + "  }\n\n"
        self.assert_fine(sizes.check_functions, "rules/a.h", f"class A {{\n{method * 3}}};\n")
        longer = "  int g() const {\n" + "    a();\n" * 59 + "  }\n"
        self.assert_offence(sizes.check_functions, "rules/a.h",
                            f"namespace x {{\nclass A {{\n public:\n{method}{longer}}};\n}}\n", 38)

    def test_tables_and_types_are_no_functions(self) -> None:
        rows = '    {"a", f(1), [](int x) { return x; }},\n' * 70
        self.assert_fine(sizes.check_functions, "rules/a.cpp",
                         f"const Row kRows[] = {{\n{rows}}};\n")
        self.assert_fine(sizes.check_functions, "rules/a.cpp", f"const T kRows{{{{\n{rows}}}}};\n")
        self.assert_fine(sizes.check_functions, "rules/a.h",
                         "struct A {\n" + "  int f(int);\n" * 70 + "};\n")

    def test_functions_of_python_are_measured_too(self) -> None:
        body = "def f():\n" + "    a()\n" * 60
        self.assertEqual(self.found(sizes.check_functions, {"tests/a.py": body}), ["tests/a.py:1"])

    def test_too_many_long_functions_are_found(self) -> None:
        short, longer = "int f() {\n}\n", "int f() {\n" + "  a();\n" * 45 + "}\n"
        self.assert_fine(sizes.check_functions, "rules/a.cpp", longer + short * 19)
        self.assert_offence(sizes.check_functions, "rules/a.cpp", longer * 2 + short * 19)

    def test_a_line_that_is_too_wide_is_found(self) -> None:
        self.assert_offence(sizes.check_columns, "rules/a.cpp", f"\n{'ab ' * 33}abc\n", 3)
        self.assert_fine(sizes.check_columns, "rules/a.cpp", f"{'ab ' * 33}a\n// {'ü' * 97}\n")
        self.assert_fine(sizes.check_columns, "rules/a.cpp", f"// see https://x.io/{'a' * 90}\n")

    def test_headers_without_comment_are_found(self) -> None:
        bare, told = "int a();\n" * 10, "/// So.\n" * 4 + "int a();\n" * 6
        files = {f"rules/{i}.h": LICENCE + (told if i else bare) for i in range(20)}
        self.assertEqual(self.found(sizes.check_comments, files), [])
        files |= {f"rules/{i}.h": LICENCE + bare for i in range(3)}
        self.assertEqual(self.found(sizes.check_comments, files), ["rules/1.h:1"])
        files |= {f"rules/{i}.h": LICENCE + bare for i in range(10)}
        self.assertIn("CONTRIBUTING.md:1", self.found(sizes.check_comments, files))
        files = {f"rules/{i}.h": LICENCE + "// So.\n" * 9 + "int a();\n" for i in range(20)}
        self.assertIn("CONTRIBUTING.md:1", self.found(sizes.check_comments, files))

    def test_comments_are_told_from_strings(self) -> None:
        text = 'a("//"); // b\n/* c\nd */ e(\'"\'); f("\\"//");\ng(R"x(// "\n)x"); // h\n'
        self.assertEqual(Source("a.cpp", text).comment_lines, {1, 2, 3, 5})
        self.assertEqual(Source("a.cpp", "x = 1'000; // it's\ny").comment_lines, {1})


class Words(TreeCase):
    def test_a_missing_licence_is_found(self) -> None:
        files = {"rules/a.cpp": "int a;\n", "tests/a.py": "a = 1\n", "tests/a.sh": "#!/bin/sh\n",
                 "tests/bin/tool": "#!/bin/sh\n", "tests/a.mjs": "\n", "README.md": "# A\n",
                 "rules/b.cpp": LICENCE, "tests/b.sh": "#!/bin/sh\n" + SCRIPT_LICENCE}
        self.assertEqual(self.found(words.check_licence, files),
                         ["rules/a.cpp:1", "tests/a.mjs:1", "tests/a.py:1", "tests/a.sh:1",
                          "tests/bin/tool:1"])

    def test_a_missing_pragma_once_is_found(self) -> None:
        self.assert_offence(words.check_pragma, "rules/a.h", "int a();\n#pragma once\n")
        self.assert_fine(words.check_pragma, "rules/a.h", "#pragma once\nint a();\n")

    def test_banned_calls_of_the_product_are_found(self) -> None:
        for call in ("std::chrono::system_clock::now();", "std::chrono::steady_clock::now();",
                     "std::this_thread::sleep_for(x);", "std::this_thread::sleep_until(x);",
                     "::usleep(1);", "std::system(x);", "::popen(x, y);",
                     '::setenv("A", "b", 1);', "std::localtime(&x);",
                     "std::random_device seed;", "int a = std::rand();", "std::regex a;",
                     "auto* a = new Thing();", "delete a;", "delete[] a;",
                     "using namespace std;", "using namespace lockkeeper;"):
            self.assert_offence(words.check_bans, "bot/a.cpp", f"\n{call}\n", 3)

    def test_some_calls_are_banned_from_tests_too(self) -> None:
        for call in ("std::random_device seed;", "std::regex a;", "auto* a = new Thing();",
                     "delete a;", "using namespace std;"):
            self.assert_offence(words.check_bans, "tests/a.cpp", f"{call}\n")
        self.assert_offence(words.check_bans, "tests/a.h", "using namespace lockkeeper::http;\n")

    def test_what_only_looks_banned_is_not_found(self) -> None:
        for line in ("// new delete std::regex", 'say("delete it, std::rand()");',
                     "Thing(const Thing&) = delete;", "void* operator new(std::size_t);",
                     "return std::unique_ptr<A>(\n    new A(b));", "#include <new>",
                     "using namespace std::chrono_literals;", "wait_until(x);", "renew (a);"):
            self.assert_fine(words.check_bans, "bot/a.cpp", f"{line}\n")
        for call in ("std::this_thread::sleep_for(x);", "std::system(x);",
                     "using namespace lockkeeper::http;"):
            self.assert_fine(words.check_bans, "tests/a.cpp", f"{call}\n")
        self.assert_fine(words.check_bans, "integrations/system/a.cpp", "system_clock::now();\n")
        self.assert_fine(words.check_bans, "integrations/kubernetes/exec_plugin.cpp",
                         "::popen(a, b);\n")

    def test_empty_names_are_found(self) -> None:
        for end in ("Manager", "Helper", "Util", "Utils", "Impl"):
            self.assert_offence(words.check_names, "bot/a.cpp", f"class Run{end} {{}};\n")
            self.assert_fine(words.check_names, "bot/a.cpp", f"// class Run{end} {{}};\n")
        self.assert_fine(words.check_names, "bot/a.cpp", "class Management;  // no class\n")

    def test_marks_of_unfinished_work_are_found(self) -> None:
        for mark in ("TODO", "FIXME", "XXX"):
            self.assertEqual(self.found(words.check_marks, {"docs/a.md": f"# A\n\n{mark}: b\n"}),
                             ["docs/a.md:3"])
        self.assertEqual(self.found(words.check_marks, {"docs/a.md": "mktemp a_XXXXXX\n"}), [])

    def test_paths_of_one_machine_are_found(self) -> None:
        for folder in ("work/main", "home/ann"):
            self.assertEqual(self.found(words.check_marks, {"a.sh": f"cd /{folder}/x\n"}),
                             ["a.sh:1"])
        for path in ("$1/work/x", "/home/ops/.ssh", "cluster/home/x", "/workload/x"):
            self.assertEqual(self.found(words.check_marks, {"a.sh": f"cd {path}\n"}), [])


class Threads(TreeCase):
    def test_a_source_that_nothing_builds_is_found(self) -> None:
        files = {"CMakeLists.txt": "add_executable(x bot/main.cpp)\n", "bot/main.cpp": "",
                 "bot/CMakeLists.txt": "room(bot SOURCES gate.cpp ${name}_part.cpp)\n",
                 "bot/gate.cpp": "", "bot/a_part.cpp": "", "bot/dead.cpp": "",
                 "rules/gate.cpp": ""}
        self.assertEqual(self.found(threads.check_sources_are_built, files),
                         ["bot/dead.cpp:1", "rules/gate.cpp:1"])

    def test_a_header_that_nothing_includes_is_found(self) -> None:
        files = {"bot/used.h": "", "bot/dead.h": '#include "bot/dead.h"\n',
                 "tests/a.cpp": '#include "beside.h"\n#include "bot/used.h"\n',
                 "tests/beside.h": "",
                 "tests/b.cpp": '\n#include "bot/gone.h"\n'}
        self.assertEqual(self.found(threads.check_includes, files),
                         ["bot/dead.h:1", "tests/b.cpp:2"])

    def test_a_script_that_nothing_names_is_found(self) -> None:
        files = {"tests/run.sh": "python3 tests/used.py\n", "tests/used.py": "import beside\n",
                 "tests/beside.py": 'a = f"{b}_cases"\n', "tests/good_cases.py": "",
                 "other/bad_cases.py": "", "README.md": "bash tests/run.sh\n", "tests/dead.sh": ""}
        self.assertEqual(self.found(threads.check_scripts_are_used, files),
                         ["other/bad_cases.py:1", "tests/dead.sh:1"])

    def test_documents_have_one_title_and_links_that_lead_somewhere(self) -> None:
        files = {"docs/two.md": "# A\n\n```\n# no title\n```\n\n# B\n", "docs/none.md": "text\n",
                 "docs/links.md": "# A b, c!\n[x](gone.md)\n[y](two.md) [z](../docs/two.md#b)\n"
                                  "[v](two.md#c)\n[u](#a-b-c) [w](https://x.io/y)\n![t](no.svg)\n"}
        self.assertEqual(self.found(threads.check_markdown, files),
                         ["docs/links.md:2", "docs/links.md:4", "docs/links.md:6",
                          "docs/none.md:1", "docs/two.md:7"])

    def test_python_that_does_not_compile_is_found(self) -> None:
        files = {"tests/a.py": "a = 1\nif a\n", "tests/tool": "#!/usr/bin/python3\nif\n"}
        self.assertEqual(self.found(threads.check_python, files), ["tests/a.py:2", "tests/tool:2"])

    @unittest.skipUnless(shutil.which("shellcheck"), "shellcheck is not installed")
    def test_what_shellcheck_says_is_found(self) -> None:
        files = {"tests/a.sh": '#!/bin/sh\nset -eu\nrm -- $1\n', "tests/b.sh": "#!/bin/sh\ntrue\n"}
        self.assertEqual(self.found(threads.check_shell, files), ["tests/a.sh:3"])


class Whole(TreeCase):
    def test_the_program_prints_a_line_per_finding_and_ends_with_1(self) -> None:
        self.plant({"rules/a.cpp": LICENCE + "std::regex a;\n", "build/skipped.cpp": "",
                    "tests/blob.cpp": "", "CMakeLists.txt": "rules/a.cpp tests/blob.cpp\n"})
        (self.root / "tests/blob.cpp").write_bytes(b"\xff\xfe\x00")
        done = self.run_tidy()
        lines = [line for line in done.stdout.splitlines() if not line.startswith("tests/tidy/")]
        self.assertEqual(lines, ["rules/a.cpp:2: std::regex recurses on its input: RE2 does not"])
        self.assertEqual(done.returncode, 1)

    def test_an_exception_hides_its_finding_and_is_found_when_nothing_needs_it(self) -> None:
        tree = self.plant({"rules/a.cpp": LICENCE + "std::regex a;\n",
                           "CMakeLists.txt": "rules/a.cpp\n"})
        self.assertEqual(tidy.judge(tree, {("banned", "rules/a.cpp"): "why"}), [])
        stale = tidy.judge(tree, {("banned", "rules/a.cpp"): "why", ("name", "rules/a.cpp"): "?"})
        self.assertEqual([f.rule for f in stale], ["exception"])

    def run_tidy(self) -> subprocess.CompletedProcess[str]:
        program = Path(__file__).with_name("tidy.py")
        return subprocess.run([sys.executable, "-B", program, self.root], capture_output=True,
                              text=True, timeout=60, check=False)


if __name__ == "__main__":
    unittest.main()
