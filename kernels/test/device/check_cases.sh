#!/bin/sh
# The tests for a device, in its plain memory: all cases pass, and the brief ones run the same kernels.
set -eu
program=$1
all=$("$program" --plain 101) || { echo "$all"; exit 1; }
few=$("$program" --brief 7) || { echo "$few"; exit 1; }
ran() { echo "$1" | grep ' kernels ran$'; }
[ "$(ran "$all")" = "$(ran "$few")" ] || { echo "all cases: $(ran "$all"), brief ones: $(ran "$few")"; exit 1; }
