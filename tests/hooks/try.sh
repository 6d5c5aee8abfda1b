#!/usr/bin/env bash
# Shows the hooks at work under the real pre-commit and prek, in a scratch repository: models that meet their
# requirements pass, those that do not fail and are explained, and nothing is passed over without a word.
# Usage: try.sh REPOSITORY [RUNNER...]; a runner is pre-commit or prek.
set -euo pipefail

repository="$(cd "$1" && pwd)"
shift
runners=("${@:-pre-commit}")
scratch="$(mktemp -d)"
trap 'rm -rf "$scratch"' EXIT

revision="$(git -C "$repository" rev-parse HEAD)"

# The environments of the hooks are made anew, so that what they take can be measured.
export PRE_COMMIT_HOME="$scratch/pre-commit" PREK_HOME="$scratch/prek"
# Lines are looked for whole.
export COLUMNS=200
export GIT_AUTHOR_NAME=a GIT_AUTHOR_EMAIL=a@b GIT_COMMITTER_NAME=a GIT_COMMITTER_EMAIL=a@b

fail() { echo "try.sh: $*" >&2; exit 1; }

# A try must end with the wanted status and say all that follows.
try() {
  local name="$1" wanted="$2" status=0
  shift 2
  local arguments=()
  while [ "$1" != -- ]; do arguments+=("$1"); shift; done
  shift
  echo "-- $(basename "$runner"): $name"
  "$runner" "${call[@]}" --verbose --color never "${arguments[@]}" > log 2>&1 || status=$?
  cat log
  [ "$status" -eq "$wanted" ] || fail "$name ended with $status instead of $wanted"
  for text in "$@"; do grep -qF -e "$text" log || fail "$name does not say: $text"; done
}

config() {
  printf '[[model]]\nname = "unet"\nsource = "models/unet.onnx"\nrequire = ["final rf >= %s"]\n' "$1" > rf.toml
  git add .
}

begin() {
  rm -rf "$scratch/project"
  mkdir -p "$scratch/project/models"
  cd "$scratch/project"
  git init --quiet
  printf 'log\n' > .gitignore
  printf 'repos:\n- repo: %s\n  rev: %s\n  hooks:\n  - id: %s\n' "$repository" "$revision" "$1" > .pre-commit-config.yaml
  call=(run "$1")
  cp "$repository/examples/unet.onnx" models/
  config 36
  git commit --quiet --message first
}

for runner in "${runners[@]}"; do
  begin pytest-rf
  call=(try-repo "$repository" pytest-rf)
  try "a model that meets its requirement" 0 --all-files -- \
    '✓ unet (models/unet.onnx): 1 requirement holds'
  call=(run pytest-rf) # which keeps its environment
  try "the same, installed" 0 --all-files -- \
    '✓ unet (models/unet.onnx): 1 requirement holds'

  config 41
  try "a commit of the configuration alone, which the model does not meet" 1 -- \
    'RF001 final rf is 36 to 40 on axes h and w, required >= 41' 'exit code: 1'

  git reset --quiet --hard
  printf '[[model.tiling]]\ntile = { h = 64, w = 64 }\noverlap = { h = 8, w = 8 }\n' >> rf.toml
  git add .
  try "a commit of a tiling that is not seamless" 1 -- \
    'RF007 tile h=64,w=64 overlap h=8,w=8: not seamless on axes h and w' 'overlap = {' 'exit code: 1'

  git reset --quiet --hard
  sed -i s/36/41/ rf.toml
  cp models/unet.onnx models/copy.onnx && git add models/copy.onnx && git rm --quiet --cached models/copy.onnx
  printf '# a comment\n' > README.md && git add README.md
  try "changes that are not staged and files of others" 0 -- 'Skipped'
  git add rf.toml
  sed -i s/41/36/ rf.toml
  try "what is staged counts, not what lies there" 1 -- 'required >= 41'
  git reset --quiet --hard && git clean --quiet --force

  cp "$repository/examples/tcn.onnx" models/
  git add .
  try "a model that no entry covers" 1 -- \
    'models/tcn.onnx: nothing was judged' 'uncovered = "warn"' 'exit code: 2'
  git rm --quiet --force models/tcn.onnx

  head -c 1000 "$repository/examples/unet.onnx" > models/unet.onnx
  git add .
  try "a broken model" 1 -- 'models/unet.onnx: is not an ONNX model, or cut off' 'exit code: 2'

  printf 'version https://git-lfs.github.com/spec/v1\noid sha256:%064d\nsize 9\n' 0 > models/unet.onnx
  git add .
  try "a pointer of Git LFS" 1 -- "is a Git LFS pointer, not the model; run 'git lfs pull'"
  sed -i '1i lfs = "skip"' rf.toml
  git add .
  try "the same, left out" 0 -- 'left out: a Git LFS pointer' 'Checked nothing: 1 model left out.'
  git reset --quiet --hard

  printf '[[model]]\nname = "net"\nsource = "nets:build"\nrequire = ["final rf >= 3"]\n' >> rf.toml
  git add .
  try "a configuration with code" 0 -- \
    'left out: runs code, which is left to the hook pytest-rf-system' '1 requirement: all hold, 1 left out.'
  git reset --quiet --hard

  git mv models/unet.onnx models/renamed.onnx
  try "a renamed model" 1 -- 'models/renamed.onnx: nothing was judged: no model of rf.toml has this source'
  git reset --quiet --hard
  git rm --quiet models/unet.onnx
  try "a deleted model, alone in a commit" 0 -- 'Skipped'
  try "a deleted model, once all is checked" 1 --all-files -- 'models/unet.onnx: no such file' 'exit code: 2'
  git reset --quiet --hard

  ln -s unet.onnx models/link.onnx
  git add .
  try "a link to a model" 0 -- '✓ unet (models/unet.onnx): 1 requirement holds'
  git reset --quiet --hard && git clean --quiet --force

  mkdir -p packages/one packages/two
  cp models/unet.onnx packages/one/ && cp "$repository/examples/tcn.onnx" packages/two/
  printf '[[model]]\nsource = "unet.onnx"\nrequire = ["final rf >= 41"]\n' > packages/one/rf.toml
  printf '[[tool.pytest-rf.model]]\nsource = "*.onnx"\nrequire = ["final rf >= 3"]\n' > packages/two/pyproject.toml
  printf '[project]\nname = "all"\n' > pyproject.toml
  git add packages/*/*.onnx pyproject.toml
  try "several configurations" 1 -- \
    '--> packages/one/rf.toml:3:' '✓ tcn (packages/two/tcn.onnx): 1 requirement holds'
  git reset --quiet --hard && git clean --quiet --force -d
done

# With what is on the PATH, where that has torch.
if [ -n "${TRY_SYSTEM:-}" ]; then
  runner="${runners[0]}"
  begin pytest-rf-system
  printf 'import torch\n\ndef build(): return torch.nn.Conv2d(1, 1, 3)\n' > nets.py
  printf '[[model]]\nname = "net"\nsource = "nets:build"\ninputs = { input = [1, 1, 8, 8] }\nrequire = ["final rf >= 5"]\n' >> rf.toml
  git add .
  try "the system hook runs code" 1 -- 'RF001 final rf is 3' '✓ unet'
fi

# What the isolated hook takes: services that run hooks allow 250 MB for one.
largest=150
for home in "$PRE_COMMIT_HOME" "$PREK_HOME"; do
  [ -d "$home" ] || continue
  site="$(find "$home" -type d -path '*/site-packages/pytest_rf' 2> /dev/null | head -n 1)"
  [ -n "$site" ] || continue
  size="$(du -sm --apparent-size "${site%/lib/*}" | cut -f 1)"
  echo "-- the hook's environment takes $size MB"
  [ "$size" -le "$largest" ] || fail "the hook's environment takes $size MB, more than $largest"
  [ ! -e "$(dirname "$site")/torch" ] || fail "torch came in"
done
echo "-- the hooks pass and fail as they must"
