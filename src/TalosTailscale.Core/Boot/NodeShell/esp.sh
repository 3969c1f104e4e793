#!/bin/sh
# What a swap does on the node, one sub-command at a time:   sh esp.sh COMMAND DEVICE [ARGUMENT...]
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

say() { printf '%s=%s\n' "$1" "$2"; }

fail() { # exit-code error message
  say error "$2"
  say message "$3"
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
    if in_use "$reason" && [ "$waited" -lt "$PATIENCE" ]; then
      release_abandoned "$1"
      sleep 1
      waited=$((waited + 1))
      continue
    fi
    rmdir "$folder" 2>/dev/null
    [ -e "$1" ] || fail 11 DeviceNotFound "there is no device '$1'"
    case $2:$reason in
      rw:*read-only*) fail 13 ReadOnly "'$1' could not be mounted for writing: $reason" ;;
      *) fail 12 MountFailed "'$1' could not be mounted as vfat ($2): $reason" ;;
    esac
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

name() { # text: a file name in EFI/Linux
  case $1 in
    '' | . | .. | */* | *\\* | -*) usage "'$1' is not a file name" ;;
  esac
}

number() {
  case $1 in
    '' | *[!0-9]*) usage "'$1' is not a number" ;;
  esac
}

# OpenSSL uses the processor's own instructions, coreutils before 9.5 and busybox do not: a third of the time.
choose_hasher() {
  command -v openssl >/dev/null 2>&1 || return 0
  case $(printf abc | openssl dgst -sha256 -r 2>/dev/null) in
    ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad*) hasher=openssl ;;
  esac
}

sha256() {
  case $hasher in
    openssl) openssl dgst -sha256 -r ;;
    *) sha256sum ;;
  esac | cut -c1-64
}

hash_of() { sha256 <"$1"; }

# What the disk gives back, not what the cache remembers.
hash_from_disk() {
  if dd if="$1" of=/dev/null bs=$BLOCK count=1 iflag=direct 2>/dev/null; then
    dd if="$1" bs=1048576 iflag=direct 2>/dev/null | sha256
  else
    (echo 1 >/proc/sys/vm/drop_caches) 2>/dev/null || :
    hash_of "$1"
  fi
}

# vfat's fsync writes the file, its slot and the FAT and flushes the disk's own cache; its syncfs does not do the last.
settle() { # file...
  sync -f "$linux" 2>/dev/null || sync
  for item in "$@" "$linux"; do
    sync "$item" 2>/dev/null || fsync "$item" 2>/dev/null || sync
  done
}

expect() { # file sha256
  [ -f "$linux/$1" ] || fail 15 FileNotFound "there is no file '$1' in EFI/Linux"
  found=$(hash_of "$linux/$1")
  [ "$found" = "$2" ] || fail 20 HashMismatch "'$1' has SHA-256 '$found', expected '$2'"
}

exchange_tool() {
  if mv --help 2>&1 | grep -q -e '--exchange'; then
    echo mv
  elif perl -e 1 2>/dev/null && renameat2_number >/dev/null; then
    echo perl
  else
    echo none
  fi
}

renameat2_number() {
  case $(uname -m) in
    x86_64) echo 316 ;;
    aarch64 | arm64) echo 276 ;;
    *) return 1 ;;
  esac
}

# Exchanges two names; nothing is freed and neither name is ever missing.
exchange_names() { # one other
  case $(exchange_tool) in
    mv) mv --exchange -T -- "$1" "$2" ;;
    perl)
      perl -e 'my ($call, $one, $other) = @ARGV; my ($here, $exchange) = (-100, 2);
        syscall($call + 0, $here, $one, $here, $other, $exchange) == 0 or die "renameat2: $!\n"' \
        "$(renameat2_number)" "$1" "$2"
      ;;
    *) return 1 ;;
  esac
}

# ---- reading ----

cmd_probe() { # device
  say kept "${kept:-no}" # whether this program is there for the next command
  say machine "$(uname -m)"
  say kernel "$(uname -r)"
  say boot "$(cat /proc/sys/kernel/random/boot_id 2>/dev/null)"
  say time "$(date +%s)"
  say exchange "$(exchange_tool)"
  attach "$1" ro
  space
}

space() {
  # shellcheck disable=SC2046  # the fields are wanted apart
  set -- $(df -Pk "$mnt" | tail -n 1)
  say total $(($2 * 1024))
  say free $(($4 * 1024))
  # 4d44: where two names can share clusters; other file systems count links.
  case $(stat -f -c %t "$mnt" 2>/dev/null) in
    4d44) say fat yes ;;
    *) say fat no ;;
  esac
}

cmd_list() { # device [hash]
  attach "$1" ro
  space
  find "$mnt/" -type f | while IFS= read -r path; do
    relative=${path#"$mnt/"}
    say file "$relative"
    say size "$(stat -c %s "$path")"
    say modified "$(stat -c %Y "$path")"
    case ${2:-}:$relative in
      hash:[Ee][Ff][Ii]/[Ll][Ii][Nn][Uu][Xx]/*) say sha256 "$(hash_of "$path")" ;;
    esac
  done
}

# On some ways to a node standard error arrives among standard output: there is none where bytes are the answer.
bytes_only() { exec 2>/dev/null; }

cmd_read() { # device path first-block blocks: bytes of a file
  bytes_only
  number "$3"
  number "$4"
  case /$2/ in
    */../*) usage "'$2' leaves the file system" ;;
  esac
  attach "$1" ro
  [ -f "$mnt/$2" ] || fail 15 FileNotFound "there is no file '$2'"
  dd if="$mnt/$2" bs=$BLOCK skip="$3" count="$4" 2>/dev/null || fail 21 ReadFailed "'$2' could not be read"
}

cmd_raw() { # device first-block blocks: bytes of the partition, to look at its FAT
  number "$2"
  number "$3"
  bytes_only
  [ -r "$1" ] || fail 11 DeviceNotFound "there is no device '$1'"
  dd if="$1" bs=$BLOCK skip="$2" count="$3" 2>/dev/null || fail 21 ReadFailed "'$1' could not be read"
}

cmd_verify() { # device name sha256
  name "$2"
  attach "$1" ro
  [ -f "$linux/$2" ] || fail 15 FileNotFound "there is no file '$2' in EFI/Linux"
  found=$(hash_from_disk "$linux/$2")
  say sha256 "$found"
  [ "$found" = "$3" ] || fail 20 HashMismatch "'$2' reads back from the disk as SHA-256 '$found', expected '$3'"
}

cmd_staged() { # device name: how much is there already
  name "$2"
  attach "$1" ro
  if [ -f "$linux/$2" ]; then
    say size "$(stat -c %s "$linux/$2")"
    say sha256 "$(hash_of "$linux/$2")"
  else
    say size 0
  fi
}

# The container of the shell has files too: the image that its pod took out of an installer image.
cmd_source() { # device path: of a file of the container
  [ -f "$2" ] || fail 15 FileNotFound "there is no file '$2' in the container"
  say size "$(stat -c %s "$2")"
  say sha256 "$(hash_of "$2")"
}

cmd_fetch() { # device path first-block blocks: bytes of a file of the container
  number "$3"
  number "$4"
  bytes_only
  [ -f "$2" ] || fail 15 FileNotFound "there is no file '$2' in the container"
  dd if="$2" bs=$BLOCK skip="$3" count="$4" 2>/dev/null || fail 21 ReadFailed "'$2' could not be read"
}

# ---- lock ----

cmd_lock() { # device owner holder seconds: a holder cannot live longer than that
  number "$4"
  attach "$1" rw
  take_lock "$2" "$3" && return
  [ -f "$linux/$LOCK" ] || fail 13 ReadOnly "a file could not be made in EFI/Linux of '$1': read-only, damaged or full"
  owner=$(sed -n 's/^owner=//p' "$linux/$LOCK")
  holder=$(sed -n 's/^holder=//p' "$linux/$LOCK")
  booted=$(sed -n 's/^boot=//p' "$linux/$LOCK")
  since=$(sed -n 's/^up=//p' "$linux/$LOCK")
  [ "$owner" = "$2" ] && return
  case $since in '' | *[!0-9]*) since=0 ;; esac
  age=$(($(uptime_seconds) - since))
  # A lock of before the last boot, or older than any holder can be, has nobody behind it.
  if [ "$booted" = "$(boot_id)" ] && [ "$age" -ge 0 ] && [ "$age" -lt "$4" ]; then
    say owner "$owner"
    say holder "$holder"
    say age "$age"
    fail 17 Locked "'$1' is locked by '$holder' since $age s"
  fi
  break_lock "$owner"
  take_lock "$2" "$3" || fail 17 Locked "'$1' was locked by another run at the same instant"
  say broken "$owner"
}

cmd_break() { # device owner: the lock of a holder that is known to be gone
  attach "$1" rw
  break_lock "$2"
}

cmd_unlock() { # device owner
  attach "$1" rw
  [ "$(sed -n 's/^owner=//p' "$linux/$LOCK" 2>/dev/null)" = "$2" ] || return 0
  rm -f -- "$linux/$LOCK"
  settle
}

# By the clock that nobody sets: boards without a battery are years off until they find a time server.
uptime_seconds() { cut -d. -f1 /proc/uptime; }

boot_id() { cat /proc/sys/kernel/random/boot_id 2>/dev/null || echo unknown; }

take_lock() { # owner holder
  (
    set -C
    printf 'owner=%s\nholder=%s\nboot=%s\nup=%s\n' "$1" "$2" "$(boot_id)" "$(uptime_seconds)" >"$linux/$LOCK"
  ) 2>/dev/null || return 1
  settle "$linux/$LOCK"
}

break_lock() { # owner: moved away first, so that of two who break it one sees that it is another's by now
  mv -- "$linux/$LOCK" "$linux/$LOCK.$$" 2>/dev/null || return 0
  if [ "$(sed -n 's/^owner=//p' "$linux/$LOCK.$$")" != "$1" ]; then
    mv -- "$linux/$LOCK.$$" "$linux/$LOCK"
    fail 17 Locked "the lock was taken by another run at the same instant"
  fi
  rm -f -- "$linux/$LOCK.$$"
}

# ---- changing ----

cmd_stage() { # device owner name size offset: the bytes from offset on come on standard input
  check_stage "$3" "$4" "$5"
  attach_to_change "$1" "$2"
  if [ "$5" -eq 0 ]; then
    [ ! -s "$linux/$3" ] || fail 16 FileExists "there already is a file '$3' in EFI/Linux"
  else
    [ "$(stat -c %s "$linux/$3" 2>/dev/null)" = "$5" ] || fail 23 Changed "'$3' is not $5 bytes long any more"
  fi
  receive "$3" "$4" "$5"
}

cmd_copy() { # device owner name size path: from a file that the container has, such as an installer image's UKI
  check_stage "$3" "$4" 0
  attach_to_change "$1" "$2"
  [ -f "$5" ] || fail 15 FileNotFound "there is no file '$5' in the container"
  [ ! -s "$linux/$3" ] || fail 16 FileExists "there already is a file '$3' in EFI/Linux"
  receive "$3" "$4" 0 <"$5"
}

# Appends standard input to a file until it has its size. The whole file is hashed meanwhile: another process reads what
# is there while the next part comes in.
receive() { # name size offset
  work=$(mktemp -d "${TMPDIR:-/tmp}/stage.XXXXXX") || fail 10 NoTemporaryFolder "no folder could be made in '${TMPDIR:-/tmp}'"
  mkfifo "$work/pipe" || fail 10 NoTemporaryFolder "no pipe could be made in '$work'"
  true >>"$linux/$1" || fail 22 WriteFailed "'$1' could not be written"
  sha256 <"$work/pipe" >"$work/sum" &
  hashing=$!
  exec 3>"$work/pipe" 4<"$linux/$1"
  handing=
  at=$3
  while [ "$at" -lt "$2" ]; do
    part=$(($2 - at))
    [ "$part" -le "$PART" ] || part=$PART
    if ! take "$part" >>"$linux/$1"; then
      no_space_left "$1" $(($2 - $3))
      fail 22 WriteFailed "'$1' could not be written"
    fi
    hand_on
    at=$((at + part))
    # Less: the input has ended, or who sent it has given up and removed the file. It must not be made again.
    [ "$(stat -c %s "$linux/$1" 2>/dev/null)" = "$at" ] || break
  done
  hand_on
  wait "$handing"
  exec 3>&- 4<&-
  wait "$hashing"
  settle "$linux/$1"
  size=$(stat -c %s "$linux/$1")
  say size "$size"
  [ "$size" -eq "$2" ] || fail 19 ShortTransfer "'$1' ended after $size bytes, expected $2"
  say sha256 "$(cat "$work/sum")"
}

# Exactly so many bytes and not one more, in big pieces: the input may go on behind them.
take() { # bytes
  if [ "$1" -ge $CHUNK ]; then
    dd bs=$CHUNK count=$(($1 / CHUNK)) iflag=fullblock 2>/dev/null || return 1
  fi
  if [ $(($1 % CHUNK)) -gt 0 ]; then
    dd bs=$(($1 % CHUNK)) count=1 iflag=fullblock 2>/dev/null || return 1
  fi
}

# One after the other: they share the place at which the file is read.
hand_on() {
  [ -z "$handing" ] || wait "$handing"
  cat <&4 >&3 &
  handing=$!
}

check_stage() { # name size offset
  name "$1"
  number "$2"
  number "$3"
  [ "$3" -le "$2" ] || usage "the offset $3 lies beyond the size $2"
  case $1 in
    *.[Ee][Ff][Ii]) usage "'$1' would be a boot entry before it is whole" ;;
  esac
}

# The staged file is this run's own and was never linked twice: it may go.
no_space_left() { # name wanted
  # shellcheck disable=SC2046  # the fields are wanted apart
  free=$(set -- $(df -Pk "$mnt" | tail -n 1); echo $(($4 * 1024)))
  [ "$free" -lt "$2" ] || return 0
  rm -f -- "$linux/$1"
  settle
  fail 18 NoSpace "EFI/Linux is full: $free bytes were left while writing '$1'"
}

# incoming takes the name target, and what target was is kept under the name kept.
cmd_exchange() { # device owner incoming incoming-sha256 target target-sha256 kept
  name "$3"
  name "$5"
  name "$7"
  attach_to_change "$1" "$2"
  expect "$3" "$4"
  expect "$5" "$6"
  [ ! -e "$linux/$7" ] || fail 16 FileExists "there already is a file '$7' in EFI/Linux"
  if reason=$(exchange_names "$linux/$3" "$linux/$5" 2>&1); then
    say method exchange
    settle
    # From here on the old image is what the incoming name holds.
    mv -- "$linux/$3" "$linux/$7" || fail 22 WriteFailed "'$3' could not be renamed to '$7'; it holds the old image"
    settle
  else
    say exchange "${reason:-not to be had}"
    replace_in_order "$3" "$5" "$6" "$7"
  fi
  expect "$5" "$4"
  expect "$7" "$6"
}

# Where names cannot be exchanged: a verified copy of the old file first, then a rename over it while a descriptor holds
# the old one, so that its clusters are not freed before the new slot is on the disk.
replace_in_order() { # incoming target target-sha256 kept
  say method replace
  if ! cp -- "$linux/$2" "$linux/$4"; then
    rm -f -- "$linux/$4"
    settle
    fail 18 NoSpace "'$2' could not be copied to '$4' as a backup"
  fi
  settle "$linux/$4"
  [ "$(hash_from_disk "$linux/$4")" = "$3" ] || fail 20 HashMismatch "the backup '$4' does not read back as '$2'"
  exec 9<"$linux/$2"
  mv -f -- "$linux/$1" "$linux/$2" || fail 22 WriteFailed "'$1' could not be renamed to '$2'"
  settle "$linux/$2"
  exec 9<&-
  settle
}

cmd_rename() { # device owner from sha256 to
  name "$3"
  name "$5"
  attach_to_change "$1" "$2"
  expect "$3" "$4"
  [ ! -e "$linux/$5" ] || fail 16 FileExists "there already is a file '$5' in EFI/Linux"
  mv -- "$linux/$3" "$linux/$5" || fail 22 WriteFailed "'$3' could not be renamed to '$5'"
  settle
}

# The caller has made sure that no other name shares the clusters.
cmd_remove() { # device owner name
  name "$3"
  case $3 in
    *.[Ee][Ff][Ii]) usage "'$3' is a boot entry and is never removed" ;;
  esac
  attach_to_change "$1" "$2"
  [ -f "$linux/$3" ] || return 0
  rm -f -- "$linux/$3" || fail 22 WriteFailed "'$3' could not be removed"
  settle
}

[ $# -ge 2 ] || usage 'sh esp.sh COMMAND DEVICE [ARGUMENT...]'
command=$1
shift
case $command:$# in
  probe:1 | list:1 | read:4 | raw:3 | fetch:4 | unlock:2 | lock:4 | break:2 | remove:3) ;;
  list:2 | verify:3 | staged:2 | source:2 | stage:5 | copy:5 | exchange:7 | rename:5) choose_hasher ;;
  *) usage "'$command' with $# arguments is not known" ;;
esac

trap leave EXIT
trap 'exit 129' HUP
trap 'exit 130' INT
trap 'exit 141' PIPE
trap 'exit 143' TERM
"cmd_$command" "$@"
