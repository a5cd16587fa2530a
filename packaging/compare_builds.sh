#!/bin/sh
# Builds the committed sources twice, one build after the other in the same place and with other times of the files, and
# compares the bytes of all jars that are published. Prints what differs, and fails then.
#
#   compare_builds.sh DIRECTORY [MAVEN_OPTION...]
set -eu
if [ $# = 0 ] || [ -e "$1" ]; then
  echo "usage: compare_builds.sh DIRECTORY [MAVEN_OPTION...], where DIRECTORY does not exist yet" >&2
  exit 2
fi
repository=$(cd "$(dirname "$0")/.." && pwd)
mkdir -p "$1"
directory=$(cd "$1" && pwd)
shift
for build in first second; do
  rm -rf "$directory/sources"
  git clone -q "$repository" "$directory/sources"
  [ $build = first ] || find "$directory/sources" -type f -exec touch -d '2026-01-02 03:04:05' {} +
  # The time in snapshots of the native jar is fixed as in a release.
  (cd "$directory/sources" && mvn -B -ntp -q package -DskipTests '-Djar.timestamp=2026-11-24T00:00:00Z' "$@")
  mkdir "$directory/$build"
  find "$directory/sources" -path '*/target/scanformer*.jar' ! -name 'original-*' -exec cp {} "$directory/$build" \;
done
status=0
for jar in "$directory"/first/*.jar; do
  cmp "$jar" "$directory/second/${jar##*/}" || status=1
done
echo "compared $(ls "$directory/first" | wc -l) jars: $([ $status = 0 ] && echo the same || echo 'not the same')"
exit $status
