#!/bin/sh
# Sends a push and prints the answer: send.sh <Connect URL> <app id> <app key> <alias> <alert>
set -eu

# JSON's string of a line of text.
quote() {
  printf '"%s"' "$(printf '%s' "$1" | sed 's/[\\"]/\\&/g')"
}

# With a key of its own the push is not made twice, however often it is sent: curl repeats what may pass.
key=$(od -An -N16 -tx1 /dev/urandom | tr -d ' \n')
curl -sS --fail-with-body --max-time 5 --retry 3 -u "$2:$3" "$1/onepush.v1.PushCore/SendPush" \
  -H 'Content-Type: application/json' \
  -d "{\"audience\":{\"aliases\":{\"values\":[$(quote "$4")]}},\"alert\":$(quote "$5"),\"idempotencyKey\":\"$key\"}"
