#!/bin/sh
# Installs the locked dependencies when they are missing or older than the lock file, then runs the command
# given. Lets every npm script work from a fresh clone. Not `npm ci`: it refuses a lock file that records the
# native builds of some platforms only, which is what a registry that serves only those leaves behind.
set -eu
root=$(CDPATH= cd -- "$(dirname -- "$0")/.." && pwd)
cd "$root"
stamp=node_modules/.installed-lock
if [ ! -f "$stamp" ] || ! cmp -s package-lock.json "$stamp"; then
  echo "Installing dependencies ..." >&2
  npm install --no-save --no-audit --no-fund --loglevel=error >&2
  # An installation that exists does not get the programs that a package of ours has gained since.
  npm rebuild --ignore-scripts --loglevel=error shardwright >&2
  cp package-lock.json "$stamp"
fi
# npm puts node_modules/.bin first on PATH, so `node` is the locked Node.js; say so when run by hand, too.
PATH="$root/node_modules/.bin:$PATH"
export PATH
exec "$@"
