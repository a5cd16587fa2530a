#!/bin/sh
# Holds what ptxas said of every kernel, in the logs of a build with -Xptxas -v, and what code_sizes.sh counted, against
# budget.txt: no stack, no spills, and no more registers, static shared memory or instructions than the budget gives the
# kernel.
#
#   check_resources.sh BUDGET LOG...
#
# A line of the budget: a kernel's name, registers, bytes of shared memory, instructions; each the most over its types
# and architectures.
set -eu
budget=$1
shift
cat "$@" | c++filt | awk -v budget="$budget" '
    BEGIN {
        while ((getline line < budget) > 0) {
            if (line ~ /^#/ || split(line, field, " ") < 4) continue
            registers[field[1]] = field[2]
            shared[field[1]] = field[3]
            instructions[field[1]] = field[4]
        }
    }
    /Compiling entry function/ {
        target = $NF
        name = $0
        sub(/.*entry function ./, "", name)
        sub(/^void /, "", name)
        sub(/^\(anonymous namespace\)::/, "", name)
        sub(/[<(].*/, "", name)
        kernels++
        targets[target] = 1
    }
    /bytes stack frame/ {
        if ($1 != 0 || $0 !~ / 0 bytes spill stores, 0 bytes spill loads/) fail(name " for " target ": " $0)
    }
    /Used [0-9]+ registers/ {
        used = $0
        sub(/.*Used /, "", used)
        used += 0
        bytes = 0
        if (match($0, /[0-9]+ bytes smem/)) bytes = substr($0, RSTART, RLENGTH) + 0
        if (!(name in registers)) {
            fail(name " is not in the budget: " used " registers, " bytes " bytes of shared memory")
        } else {
            if (used > registers[name] + 0) fail(name " for " target ": " used " registers, allowed " registers[name])
            if (bytes > shared[name] + 0) fail(name " for " target ": " bytes " bytes of shared memory, allowed " shared[name])
            seen[name] = 1
        }
    }
    /^code / {
        name = $0
        sub(/^code (void )?(\(anonymous namespace\)::)?/, "", name)
        sub(/[<(].*/, "", name)
        counted[name] = 1
        if ($NF > instructions[name] + 0) {
            fail(name " for " $(NF - 1) ": " $NF " instructions, allowed " instructions[name])
        }
    }
    function fail(what) {
        print "over budget: " what
        failures++
    }
    END {
        for (name in registers) {
            if (!(name in seen)) fail(name " is in the budget and not in the build")
            else if (!(name in counted)) fail(name " has no instructions counted")
        }
        for (target in targets) architectures++
        printf "%d kernels for %d architectures, %d over budget\n", kernels, architectures, failures
        exit failures > 0
    }'
