#!/bin/sh
# Configures and builds a CMake project. CMake prints its progress to standard output: kept for when it fails.
#
#   build_cmake.sh SOURCE_DIRECTORY BUILD_DIRECTORY [CMAKE_OPTION...]
set -eu
source=$1
build=$2
shift 2
mkdir -p "$build"
{ cmake -S "$source" -B "$build" -DCMAKE_BUILD_TYPE=Release "$@" && cmake --build "$build" --parallel "$(nproc)"; } \
  >"$build/build.log" 2>&1 || { cat "$build/build.log" >&2; exit 1; }
