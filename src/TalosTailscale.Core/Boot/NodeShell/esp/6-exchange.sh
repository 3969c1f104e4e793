# esp.sh, exchange: a staged file takes a name that is booted; and what goes with it, renaming and removing.

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
  [ "$(hash_from_disk "$linux/$4")" = "$3" ] || fail_to_verify "$linux/$4" "the backup '$4' does not read back as '$2'"
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
