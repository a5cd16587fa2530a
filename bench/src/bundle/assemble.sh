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
. "$(dirname "$0")/parts.sh"
rm -rf "$work" "$archive"
mkdir -p "$work/lib"
make_runtime
# Classes and what names services; other resources are the tree's.
for module in "benchmarks=$benchmarks" "cli=$cli" "model=$model" "tests=$tests"; do
    target=$work/${module%%=*}
    mkdir -p "$target"
    (cd "${module#*=}" && find . -name '*.class' -o -path './META-INF/services/*' -o -path './META-INF/BenchmarkList' \
        -o -path './META-INF/CompilerHints' -o -name '*.properties' | tar cf - -T -) | tar xf - -C "$target"
done
# Of CUDA's bindings, those that the engine loads.
for jar in "$lib"/*.jar; do
    add_jar "$jar" -path './org/bytedeco/cuda/linux-*/libjni*' ! -name '*cudart*' ! -name '*cublas*'
done
pack "$archive" "$limit"
