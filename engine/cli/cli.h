// The command line: the only folder that prints, reads the environment, or knows exit codes.
#pragma once

namespace fleetmint::cli {

// Run parses the command line, runs the command and returns the exit code (README "Commands and
// exit codes"). Called once, from the main thread.
int Run(int argc, char** argv);

}  // namespace fleetmint::cli
