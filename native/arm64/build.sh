#!/bin/sh
# Adds the CPU backend for linux-arm64 to the classes of the native jar. Prints why and does nothing where the
# cross-compiler is missing.
#
#   build.sh TARGET_DIRECTORY CLASS_PATH
#
# TARGET_DIRECTORY is Maven's; CLASS_PATH has JavaCPP and the compiled bindings.
set -eu
native=$(cd "$(dirname "$0")/.." && pwd)
build=$1/arm64
dnnl=$1/dnnl/org/bytedeco/dnnl/linux-arm64
class_path=$2
compiler=aarch64-linux-gnu-g++
if [ "$(uname -m)" = aarch64 ]; then
  exit 0 # The build for this machine is that one.
fi
if [ ! -x "/usr/bin/$compiler" ]; then
  echo "linux-arm64 is not built: there is no /usr/bin/$compiler (Debian and Ubuntu: package g++-aarch64-linux-gnu)"
  exit 0
fi
sh "$native/build_cmake.sh" "$native" "$build" -DSCANFORMER_TESTS=ON "-DDNNL_HOME=$dnnl" \
  "-DCMAKE_TOOLCHAIN_FILE=$native/arm64/toolchain.cmake"
# Paths as options, not as link paths: those would stay in the library as its RUNPATH.
sh "$native/build_bindings.sh" "$1/classes" "$class_path" linux-arm64 org.scanformer.natives.api \
  "-Dplatform.compiler=$compiler" "-L$build" "-L$dnnl"
