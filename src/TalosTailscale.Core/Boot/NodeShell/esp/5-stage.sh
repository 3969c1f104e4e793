# esp.sh, staging: a new file comes in beside the others, under a name that is not booted.

cmd_stage() { # device owner name size offset: the bytes from offset on come on standard input
  check_stage "$3" "$4" "$5"
  unread=$(($4 - $5))
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
      # What could not be written had been read: the pieces on the partition and one more.
      written=$(stat -c %s "$linux/$1" 2>/dev/null) || written=$at
      unread=$((unread - ((written - at) / CHUNK + 1) * CHUNK))
      no_space_left "$1" $(($2 - $3))
      fail 22 WriteFailed "'$1' could not be written"
    fi
    hand_on
    at=$((at + part))
    unread=$((unread - part))
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
