#!/bin/sh
# Runs the tests of the operations that were built for linux-arm64 under qemu-user. Does nothing where they were not
# built; prints why where qemu is missing.
#
#   test.sh TARGET_DIRECTORY
#
# TARGET_DIRECTORY is Maven's.
set -eu
test=$1/arm64/operations_test
if [ ! -x "$test" ]; then
  exit 0
fi
if ! command -v qemu-aarch64 >/dev/null; then
  echo "linux-arm64 is not tested: there is no qemu-aarch64 (Debian and Ubuntu: package qemu-user)"
  exit 0
fi
echo "linux-arm64, emulated:"
# An ARMv8.0 processor: it refuses whatever an old one lacks.
exec qemu-aarch64 -cpu cortex-a72 -L /usr/aarch64-linux-gnu "$test"
