// fleetmint: argv -> cli::Run -> exit code.
#include "engine/cli/cli.h"

int main(int argc, char** argv) { return fleetmint::cli::Run(argc, argv); }
