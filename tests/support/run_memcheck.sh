#!/bin/sh
# run_memcheck.sh TEST_PROGRAM: the cases of its fixtures named ...SecretTest under valgrind. Exit code 77: skipped.
command -v valgrind >/dev/null || { echo "SKIPPED: valgrind is not installed; nothing was tested"; exit 77; }
report=$(valgrind --quiet --error-limit=no "$1" --gtest_filter='*SecretTest.*' 2>&1)
status=$?
echo "$report"
[ "$status" -eq 0 ] || exit "$status"
case $report in
  *"needs valgrind/memcheck.h"*) exit 77 ;;
  *"[  PASSED  ] 0 tests"*) echo "no SecretTest in $1"; exit 1 ;;
esac
