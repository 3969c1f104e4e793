#!/bin/sh
# Takes the Debian packages of the bench apart into a folder, without installing kernel or boot loader on this machine:
#   sh get-packages.sh FOLDER && export TALOSTAILSCALE_BOOT_PACKAGES=FOLDER
# QEMU itself has to be installed: apt-get install qemu-system-x86
set -eu
folder=${1:?usage: sh get-packages.sh FOLDER}
mkdir -p "$folder"
cd "$folder"
folder=$PWD
kernel=$(apt-cache depends linux-image-cloud-amd64 | sed -n 's/^ *Depends: *\(linux-image-.*\)$/\1/p' | head -n 1)
apt-get download ovmf systemd-boot-efi busybox-static "$kernel"
for package in ./*.deb; do
  dpkg -x "$package" .
  rm "$package"
done

# The programs of the node shell's default image: of another Debian than this machine's, so by an apt with folders of its own.
release=trixie
apt=$folder/apt
mkdir -p "$apt/lists/partial" "$apt/archives/partial" image
# shellcheck disable=SC2016  # apt-get's own words
mirror=$(apt-get indextargets --format '$(REPO_URI)' 'Created-By: Packages' | grep '/debian/\{0,1\}$' | head -n 1)
echo "deb [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] $mirror $release main" >"$apt/sources.list"
: >"$apt/status"
apart() {
  apt-get -o Dir::Etc::SourceList="$apt/sources.list" -o Dir::Etc::SourceParts=- -o Dir::State::Lists="$apt/lists" \
    -o Dir::State::Status="$apt/status" -o Dir::Cache="$apt" -o Debug::NoLocking=1 "$@"
}
apart update
apart install --yes --download-only --no-install-recommends coreutils dash findutils grep mount sed
for package in "$apt"/archives/*.deb; do
  dpkg -x "$package" image
done

# The kubectl that kubeconfigs are compared with; Debian 12's is too old.
mkdir -p kubectl
(cd kubectl && apart download kubernetes-client && dpkg -x ./*.deb . && rm ./*.deb)
rm -r "$apt"
