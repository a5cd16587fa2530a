#!/bin/sh
# Tells how many instructions each kernel has in the device code of a build.
#
#   code_sizes.sh DIRECTORY
#
# DIRECTORY has nvcc's cubins. A line a kernel: "code", its mangled name, the architecture, and the number, of which up to
# seven fill up a line of the instruction cache. Needs readelf.
set -eu
for cubin in "$1"/*.cubin; do
    architecture=${cubin%.cubin}
    architecture=sm_${architecture##*_}
    readelf -SW "$cubin" 2>/dev/null | awk -v architecture="$architecture" '
        function number(hex,    i, value) {
            for (i = 1; i <= length(hex); i++) value = 16 * value + index("0123456789abcdef", substr(hex, i, 1)) - 1
            return value
        }
        # [ 7] .text.NAME PROGBITS address offset size ...
        match($0, /\.text\.[^ ]+/) {
            name = substr($0, RSTART + 6, RLENGTH - 6)
            split(substr($0, RSTART + RLENGTH), field, " ")
            if (field[1] == "PROGBITS") print "code", name, architecture, number(field[4]) / 16
        }'
done
