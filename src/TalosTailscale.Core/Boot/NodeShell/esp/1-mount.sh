#!/bin/sh
# What a swap does on the node, one sub-command at a time:   sh esp.sh COMMAND DEVICE [ARGUMENT...]
# The program is the files of this folder, joined in their order:   cat *.sh | shellcheck -
#
# Needs mount, umount, df, find, dd, mkfifo, sleep, stat, sha256sum, mv, sync: Debian slim or busybox. Every command mounts
# the EFI system partition on a folder of its own and unmounts it whatever happens. Results are key=value lines on standard
# output; a failure ends with error= and message= lines and the exit code of its kind. Nothing is ever evaluated:
# arguments are only names, numbers and hashes, and are checked. Lines of comment only are not sent to the node.
set -u
LC_ALL=C
export LC_ALL
umask 077

readonly LOCK=.talostailscale.lock
readonly BLOCK=4096
readonly CHUNK=65536
readonly PART=16777216
readonly PATIENCE=30
mnt=
work=
hasher=sha256sum
unread=0

say() { printf '%s=%s\n' "$1" "$2"; }

fail() { # exit-code error message
  say error "$2"
  say message "$3"
  # containerd gives no exit code back while input that nobody reads fills its stream. Not up to the end of the input: an
  # exec of version 4 has no way to say where that is.
  [ "$unread" -le 0 ] || take "$unread" >/dev/null || :
  exit "$1"
}

usage() { fail 64 Usage "$1"; }

# shellcheck disable=SC2329  # called by the trap
leave() {
  status=$?
  trap - EXIT
  if [ -n "$work" ]; then
    # What hands a file on to its hash still has it open, and ends when nobody takes any more of it.
    exec 3>&- 4<&-
    wait
    rm -rf -- "$work"
  fi
  if [ -n "$mnt" ] && ! release; then
    say error UnmountFailed
    say message "'$mnt' could not be unmounted"
    [ "$status" -ne 0 ] || status=24
  fi
  exit "$status"
}

release() {
  target=$mnt
  mnt=
  cd / || return 1
  umount "$target" || return 1
  rmdir "$target" 2>/dev/null || :
}

attach() { # device mode
  folder=$(mktemp -d "${TMPDIR:-/tmp}/esp.$$.XXXXXX") || fail 10 NoTemporaryFolder "no folder could be made in '${TMPDIR:-/tmp}'"
  waited=0
  until reason=$(mount_apart "$1" "$2" "$folder"); do
    if in_use "$reason" && [ "$waited" -lt "$PATIENCE" ] && ! write_protected "$1"; then
      release_abandoned "$1"
      sleep 1
      waited=$((waited + 1))
      continue
    fi
    rmdir "$folder" 2>/dev/null
    case $2:$reason in
      rw:*read-only*) fail 13 ReadOnly "'$1' could not be mounted for writing: $reason" ;;
    esac
    [ -e "$1" ] || fail 11 DeviceNotFound "there is no device '$1'"
    fail 12 MountFailed "'$1' could not be mounted as vfat ($2): $reason"
  done
  mnt=$folder
  linux=$mnt/EFI/Linux
  [ -d "$linux" ] || fail 14 FolderNotFound "'$1' has no folder EFI/Linux"
}

# All mounts of a device are one: who comes second gets the options of the first, and newer mounts say of a device that
# another reads only that it is write-protected. Says why not.
mount_apart() { # device mode folder
  # dirsync: slots of a directory reach the disk in the order in which the renames below are made.
  mount -t vfat -o "$2,dirsync,noatime,nosuid,nodev,noexec" "$1" "$3" 2>&1 || return 1
  [ "$2" = rw ] || return 0
  options=$(options_of "$3")
  case ,$options, in
    ,,) return 0 ;; # no mount that the kernel knows of
    ,rw,*,dirsync,* | ,rw,dirsync,*) return 0 ;;
    ,ro,*) echo "another command reads it, or it is read-only ($options)" ;;
    *) echo "busy: somebody else has mounted it without dirsync ($options)" ;;
  esac
  umount "$3"
  return 1
}

options_of() { # folder
  while read -r _ target _ options _; do
    [ "$target" != "$1" ] || echo "$options"
  done </proc/mounts
}

# When a connection breaks, the command at its other end goes on for a while.
in_use() { # what mount said
  case $1 in
    *busy* | *'already mounted'* | *'RO state'* | *read-only*) return 0 ;;
  esac
  return 1
}

# By the device itself, which nobody's mount makes so: then there is nothing to wait for.
write_protected() { # device
  [ "$(cat "/sys/class/block/${1##*/}/ro" 2>/dev/null)" = 1 ]
}

# A command that was killed has unmounted nothing, and its container may live on.
release_abandoned() { # device
  while read -r source target _; do
    [ "$source" = "$1" ] || continue
    case $target in
      */esp.*.*) ;;
      *) continue ;;
    esac
    maker=${target%.*}
    kill -0 "${maker##*.}" 2>/dev/null || umount "$target" 2>/dev/null
  done </proc/mounts
}

attach_to_change() { # device owner
  attach "$1" rw
  # A kernel that found the file system damaged mounts it read-only and says so only at the first write.
  holder=$(sed -n 's/^owner=//p' "$linux/$LOCK" 2>/dev/null)
  [ "$holder" = "$2" ] || fail 17 Locked "the lock on '$1' is held by '${holder:-nobody}', not by '$2'"
}
