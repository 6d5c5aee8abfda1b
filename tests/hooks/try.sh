#!/usr/bin/env bash
# Shows the hook at work under the real pre-commit: a model that meets its requirement passes, one that does not
# fails and is explained, and so does one that nothing judges. Usage: try.sh REPOSITORY [PRE-COMMIT]
set -euo pipefail

repository="$(cd "$1" && pwd)"
pre_commit="${2:-pre-commit}"
scratch="$(mktemp -d)"
trap 'rm -rf "$scratch"' EXIT

cd "$scratch"
git init --quiet
mkdir models
cp "$repository/examples/unet.onnx" models/

config() {
  printf '[[model]]\nname = "unet"\nsource = "models/unet.onnx"\nrequire = ["final rf >= %s"]\n' "$1" > rf.toml
  git add .
}

try() { "$pre_commit" try-repo "$repository" pytest-rf --all-files --verbose --color never 2>&1; }

config 36
echo "-- a model that meets its requirement"
try | tee passed.log
grep -q '✓ unet (models/unet.onnx): 1 requirement holds' passed.log

config 41
echo "-- a model that does not"
if try | tee failed.log; then
  echo "the hook let a violation pass" >&2
  exit 1
fi
grep -q 'RF001 final rf is 36 to 40 on axes h and w, required >= 41' failed.log
grep -q 'exit code: 1' failed.log

config 36
cp "$repository/examples/tcn.onnx" models/
git add .
echo "-- a model that no entry covers"
if try | tee uncovered.log; then
  echo "the hook let a model pass that nothing judged" >&2
  exit 1
fi
grep -q 'models/tcn.onnx: nothing was judged' uncovered.log
grep -q 'uncovered = "warn"' uncovered.log
grep -q 'exit code: 2' uncovered.log
echo "-- the hook passes and fails as it must"
