// SPDX-License-Identifier: Apache-2.0
#pragma once

// A long step on a node that needs nobody to hold its hand: the script is placed in a folder of its
// own there and started detached; its log and exit status are files. Whoever wants to know connects
// and reads them, and may lose the connection, die and come back: a job is never begun twice, and
// never ends because somebody stopped looking. How that is kept is told in job.sh and runner.sh.
// Used from the runner's thread.
//
// On the node: /var/lib/lockkeeper/jobs/<run>-<step>/, the newest twenty are kept; with systemd the
// unit lockkeeper-<run>-<step>, whose journal and `systemctl status` a person can look at.

#include <cstdint>
#include <string>
#include <string_view>

#include "bot/ports.h"
#include "integrations/ssh/host.h"
#include "integrations/ssh/job_answer.h"

namespace lockkeeper::ssh {

struct JobOrder {
  std::string name;         // job_name(run, step)
  std::uint64_t fence = 0;  // each run's is higher than those before; a lower one is refused
  std::string script;       // POSIX sh, run as root with a closed stdin; $LOCKKEEPER_JOB/notes
                            // takes lines "name=value" that come back as notes
  std::string afterwards;   // run whatever became of the script, even when it was killed
  bool anew = false;        // a person has looked at a job that vanished: carry it out again
};

/// "r-t9xk2a-12". Fails when the run's id has other letters than [a-z0-9-], as it names a folder.
Result<std::string> job_name(std::string_view run, int step);

/// How following a job came to its end.
struct JobReport {
  enum class End {
    finished,  ///< `exit` tells
    vanished,  ///< it began and left no exit status: what it did is unknown
    refused,   ///< it was not begun: fenced off, the node busy, no connection, no sudo
    overdue,   ///< the step's limit passed, and the job may still be running
    left,      ///< the watch told us to leave; the job goes on
  };

  End end = End::refused;
  int exit = 0;
  bool rebooted = false;
  Notes notes;
  std::string log_end;   // the last lines in one, printable and bounded
  std::string log_line;  // the very last one
  std::string why;       // one line that names the node, for all but a finished one
};

/// Starts the job, or attaches to it when it was started before, and follows it to its end, through
/// broken connections and reboots of sshd, for at most `limit`. The last line of its log goes to
/// the watch as progress.
JobReport run_to_end(Host& host, const JobOrder& order, Millis limit, Clock& clock, Watch& watch);

/// What traces the job has left. One connection, within the settings' limits.
Observation observe(Host& host, const std::string& name, const Cancelled& cancelled);

/// The report as an outcome of step `step`, with the log's end in the text of a failure.
Outcome outcome_of(const JobReport& report, const std::string& node, int step);

}  // namespace lockkeeper::ssh
