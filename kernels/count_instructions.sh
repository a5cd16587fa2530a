#!/bin/sh
# Counts the instructions of kernels in object files or cubins, by class.
#
#   count_instructions.sh ARCHITECTURE OBJECT...
#
# Needs cuobjdump and c++filt. A line a kernel: in all, products on tensor cores, loads and stores of global memory, of
# shared memory, asynchronous copies, exchanges between lanes, special functions, fp32 arithmetic, barriers; the rest is
# addresses, predicates and branches.
set -eu
architecture=$1
shift
for object in "$@"; do
    cuobjdump -arch "sm_$architecture" -sass "$object"
done | c++filt | awk '
    function flush() {
        if (name != "") {
            printf "%s %d %d %d %d %d %d %d %d %d %d\n", name, all, tensor, loads, stores, shared, copies, lanes, special,
                arithmetic, barriers
        }
        all = tensor = loads = stores = shared = copies = lanes = special = arithmetic = barriers = 0
    }
    /Function :/ {
        flush()
        name = $0
        sub(/.*Function : /, "", name)
        sub(/^void /, "", name)
        gsub(/\(anonymous namespace\)::/, "", name)
        sub(/>\(.*/, ">", name)
        gsub(/ /, "", name)
    }
    /^[ \t]*\/\*[0-9a-f]+\*\// {
        line = $0
        sub(/^[ \t]*\/\*[0-9a-f]+\*\/[ \t]*/, "", line)
        split(line, word, /[ \t]+/)
        opcode = word[1] ~ /^@/ ? word[2] : word[1]
        if (opcode ~ /^NOP/) next
        all++
        if (opcode ~ /^[HI]MMA/) tensor++
        else if (opcode ~ /^(LDG|LD)(\.|$)/) loads++
        else if (opcode ~ /^(STG|ST)(\.|$)/) stores++
        else if (opcode ~ /^(LDS|STS|LDSM)/) shared++
        else if (opcode ~ /^LDGSTS/) copies++
        else if (opcode ~ /^(SHFL|VOTE|WARPSYNC)/) lanes++
        else if (opcode ~ /^MUFU/) special++
        else if (opcode ~ /^F(ADD|MUL|FMA|MNMX|SEL|SET)/) arithmetic++
        else if (opcode ~ /^(BAR|DEPBAR|LDGDEPBAR|MEMBAR)/) barriers++
    }
    END { flush() }'
