// SPDX-License-Identifier: Apache-2.0
#include "config/ini.h"

#include <doctest/doctest.h>
#include <sys/stat.h>

#include <array>

#include "tests/unit/config/temporary_folder.h"

namespace lockkeeper {
namespace {

using testing::TemporaryFolder;

constexpr std::array<std::string_view, 1> kRepeatable = {"match"};

/// The findings as an operator sees them, one a line.
std::string refusal(std::string_view text) {
  std::string lines;
  for (const auto& error : parse_ini(text, "f.ini", kRepeatable).errors.listed())
    lines += to_string(error) + "\n";
  return lines;
}

/// "section.key=value" of all entries, one a line.
std::string pairs(std::string_view text) {
  const auto file = parse_ini(text, "f.ini", kRepeatable);
  CHECK(file.errors.empty());
  std::string lines;
  for (const auto& section : file.sections)
    for (const auto& entry : section.entries)
      lines += section.name + "." + entry.key + "=" + entry.value + "\n";
  return lines;
}

}  // namespace

TEST_CASE("sections and pairs arrive in the order of the file, without the blanks around them") {
  CHECK(pairs("# a comment\n[b]\n  ; another\nk = v\n\nx=y\t\n[a]\nk  =  two words  \n") ==
        "b.k=v\nb.x=y\na.k=two words\n");
}

TEST_CASE("an entry knows its line and the column of its value, in characters") {
  const auto file = parse_ini("[a]\n\nk = v\nlonger   =   v\nempty =\n", "f.ini");
  REQUIRE(file.errors.empty());
  REQUIRE(file.sections.size() == 1);
  CHECK(file.sections[0].line == 1);
  CHECK(file.sections[0].entries[0] == IniEntry{"k", "v", 3, 5});
  CHECK(file.sections[0].entries[1] == IniEntry{"longer", "v", 4, 14});
  CHECK(file.sections[0].entries[2] == IniEntry{"empty", "", 5, 8});
}

TEST_CASE("a matcher arrives byte for byte") {
  const std::string matcher =
      R"({alertname=~"Kube.*|a;b", node=~"w-\\d+", s="50 % #1 ${x}", t="q\"#"})";
  CHECK(pairs("[r]\nmatch = " + matcher + "\n") == "r.match=" + matcher + "\n");
}

TEST_CASE("a value may hold further '=' and ':'") {
  CHECK(pairs("[a]\nc=x:y=z\nurl = http://h:9090/p\n") == "a.c=x:y=z\na.url=http://h:9090/p\n");
}

TEST_CASE("a byte order mark, CRLF and a missing last newline are fine") {
  CHECK(pairs("\xEF\xBB\xBF[a]\r\nk = v\r\nl = w") == "a.k=v\na.l=w\n");
}

TEST_CASE("an empty section is there, although the library does not tell of it") {
  const auto file = parse_ini("[a]\n[b]\nk=v\n[c]\n", "f.ini");
  CHECK(file.errors.empty());
  REQUIRE(file.sections.size() == 3);
  CHECK(file.sections[0].name == "a");
  CHECK(file.sections[2].line == 4);
}

TEST_CASE("an empty text has no sections and no errors") {
  CHECK(pairs("").empty());
  CHECK(pairs("\n\n# nothing\n").empty());
}

TEST_CASE("a line of 250, of 5,000 and of 65,536 bytes arrives whole") {
  for (const std::size_t bytes : {199U, 200U, 250U, 5'000U, 65'536U}) {
    const std::string value(bytes - std::string_view("key = ").size(), 'x');
    CHECK(pairs("[a]\nkey = " + value + "\nb = 1\n") == "a.key=" + value + "\na.b=1\n");
  }
}

TEST_CASE("a repeatable key may stand several times, another one may not") {
  CHECK(pairs("[a]\nmatch = x\nmatch = y\n") == "a.match=x\na.match=y\n");
  CHECK(refusal("[a]\nk = x\nj = y\nk = z\n") == "f.ini:4: key \"k\" stands already in line 2\n");
  CHECK(pairs("[a]\nk = x\n[b]\nk = x\n") == "a.k=x\nb.k=x\n");
}

TEST_CASE("what is not a section, a pair or a comment is refused with its line") {
  CHECK(refusal("[a]\nword\n") == "f.ini:2: write key = value; there is no '=' in this line\n");
  CHECK(refusal("[a]\nkey: value\n") ==
        "f.ini:2: write key = value; there is no '=' in this line\n");
  CHECK(refusal("k = v\n[a]\n") == "f.ini:1: key \"k\" stands before any [section]\n");
  CHECK(refusal("[a]\n= v\n") == "f.ini:2: the key before '=' is missing\n");
  CHECK(refusal("[a]\ntwo words = v\n") ==
        "f.ini:2: a key is one word of letters, digits and _, followed by '='\n");
  CHECK(refusal("[a]\nclé = v\n") ==
        "f.ini:2: a key is one word of letters, digits and _, followed by '='\n");
  CHECK(refusal("[a]\n" + std::string(50, 'k') + " = v\n") ==
        "f.ini:2: the key is longer than 49 bytes\n");
  CHECK(pairs("[a]\n" + std::string(49, 'k') + " = v\n").size() == 54);
}

TEST_CASE("a matcher without its key is told so") {
  const std::string told =
      "f.ini:2: a matcher needs its key: write match = and the matcher behind it\n";
  CHECK(refusal("[r]\nseverity=~\"a|b\"\n") == told);
  CHECK(refusal("[r]\nseverity!=\"a\"\n") == told);
  CHECK(refusal("[r]\nseverity !~ \"a\"\n") ==
        "f.ini:2: write key = value; there is no '=' in this line\n");
}

TEST_CASE("all findings of a file come together, in line order") {
  CHECK(refusal("k = v\n[a\nword\n[b]\n two\n[b]\n") ==
        "f.ini:1: key \"k\" stands before any [section]\n"
        "f.ini:2: the ']' of the section is missing\n"
        "f.ini:3: write key = value; there is no '=' in this line\n"
        "f.ini:5: an indented line would continue the value above; begin it in the first column\n"
        "f.ini:6: [b] stands already in line 4\n");
}

TEST_CASE("the keys of a doubled section are still checked") {
  CHECK(refusal("[a]\nk=1\n[a]\nk=1\nword\n") ==
        "f.ini:3: [a] stands already in line 1\n"
        "f.ini:5: write key = value; there is no '=' in this line\n");
}

TEST_CASE("at most fifty findings are kept, and the rest is counted") {
  std::string text = "[a]\n";
  for (int i = 0; i < 70; ++i)
    text += "word\n";
  const auto errors = parse_ini(text, "f.ini").errors.listed();
  REQUIRE(errors.size() == 51);
  CHECK(errors[0].line == 2);
  CHECK(errors[49].line == 51);
  CHECK(to_string(errors[50]) == "f.ini: 20 more findings are not shown");
}

TEST_CASE("the first findings are kept, whatever the order in which they were found") {
  ErrorList list("f");
  for (int line = 100; line > 0; --line)
    list.add(line, "x");
  CHECK(list.listed().front().line == 1);
  CHECK(list.listed()[49].line == 50);
  CHECK(list.listed().back().what == "50 more findings are not shown");
}

TEST_CASE("a finding is written with line and column where they are known") {
  CHECK(to_string(ConfigError{"f", 3, 7, "bad"}) == "f:3:7: bad");
  CHECK(to_string(ConfigError{"f", 3, 0, "bad"}) == "f:3: bad");
  CHECK(to_string(ConfigError{"f", 0, 0, "bad"}) == "f: bad");
  CHECK(to_string(ConfigError{"", 0, 0, "bad"}) == "bad");
}

TEST_CASE("a text of more than a MiB is refused") {
  CHECK(refusal(std::string(kIniBytesMax + 1, '#')) == "f.ini: larger than 1048576 bytes\n");
  const std::string line(60'000, '#');
  std::string large;
  while (large.size() + line.size() < kIniBytesMax)
    large += line + "\n";
  CHECK(pairs(large + "[a]\nk=v\n") == "a.k=v\n");
}

TEST_CASE("only a regular file is read") {
  const TemporaryFolder folder;
  const auto told = [&](const std::filesystem::path& path) {
    return read_ini(path).errors.listed().at(0).what;
  };
  CHECK(told(folder.path() / "absent.ini") == "no such file or directory");
  CHECK(told(folder.path()) == "is a directory, not a file");
  CHECK(told("/dev/null") == "is a device, not a file");
  const auto fifo = folder.path() / "fifo.ini";
  REQUIRE(::mkfifo(fifo.c_str(), 0600) == 0);
  CHECK(told(fifo) == "is a FIFO, not a file");
  CHECK(told(folder.write("large.ini", std::string(kIniBytesMax + 1, '#'))) ==
        "larger than 1048576 bytes");
}

TEST_CASE("a link to a regular file is read") {
  const TemporaryFolder folder;
  const auto link = folder.path() / "link.ini";
  std::filesystem::create_symlink(folder.write("real.ini", "[a]\nk = v\n"), link);
  const auto file = read_ini(link);
  CHECK(file.errors.empty());
  CHECK(file.sections.at(0).entries.at(0).value == "v");
}

}  // namespace lockkeeper
