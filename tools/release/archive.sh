#!/bin/sh
# archive.sh FOLDER: makes FOLDER/one-push-VERSION-PLATFORM.tar.gz and its sha256. The same sources give the same bytes.
set -eu
cd "$(dirname "$0")/../.."
name=$(node -p '`one-push-${require("./package.json").version}-${process.platform}-${process.arch}`')
mkdir -p "$1"
staging=$(mktemp -d)
trap 'rm -rf "$staging"' EXIT
sh tools/release/stage.sh "$staging/$name"
time=${SOURCE_DATE_EPOCH:-$(git log -1 --format=%ct 2>/dev/null || echo 0)}
tar -C "$staging" --sort=name --mtime="@$time" --owner=0 --group=0 --numeric-owner --mode='u+rwX,go+rX,go-w' -cf - "$name" |
  gzip -n > "$1/$name.tar.gz"
(cd "$1" && sha256sum "$name.tar.gz" > "$name.tar.gz.sha256")
ls -1 "$1/$name.tar.gz" "$1/$name.tar.gz.sha256"
