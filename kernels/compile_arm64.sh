#!/bin/sh
# Compiles kernels for GPUs in arm64 machines: Grace (9.0, 10.0), Thor (11.0) and GB10 (12.0 code runs there). The
# objects are for nothing but this check.
#
#   compile_arm64.sh OUTPUT_DIRECTORY [FILE.cu...]      without files: all of src/
#
# Needs nvcc and aarch64-linux-gnu-g++. A toolkit without targets/sbsa-linux has no headers for arm64: those of the
# other target, which differ in nothing that is used here, take their place.
set -eu
cd "$(dirname "$0")"
output=$1
shift
[ $# -gt 0 ] || set -- src/*.cu
toolkit=$(nvcc -dryrun -x cu -c /dev/null -o /dev/null 2>&1 | sed -n 's/^#\$ TOP=//p')
headers=$toolkit/targets/sbsa-linux/include
[ -d "$headers" ] || headers=$toolkit/targets/x86_64-linux/include
gencode=
for architecture in 90 100 110 120; do
  gencode="$gencode -gencode arch=compute_$architecture,code=sm_$architecture"
done
mkdir -p "$output"
for source in "$@"; do
  nvcc -std=c++17 -O3 $gencode -Werror all-warnings --compress-mode=size -ccbin aarch64-linux-gnu-g++ \
    -isystem "$headers" -Xcompiler -fPIC,-fvisibility=hidden,-Wall -I../native/include -I../native/src -Isrc \
    -c "$source" -o "$output/$(basename "$source" .cu).o"
done
echo "compiled for linux-arm64: $*"
[ -f "$toolkit/targets/sbsa-linux/lib/libcudart_static.a" ] ||
  echo "cannot be linked: $toolkit has no targets/sbsa-linux/lib/libcudart_static.a (NVIDIA: cuda-cudart-cross-sbsa-13-0)"
