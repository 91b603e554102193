#!/bin/sh
# stage.sh FOLDER: lays out what a release is, and nothing that only builds or tests, from what is built and installed here.
set -eu
cd "$(dirname "$0")/../.."
out=$1
rm -rf "$out"
mkdir -p "$out/node_modules"
cp -R dist deploy package.json CHANGELOG.md LICENSE README.md README.zh-CN.md "$out/"
rm -f "$out/dist/.stamp"
# The secrets of whoever tried deploy/compose here.
find "$out/deploy" -name .env -delete

# Production dependencies as package-lock.json has them; uWebSockets.js, the largest by far, comes below. The packages of
# this repository are compiled into dist. What is nested in a package is listed by itself if it is for production.
root=$(pwd -P)
npm ls --omit=dev --all --parseable | sed -n "s|^$root/\(node_modules/.*\)|\1|p" |
  grep -v -e '/uWebSockets\.js$' -e '/@one-push/' | sort -u |
  tr '\n' '\0' |
  xargs -0 sh -c 'find "$@" -name node_modules -prune -o -type f -print0' find |
  tar --null -T - -cf - | tar -C "$out" -xf -

uws=$out/node_modules/uWebSockets.js
mkdir "$uws"
sh tools/release/copy-uws.sh node_modules/uWebSockets.js "$uws"
