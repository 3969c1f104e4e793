#!/bin/sh
# Takes the Debian packages of the bench apart into a folder, without installing kernel or boot loader on this machine:
#   sh get-packages.sh FOLDER && export TALOSTAILSCALE_BOOT_PACKAGES=FOLDER
# QEMU itself has to be installed: apt-get install qemu-system-x86
set -eu
folder=${1:?usage: sh get-packages.sh FOLDER}
mkdir -p "$folder"
cd "$folder"
kernel=$(apt-cache depends linux-image-cloud-amd64 | sed -n 's/^ *Depends: *\(linux-image-.*\)$/\1/p' | head -n 1)
apt-get download ovmf systemd-boot-efi busybox-static "$kernel"
for package in ./*.deb; do
  dpkg -x "$package" .
  rm "$package"
done
