# esp.sh, lock: who may change the partition.

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
