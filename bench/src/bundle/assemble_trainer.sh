#!/bin/sh
# Makes the archive that bench/gpu/train runs, on a machine with a GPU, PyTorch in Python and no Java.
#
#   assemble_trainer.sh LIB TRAINER ARCHIVE BYTES
#
# LIB holds the jars and TRAINER is the trainer's own. PyTorch's libraries are the machine's; of the jar, only their bindings to
# Java are taken. Fails if the archive has more than BYTES bytes.
set -eu
lib=$1 trainer=$2 archive=$3 limit=$4
work=$(dirname "$archive")/scanformer-train
. "$(dirname "$0")/parts.sh"
rm -rf "$work" "$archive"
mkdir -p "$work/lib"
make_runtime
for jar in "$trainer" "$lib"/*.jar; do
    case $(basename "$jar") in
    dnnl-*-linux-* | openblas-*-linux-* | cuda-*-linux-*) ;;
    *) add_jar "$jar" -path './org/bytedeco/pytorch/linux-*/*' ! -name libjnitorch.so -o -path '*/cuda/linux-*/libjni*' ;;
    esac
done
# PyTorch's bindings load those of OpenBLAS first, whose functions nothing calls when PyTorch brings its own.
for name in jniopenblas jniopenblas_nolapack; do
    echo | cc -shared -o "$work/left-out/lib$name.so" -x c -
done
pack "$archive" "$limit"
