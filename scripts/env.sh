# Sourced by the other scripts: where the tools are and which versions the project wants.
# Trunk.toml is the one place where those versions stand.

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
cd "$root"

tools="$root/.tools"
export PATH="$tools/bin:$root/node_modules/.bin:$PATH:${CARGO_HOME:-$HOME/.cargo}/bin"
# Trunk takes these variables as its own options and refuses some of their usual values.
unset NO_COLOR TRUNK_BUILD_PUBLIC_URL

say() { printf '\033[1m==>\033[0m %s\n' "$*" >&2; }
die() {
  printf '\033[1mkubestage:\033[0m %s\n' "$*" >&2
  exit 1
}

# pinned KEY [FILE]: the value of a key in Trunk.toml or another file, without quotes and without "=" or "version_" in front.
pinned() {
  sed -n "s/^$1 *= *\"=\{0,1\}\(version_\)\{0,1\}\([^\"]*\)\".*/\2/p" "${2:-Trunk.toml}"
}
