#!/bin/sh
# Makes the archive that bench/gpu/measure runs, on a machine with a GPU and no Java. It is used beside this tree, which has the
# models, images and licences, and needs CUDA 13's driver and cuBLAS.
#
#   assemble.sh LIB BENCHMARKS CLI MODEL TESTS ARCHIVE BYTES
#
# LIB holds the jars; BENCHMARKS, CLI and MODEL hold those modules' classes and TESTS the engine's test classes. Fails if the
# archive has more than BYTES bytes.
set -eu
lib=$1 benchmarks=$2 cli=$3 model=$4 tests=$5 archive=$6 limit=$7
work=$(dirname "$archive")/scanformer-gpu
rm -rf "$work" "$archive"
mkdir -p "$work/lib"
"$JAVA_HOME/bin/jlink" --add-modules java.desktop,java.logging,java.management,java.xml,jdk.jfr,jdk.management,jdk.unsupported \
    --strip-debug --no-man-pages --no-header-files --compress=0 --output "$work/runtime"
# Classes and what names services; other resources are the tree's.
for module in "benchmarks=$benchmarks" "cli=$cli" "model=$model" "tests=$tests"; do
    target=$work/${module%%=*}
    mkdir -p "$target"
    (cd "${module#*=}" && find . -name '*.class' -o -path './META-INF/services/*' -o -path './META-INF/BenchmarkList' \
        -o -path './META-INF/CompilerHints' -o -name '*.properties' | tar cf - -T -) | tar xf - -C "$target"
done
# leave_out_onednn LIBRARY: makes a small library that takes oneDNN's place beside it.
leave_out_onednn() {
    mkdir "$work/left-out"
    nm -D --undefined-only "$1" | awk '$2 ~ /^dnnl_/ && $2 != "dnnl_version" { print "LEFT_OUT(" $2 ")" }' >"$work/left-out.h"
    cc -shared -fPIC -DLEFT_OUT_H="\"$work/left-out.h\"" -Wl,-soname,libdnnl.so.3 -o "$work/left-out/libdnnl.so" \
        "$(dirname "$0")/onednn_left_out.c"
    rm "$work/left-out.h"
}

# Stored, not deflated: xz then finds what the classes of all jars have in common.
for jar in "$lib"/*.jar; do
    unpacked=$work/unpacked
    mkdir "$unpacked"
    # Of CUDA's bindings, those that the engine loads.
    (cd "$unpacked" && "$JAVA_HOME/bin/jar" xf "$jar" && rm -rf module-info.class org/scanformer/natives/*/linux-arm64 &&
        find . -path './org/bytedeco/cuda/linux-*/libjni*' ! -name '*cudart*' ! -name '*cublas*' -delete &&
        "$JAVA_HOME/bin/jar" cfM0 "$work/lib/$(basename "$jar")" .)
    library=$(find "$unpacked" -path '*/api/linux-x86_64/libjniscanformer.so')
    [ -z "$library" ] || leave_out_onednn "$library"
    rm -rf "$unpacked"
done
[ -f "$work/left-out/libdnnl.so" ] || { echo "Found no jar in $lib with the native library" >&2; exit 1; }
chmod -R u+w "$work"
(cd "$(dirname "$work")" && tar cf - --sort=name --owner=0 --group=0 scanformer-gpu | xz -T0 -9e >"$archive")
bytes=$(wc -c <"$archive")
echo "$archive: $bytes bytes"
if [ "$bytes" -gt "$limit" ]; then
    echo "The archive has $bytes bytes, expected at most $limit. What is largest in it, before compression:" >&2
    (cd "$work" && find . -type f -printf '%12s %P\n') | sort -rn | head -12 >&2
    exit 1
fi
