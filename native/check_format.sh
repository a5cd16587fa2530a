#!/bin/sh
# Checks the format of a module's C++ and CUDA sources against the .clang-format beside this file.
#
#   check_format.sh MODULE_DIRECTORY
#
# Needs clang-format 14, and fails without it: other versions format a few lines differently.
set -eu
style=$(cd "$(dirname "$0")" && pwd)/.clang-format
tool=
for name in clang-format-14 clang-format; do
  if command -v "$name" >/dev/null && "$name" --version | grep -q 'version 14\.'; then
    tool=$name
    break
  fi
done
if [ -z "$tool" ]; then
  echo "The C++ format check needs clang-format 14: install it (Debian and Ubuntu: apt-get install clang-format-14)," \
    "or skip the format checks with -Dformat.skip" >&2
  exit 1
fi
find "$1" -name target -prune -o -type f \
  \( -name '*.h' -o -name '*.cpp' -o -name '*.cuh' -o -name '*.cu' \) -print0 |
  xargs -0 "$tool" "--style=file:$style" --dry-run --Werror
