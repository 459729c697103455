#!/usr/bin/env bash
# Feeds the targets of fuzz/ with whatever bytes find new ways through the code.
#
#   scripts/fuzz.sh [TARGET|all] [SECONDS]    fuzz, each target for so long
#   scripts/fuzz.sh keep [TARGET|all]         keep the inputs that are needed for the coverage reached
#
# New inputs go to fuzz/work/ (not kept); `keep` chooses the small ones among them for fuzz/corpus/,
# which `make unit` replays. Manifests of the corpus are seeds; those of other
# projects (CORPUS_DIR) where that folder exists.
set -euo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/env.sh"
scripts/setup.sh fuzz
# Coverage counters need unstable options of rustc; the stable compiler has them under this name.
export RUSTC_BOOTSTRAP=1
# cargo-fuzz asks for one unit; the last word counts.
export RUSTFLAGS="-Ccodegen-units=64 ${RUSTFLAGS:-}"
# There is no unsafe code in the project that an address sanitizer could find anything in.
options=(--sanitizer none)
limits=(-timeout=2 -rss_limit_mb=1024 -malloc_limit_mb=256)
corpus=${CORPUS_DIR:-../shared/corpus}

targets() { case $1 in all) echo yaml manifest console session ;; *) echo "$1" ;; esac; }

fuzz() {
  local target=$1 longest=65536
  local folders=("fuzz/work/$target" "fuzz/corpus/$target")
  mkdir -p "${folders[@]}"
  case $target in
    yaml | manifest)
      folders+=(tests/data/corpus/own)
      if [ -d "$corpus" ]; then folders+=("$corpus"); fi
      ;;
    *) longest=4096 ;;
  esac
  say "Fuzzing $target for $2 s"
  cargo fuzz run "${options[@]}" "$target" "${folders[@]}" -- "${limits[@]}" \
    -max_len="$longest" -max_total_time="$2" -dict="fuzz/dict/$target.txt" -print_final_stats=1
}

# Inputs over 12 KB are not kept: the folder stays small, and the seeds cover what they do.
keep() {
  local target=$1 merge="fuzz/work/$1.merge"
  rm -rf "$merge" && mkdir -p "$merge/in" "$merge/out"
  find "fuzz/work/$target" "fuzz/corpus/$target" -type f -size -12k -exec cp -t "$merge/in" {} +
  cargo fuzz run "${options[@]}" "$target" "$merge/out" "$merge/in" -- "${limits[@]}" \
    -set_cover_merge=1 -use_counters=0 -merge_control_file="$merge/control"
  node scripts/fuzz-keep.mjs "$merge/control" "fuzz/corpus/$target"
}

case ${1:-all} in
  keep) for target in $(targets "${2:-all}"); do keep "$target"; done ;;
  *) for target in $(targets "${1:-all}"); do fuzz "$target" "${2:-600}"; done ;;
esac
