#!/bin/sh
# swap-uws.sh RELEASE ARCHIVE: puts another package of uWebSockets.js into a release, under the name that the edge imports.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
tar -xzf "$2" -C "$folder"
uws=$1/node_modules/uWebSockets.js
rm -rf "$uws"
mkdir "$uws"
sh "$(dirname "$0")/copy-uws.sh" "$folder/package" "$uws"
