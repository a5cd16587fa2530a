#!/bin/sh
# Does all of a release but its upload: builds and tests, adds the jars of sources and Javadoc, signs with a key that is
# thrown away, publishes to a directory, and checks what is there (ReleaseIT).
#
#   dry_run.sh DIRECTORY [MAVEN_OPTION...]      -DskipTests leaves out all other tests
set -eu
if [ $# = 0 ] || [ -e "$1" ]; then
  echo "usage: dry_run.sh DIRECTORY [MAVEN_OPTION...], where DIRECTORY does not exist yet" >&2
  exit 2
fi
mkdir -p "$1"
directory=$(cd "$1" && pwd)
shift
GNUPGHOME=$(mktemp -d)
export GNUPGHOME
trap 'gpgconf --kill all; rm -rf "$GNUPGHOME"' EXIT
gpg --batch --quiet --passphrase '' --quick-generate-key 'ScanFormer dry run <dry-run@scanformer.invalid>' default default never
# The enforcer would refuse a snapshot, and the placeholder of the public repository.
mvn -f "$(dirname "$0")/../pom.xml" -B -ntp -Prelease -Denforcer.skip "-Drelease.directory=$directory" \
  "-DaltDeploymentRepository=dry-run::file://$directory" "$@" verify deploy:deploy
echo "What would be published is in $directory"
