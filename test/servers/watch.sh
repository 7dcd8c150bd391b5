#!/bin/bash
# usage: watch.sh OWNER FOLDER KIND [setting=value ...]
# Runs a node of KIND on any free port, with its data in FOLDER, until this script is told to end (SIGTERM) or the
# process OWNER is gone; then ends the node and removes FOLDER.
set -u
here=$(cd "$(dirname "$0")" && pwd -P)
owner=$1 folder=$2 kind=$3
shift 3
echo $$ >"$folder/pid"
"$here/es-runner/run.sh" "$kind" 0 "$folder/data" "$@" &
node=$!
finish() {
  kill "$node" 2>/dev/null
  wait "$node" 2>/dev/null
  rm -rf "$folder"
  # The run's folder, after its last node.
  case $(basename "$(dirname "$folder")") in clause9-servers-*) rmdir "$(dirname "$folder")" 2>/dev/null ;; esac
  exit 0
}
trap finish TERM INT
while kill -0 "$owner" 2>/dev/null && kill -0 "$node" 2>/dev/null; do
  sleep 0.5 &
  wait $!
done
# A node that ended by itself leaves its output to be read.
kill -0 "$node" 2>/dev/null || { wait "$node"; exit 1; }
finish
