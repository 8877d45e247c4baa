#!/bin/sh
# Express 4.18 with its own tests, as Debian's source package has it, into .berth/express. Needs no rights: the lists of source
# packages are read into a folder of their own, from wherever this machine gets its packages.
set -eu
cd "$(dirname "$0")/../../.."
to=.berth/express
if [ -f "$to/package.json" ]; then exit 0; fi
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
mkdir -p "$work/sources" "$work/lists/partial" "$work/archives/partial" "$work/express"
for list in /etc/apt/sources.list.d/*.sources; do
  if [ -f "$list" ]; then sed 's/^Types:.*/Types: deb-src/' "$list" >"$work/sources/$(basename "$list")"; fi
done
for list in /etc/apt/sources.list /etc/apt/sources.list.d/*.list; do
  if [ -f "$list" ]; then sed -n 's/^deb /deb-src /p' "$list" >"$work/sources/$(basename "$list").list"; fi
done
cat >"$work/apt.conf" <<CONF
Dir::Etc::sourcelist "/dev/null";
Dir::Etc::sourceparts "$work/sources";
Dir::State::lists "$work/lists";
Dir::Cache "$work";
APT::Sandbox::User "";
CONF
export APT_CONFIG="$work/apt.conf"
apt-get update -qq
(cd "$work" && apt-get source -qq --download-only node-express)
tar xzf "$work"/node-express_*.orig.tar.gz -C "$work/express" --strip-components 1
mkdir -p .berth
rm -rf "$to"
mv "$work/express" "$to"
