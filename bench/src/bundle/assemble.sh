#!/bin/sh
# Makes a self-contained archive of the tests and benchmarks for a machine with a GPU and no Java.
#
#   assemble.sh LIB BENCHMARKS CLI TESTS KERNELS_TEST ARCHIVE
#
# LIB holds the jars; BENCHMARKS and CLI hold those modules' classes and TESTS the engine's test classes; KERNELS_TEST is the
# kernels' test for a device. The archive has bin/, lib/ and a Java runtime; it needs only CUDA 13's driver and cuBLAS.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
lib=$1 benchmarks=$2 cli=$3 tests=$4 kernels_test=$5 archive=$6
work=$(dirname "$archive")/scanformer-gpu
rm -rf "$work" "$archive"
mkdir -p "$work"
cp -r "$here/bin" "$work/bin"
cp "$kernels_test" "$work/bin/kernels_test"
strip "$work/bin/kernels_test"
cp "$here/../../../LICENSE" "$here/../../../NOTICE" "$work"
cp -r "$here/../../../java/cli/src/main/licenses" "$work/licenses"
cp -r "$lib" "$work/lib"
cp -r "$benchmarks" "$work/benchmarks"
cp -r "$cli" "$work/cli"
cp -r "$tests" "$work/tests"
# Natives of other systems and of the CPU backend, and trained models, are most of what this would weigh.
rm -rf "$work"/lib/dnnl-* "$work"/lib/scanformer-model-shapes-* "$work/tests/example-model"
"$JAVA_HOME/bin/jlink" --add-modules java.desktop,java.logging,java.management,java.naming,java.net.http,java.sql,java.xml,jdk.jfr,jdk.management,jdk.unsupported,jdk.zipfs \
    --strip-debug --no-man-pages --no-header-files --compress=0 --output "$work/runtime"
chmod +x "$work"/bin/*
(cd "$(dirname "$work")" && tar cf - scanformer-gpu | xz -T0 -6 >"$archive")
bytes=$(wc -c <"$archive")
echo "$archive: $((bytes >> 20)) MiB"
if [ "$bytes" -gt 62914560 ]; then
    echo "the archive must be at most 60 MiB" >&2
    exit 1
fi
