# esp.sh, reading: nothing here changes the partition.

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
  # One name is one line, or it is none; and a folder that cannot be read would only make the list shorter.
  odd=$(find "$mnt/" -path '*[[:cntrl:]]*' -print) || fail 21 ReadFailed "not every folder of '$1' could be read"
  [ -z "$odd" ] || fail 22 NameInvalid "'$1' has a name with control characters; its file system is damaged"
  find "$mnt/" -type f | while IFS= read -r path; do
    relative=${path#"$mnt/"}
    say file "$relative"
    say size "$(stat -c %s "$path")"
    say modified "$(stat -c %Y "$path")"
    case ${2:-}:$relative in
      hash:[Ee][Ff][Ii]/[Ll][Ii][Nn][Uu][Xx]/*) say sha256 "$(hash_of "$path")" ;;
    esac
  done
  say listed yes
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
  [ "$found" = "$3" ] || fail_to_verify "$linux/$2" "'$2' reads back from the disk as SHA-256 '$found', expected '$3'"
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
