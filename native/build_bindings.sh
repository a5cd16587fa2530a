#!/bin/sh
# Builds a library of the Java bindings with JavaCPP, for native/pom.xml and arm64/build.sh.
#
#   build_bindings.sh CLASSES CLASS_PATH PLATFORM PACKAGE [JAVACPP_OPTION | -LDIRECTORY...]
#
# CLASSES is the directory of the compiled bindings, where the library goes too unless an option says -d; CLASS_PATH has
# JavaCPP; PACKAGE is that of the bindings. -L is for the linker: as a link path
# of JavaCPP it would stay in the library as its RUNPATH.
#
# JavaCPP writes functions in the order in which the JVM lists a class's methods, and that depends on what the JVM has
# loaded before: within Maven's, no two builds give the same bytes. In a JVM of its own the order is the same each time.
set -eu
classes=$1
class_path=$2
platform=$3
package=$4
shift 4
include=$(cd "$(dirname "$0")" && pwd)/include
log=$classes/../$package-$platform.log
for option; do
  shift
  case $option in
    -L*) set -- "$@" -Xcompiler "$option" ;;
    *) set -- "$@" "$option" ;;
  esac
done
if ! "${JAVA_HOME:+$JAVA_HOME/bin/}java" -XX:TieredStopAtLevel=1 -cp "$class_path" org.bytedeco.javacpp.tools.Builder \
  -classpath "$classes" -properties "$platform" "-Dplatform.includepath=$include" \
  -Xcompiler -std=c++17 -Xcompiler -Wl,-z,defs "$@" "$package.*" >"$log" 2>&1; then
  cat "$log" >&2
  exit 1
fi
# JavaCPP only warns when it finds no class.
if ! grep -q '^Info: Compiling ' "$log"; then
  cat "$log" >&2
  exit 1
fi
