#!/bin/sh
# What the container runs: core, edge, both of them on SQLite to try things (try), or any other command, such as onepush.
set -eu
cd "$(dirname "$0")/../.."
case "${1:-}" in
  core) exec node --max-semi-space-size=64 dist/core/main.js ;;
  edge) exec node dist/edge/main.js ;;
  try)
    # Each has an ops port of its own then.
    unset ONEPUSH_OPS_LISTEN
    exec node dist/cli/main.js up
    ;;
  onepush)
    shift
    exec node dist/cli/main.js "$@"
    ;;
  *) exec "$@" ;;
esac
