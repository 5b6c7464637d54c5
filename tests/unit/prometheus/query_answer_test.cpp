// SPDX-License-Identifier: Apache-2.0
#include "integrations/prometheus/query_answer.h"

#include <doctest/doctest.h>

#include <cmath>
#include <string>

#include "fake_prometheus.h"

using namespace lockkeeper;
using namespace lockkeeper::prometheus;

namespace {

std::string refusal(const std::string& body) {
  const auto answer = read_query_answer(body);
  return answer ? "accepted" : answer.error().what;
}

std::string with_result(const std::string& result) {
  return R"({"status":"success","data":{"resultType":"vector","result":)" + result + "}}";
}

}  // namespace

TEST_CASE("a vector gives one sample for each series") {
  const auto answer = read_query_answer(
      vector_of({series(R"("alertname":"A","node":"wörker-4 \"q\"")", "1", 1'795'262'400.123),
                 series(R"("alertname":"B","empty":"")", "0")}));
  REQUIRE(answer);
  CHECK(answer->result_type == "vector");
  REQUIRE(answer->series.size() == 2);
  CHECK(answer->series[0].labels == Labels({{"__name__", "ALERTS"},
                                            {"alertstate", "firing"},
                                            {"alertname", "A"},
                                            {"node", "wörker-4 \"q\""}}));
  REQUIRE(answer->series[0].samples.size() == 1);
  CHECK(answer->series[0].samples[0].at == kNow + Millis(123));
  CHECK(answer->series[0].samples[0].value == 1);
  CHECK(answer->series[1].labels.get("empty").empty());
  CHECK(answer->series[1].samples[0].value == 0);
}

TEST_CASE("a matrix gives all samples of each series, for a look at the past") {
  const auto answer = read_query_answer(
      R"({"status":"success","data":{"resultType":"matrix","result":[{"metric":{"a":"b"},)"
      R"("values":[[1795262400,"1"],[1795262415,"NaN"],[1795262430.5,"-Inf"]]}]}})");
  REQUIRE(answer);
  CHECK(answer->result_type == "matrix");
  const auto& samples = answer->series.at(0).samples;
  REQUIRE(samples.size() == 3);
  CHECK(samples[1].at == kNow + Millis(15'000));
  CHECK(std::isnan(samples[1].value));
  CHECK(samples[2].at == kNow + Millis(30'500));
  CHECK(std::isinf(samples[2].value));
}

TEST_CASE("the order of the members does not matter") {
  const auto answer = read_query_answer(
      R"({"warnings":["w"],"data":{"result":[{"value":[1795262400,"1"],"metric":{"a":"b"}}],)"
      R"("resultType":"vector"},"status":"success","infos":["i"],"new":{"data":1}})");
  REQUIRE(answer);
  CHECK(answer->series.at(0).labels == Labels({{"a", "b"}}));
  CHECK(answer->warnings == std::vector<std::string>{"w"});
}

TEST_CASE("an empty vector is an answer") {
  const auto answer = read_query_answer(vector_of({}));
  REQUIRE(answer);
  CHECK(answer->series.empty());
}

TEST_CASE("an error answer fails with Prometheus' own words") {
  CHECK(refusal(R"({"status":"error","errorType":"bad_data","error":"invalid parameter"})") ==
        "bad_data: invalid parameter");
  CHECK(refusal(R"({"status":"error"})") == "status is not \"success\"");
}

TEST_CASE("what is no answer of Prometheus is refused") {
  CHECK(refusal("") == "malformed JSON at byte 1");
  CHECK(refusal("<!doctype html>") == "malformed JSON at byte 1");
  CHECK(refusal("Service Unavailable") == "malformed JSON at byte 1");
  CHECK(refusal("[]") == "the whole: not an object");
  CHECK(refusal("{}") == "status is not \"success\"");
  CHECK(refusal(R"({"status":"success"})") == "data.resultType: missing");
  CHECK(refusal(R"({"status":"success","data":[]})") == "data.resultType: missing");
}

TEST_CASE("an answer that was cut off is refused wherever it was cut") {
  const std::string whole = vector_of({kWatchdog, series(R"("alertname":"B")")});
  for (std::size_t length = 0; length < whole.size(); ++length)
    CHECK_FALSE(read_query_answer(std::string_view(whole).substr(0, length)).has_value());
}

TEST_CASE("results of another shape are refused") {
  CHECK(refusal(with_result("{}")) == "data.result: not an array");
  CHECK(refusal(with_result("[7]")) == "data.result[0]: not an object");
  CHECK(refusal(with_result("[[]]")) == "data.result[0]: not an object");
  CHECK(refusal(with_result(R"([{"metric":{}}])")) == "data.result[0]: no sample");
  CHECK(refusal(with_result(R"([{"metric":{"a":1},"value":[1,"1"]}])")) ==
        "data.result[0].metric.a: not a string");
  CHECK(refusal(with_result(R"([{"metric":{},"value":[1]}])")) ==
        "data.result[0].value: not a pair of time and value");
  CHECK(refusal(with_result(R"([{"metric":{},"value":[1,"1",2]}])")) ==
        "data.result[0].value: not a pair of time and value");
  CHECK(refusal(with_result(R"([{"metric":{},"value":["1","1"]}])")) ==
        "data.result[0].value[0]: not a time");
  CHECK(refusal(with_result(R"([{"metric":{},"value":[1e300,"1"]}])")) ==
        "data.result[0].value[0]: not a time");
  CHECK(refusal(with_result(R"([{"metric":{},"value":[1,1]}])")) ==
        "data.result[0].value[1]: not a number in a string");
  CHECK(refusal(with_result(R"([{"metric":{},"value":[1,"1x"]}])")) ==
        "data.result[0].value[1]: not a number in a string");
  CHECK(refusal(with_result(R"([{"metric":{},"value":[1,""]}])")) ==
        "data.result[0].value[1]: not a number in a string");
}

TEST_CASE("only a few warnings are kept, each of them short") {
  std::string warnings = R"(,"warnings":[)";
  for (int i = 0; i < 50; ++i)
    warnings += (i == 0 ? "\"" : ",\"") + std::string(5'000, 'w') + "\"";
  const auto answer = read_query_answer(vector_of({}, warnings + "]"));
  REQUIRE(answer);
  CHECK(answer->warnings.size() == 5);
  CHECK(answer->warnings[0].size() < 210);
}
