#!/bin/sh
# copy-uws.sh FROM TO: copies uWebSockets.js without the binaries of other platforms and of versions of Node.js that we do not run on.
set -eu
platform=$(node -p '`${process.platform}_${process.arch}`')
for file in package.json LICENSE index.d.ts uws.js ESM_wrapper.mjs; do
  [ ! -f "$1/$file" ] || cp "$1/$file" "$2/"
done
# The ABIs of Node.js 20, 22 and 24.
for abi in 115 127 137; do
  cp "$1/uws_${platform}_$abi.node" "$2/"
done
