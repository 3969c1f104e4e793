# esp.sh, files: what names, numbers and contents are taken, what is on the disk, and the exchange of two names.

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
read_from_disk() {
  if dd if="$1" of=/dev/null bs=$BLOCK count=1 iflag=direct 2>/dev/null; then
    dd if="$1" bs=1048576 iflag=direct 2>/dev/null
  else
    (echo 1 >/proc/sys/vm/drop_caches) 2>/dev/null || :
    cat "$1" 2>/dev/null
  fi
}

hash_from_disk() { read_from_disk "$1" | sha256; }

# Another content, or a disk that does not give it back?
fail_to_verify() { # file what
  read_from_disk "$1" >/dev/null || fail 21 ReadFailed "$2: the disk does not give it back"
  fail 20 HashMismatch "$2"
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
