namespace TalosTailscale.Lab.Kubernetes;

/// <summary>
/// The programs of a lab pod that must not be this machine's own: mounting shows the folder which stands for the EFI system
/// partition, and its size is the partition's.
/// </summary>
internal static class LabPodTools
{
    private const string Mount = """
        #!/bin/sh
        # mount(8) of a lab pod: only the EFI system partition of its node can be mounted, on an empty folder.
        options=
        while getopts 't:o:rwvn' option; do
          case $option in
            o) options=$OPTARG ;;
            r) options=ro ;;
            t) case $OPTARG in vfat | msdos | auto) ;; *) echo "mount: unknown filesystem type '$OPTARG'." >&2; exit 32 ;; esac ;;
            *) ;;
          esac
        done
        shift $((OPTIND - 1))
        [ $# -gt 0 ] || exit 0
        case ,$options, in *,remount,*) exit 0 ;; esac
        if [ "$1" != "${LAB_ESP_DEVICE:-}" ] || [ -z "${LAB_ESP_DIRECTORY:-}" ]; then
          echo "mount: $2: special device $1 does not exist." >&2
          exit 32
        fi
        if [ ! -d "$2" ] || [ -L "$2" ]; then
          echo "mount: $2: mount point does not exist." >&2
          exit 32
        fi
        [ -z "${LAB_ESP_READONLY:-}" ] || echo "mount: $2: WARNING: source write-protected, mounted read-only." >&2
        rmdir "$2" && ln -s "$LAB_ESP_DIRECTORY" "$2" || exit 32
        # As the kernel's: not for reading and for writing at once, whoever mounts it. What a killed command left is nobody's.
        mounts=$LAB_ESP_DIRECTORY.mounts
        [ -d "$mounts" ] || mkdir -p "$mounts"
        case ,$options, in *,ro,*) mode=ro other=rw ;; *) mode=rw other=ro ;; esac
        echo "$2" >"$mounts/$mode.$$"
        for entry in "$mounts/$other".*; do
          { read -r target <"$entry"; } 2>/dev/null || continue
          maker=${target%.*}
          if [ -L "$target" ] && kill -0 "${maker##*.}" 2>/dev/null; then
            rm -f -- "$2" "$mounts/$mode.$$"
            mkdir -- "$2"
            echo "mount: $2: $1 already mounted or mount point busy." >&2
            exit 32
          fi
          rm -f -- "$entry"
        done
        """;

    private const string Unmount = """
        #!/bin/sh
        # umount(8) of a lab pod.
        while getopts 'lfvn' option; do :; done
        shift $((OPTIND - 1))
        target=${1%/}
        if [ ! -L "$target" ]; then
          echo "umount: $target: not mounted." >&2
          exit 32
        fi
        for entry in "${LAB_ESP_DIRECTORY:-}.mounts"/*; do
          { read -r mounted <"$entry"; } 2>/dev/null && [ "$mounted" = "$target" ] && rm -f -- "$entry"
        done
        rm -- "$target" && mkdir -- "$target" || exit 32
        """;

    // Files take whole clusters of 4 KiB, as on the partition that Talos makes.
    private const string DiskFree = """
        #!/bin/sh
        # df(1) of a lab pod, for the EFI system partition; in 1024-byte blocks, or in bytes with -B1.
        unit=1024
        for argument; do
          case $argument in -B1 | --block-size=1) unit=1 ;; -*) ;; *) path=$argument ;; esac
        done
        case $(readlink -f "${path:-/}") in
          "$LAB_ESP_DIRECTORY" | "$LAB_ESP_DIRECTORY"/*) ;;
          *) exec /bin/df "$@" ;;
        esac
        used=$(find "$LAB_ESP_DIRECTORY" -type f -exec stat -c %s {} + | awk '{ n += int(($1 + 4095) / 4096) * 4096 } END { printf "%.0f", n }')
        free=$((LAB_ESP_CAPACITY - used))
        [ -z "${LAB_ESP_FREE:-}" ] || free=$LAB_ESP_FREE
        [ "$free" -ge 0 ] || free=0
        echo "Filesystem     $unit-blocks Used Available Capacity Mounted on"
        echo "$LAB_ESP_DEVICE $((LAB_ESP_CAPACITY / unit)) $((used / unit)) $((free / unit)) $((used * 100 / LAB_ESP_CAPACITY))% $path"
        """;

    // The disks of this machine have nothing to do with the lab's.
    private const string Sync = """
        #!/bin/sh
        exit 0
        """;

    // The kernel is this machine's; a lab node has a boot and disks of its own.
    private const string Cat = """
        #!/bin/sh
        case "$#$1" in
          1/proc/sys/kernel/random/boot_id) echo "$LAB_BOOT_ID" ;;
          1/sys/class/block/*/ro) [ "$1" = "/sys/class/block/${LAB_ESP_DEVICE##*/}/ro" ] && echo "${LAB_ESP_READONLY:-0}" ;;
          *) exec /bin/cat "$@" ;;
        esac
        """;

    private const string Stat = """
        #!/bin/sh
        # stat(1) of a lab pod whose device is a file with a FAT file system: that is what the folder is said to show.
        case "$1 $2 $3" in '-f -c %t') echo 4d44 ;; *) exec /usr/bin/stat "$@" ;; esac
        """;

    /// <summary>Writes the programs into a folder.</summary>
    /// <param name="folder">The folder.</param>
    /// <param name="hasImage">Whether the device is a file with a FAT file system, whose bytes can be read.</param>
    internal static void Write(string folder, bool hasImage)
    {
        (string, string)[] tools =
        [
            ("mount", Mount),
            ("umount", Unmount),
            ("df", DiskFree),
            ("sync", Sync),
            ("cat", Cat),
        ];
        foreach (var (name, text) in hasImage ? [.. tools, ("stat", Stat)] : tools)
        {
            var path = Path.Combine(folder, name);
            File.WriteAllText(path, text + "\n");
            if (!OperatingSystem.IsWindows())
                File.SetUnixFileMode(path, (UnixFileMode)0b111_101_101);
        }
    }
}
