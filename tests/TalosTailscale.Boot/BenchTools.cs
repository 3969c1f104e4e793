using System.Runtime.InteropServices;
using System.Text.RegularExpressions;

namespace TalosTailscale.Boot;

/// <summary>
/// Where firmware, kernel and tools lie: installed Debian packages, or a folder in which packages were taken apart with
/// <c>dpkg -x</c> (<c>get-packages.sh</c>), which TALOSTAILSCALE_BOOT_PACKAGES names. What is missing skips the test.
/// </summary>
internal static class BenchTools
{
    private static readonly string[] s_roots =
    [
        Environment.GetEnvironmentVariable("TALOSTAILSCALE_BOOT_PACKAGES") ?? "/nonexistent",
        "/",
    ];

    private static readonly string[] s_modules =
    [
        "drivers/virtio/virtio_ring",
        "drivers/virtio/virtio",
        "drivers/virtio/virtio_pci_modern_dev",
        "drivers/virtio/virtio_pci_legacy_dev",
        "drivers/virtio/virtio_pci",
        "drivers/block/virtio_blk",
        "fs/nls/nls_cp437",
        "fs/nls/nls_ascii",
        "fs/fat/fat",
        "fs/fat/vfat",
    ];

    private static readonly string[] s_programs =
    [
        "sh",
        "cat",
        "cp",
        "cut",
        "date",
        "dd",
        "df",
        "find",
        "grep",
        "head",
        "mkdir",
        "mkfifo",
        "mktemp",
        "mount",
        "mv",
        "rm",
        "rmdir",
        "sed",
        "sha256sum",
        "sleep",
        "stat",
        "sync",
        "tail",
        "true",
        "umount",
        "uname",
    ];

    // Without the files that only have the full version in their names.
    private static readonly Regex s_soname = new(@"\.so\.\d+$", RegexOptions.CultureInvariant);

    public static string Qemu => Find("usr/bin/qemu-system-x86_64", "qemu-system-x86");

    public static string Firmware => Find("usr/share/OVMF/OVMF_CODE_4M.fd", "ovmf");

    public static string FirmwareVariables => Find("usr/share/OVMF/OVMF_VARS_4M.fd", "ovmf");

    public static string BootManager => Find("usr/lib/systemd/boot/efi/systemd-bootx64.efi", "systemd-boot-efi");

    public static string Stub => Find("usr/lib/systemd/boot/efi/linuxx64.efi.stub", "systemd-boot-efi");

    public static string Busybox => Find("bin/busybox", "busybox-static");

    public static string Kernel => Match("boot", "vmlinuz-*-cloud-amd64", "linux-image-cloud-amd64");

    /// <summary>The kernel's modules for virtio disks and vfat, in the order in which they are loaded.</summary>
    public static IReadOnlyList<string> Modules()
    {
        string release = Path.GetFileName(Kernel)["vmlinuz-".Length..];
        string folder = Path.Combine(
            Path.GetDirectoryName(Path.GetDirectoryName(Kernel))!,
            "lib",
            "modules",
            release,
            "kernel"
        );
        return [.. s_modules.Select(m => Path.Combine(folder, m + ".ko")).Where(File.Exists)];
    }

    /// <summary>perl and the libraries it needs: what Debian slim has to exchange two names.</summary>
    public static IReadOnlyList<string> Perl()
    {
        string[] files =
        [
            "/usr/bin/perl",
            "/lib64/ld-linux-x86-64.so.2",
            "/lib/x86_64-linux-gnu/libm.so.6",
            "/lib/x86_64-linux-gnu/libc.so.6",
            "/lib/x86_64-linux-gnu/libcrypt.so.1",
        ];
        if (!files.All(File.Exists))
            Assert.Skip("perl-base is not installed.");
        return files;
    }

    /// <summary>
    /// The programs that esp.sh needs and their libraries, from the Debian of the node shell's default image: path in the
    /// guest and content. Its mv exchanges two names by itself.
    /// </summary>
    public static IEnumerable<(string Path, byte[] Content)> Image()
    {
        string root = Path.GetDirectoryName(Find("image/usr/bin/mv", "coreutils of Debian 13"))!;
        foreach (string program in s_programs)
            yield return ("usr/bin/" + program, File.ReadAllBytes(Path.Combine(root, program)));
        string libraries = Path.Combine(root, "../lib/x86_64-linux-gnu");
        yield return ("lib64/ld-linux-x86-64.so.2", File.ReadAllBytes(Path.Combine(libraries, "ld-linux-x86-64.so.2")));
        foreach (string library in Directory.GetFiles(libraries, "lib*.so.*").Where(l => s_soname.IsMatch(l)))
            yield return ("usr/lib/x86_64-linux-gnu/" + Path.GetFileName(library), File.ReadAllBytes(library));
    }

    private static string Find(string path, string package)
    {
        SkipElsewhere();
        string? found = s_roots.Select(r => Path.Combine(r, path)).FirstOrDefault(File.Exists);
        if (found is null)
            Assert.Skip($"'{path}' of the Debian package {package} is not there.");
        return found!;
    }

    private static string Match(string folder, string pattern, string package)
    {
        SkipElsewhere();
        string? found = s_roots
            .Select(r => Path.Combine(r, folder))
            .Where(Directory.Exists)
            .SelectMany(r => Directory.GetFiles(r, pattern))
            .FirstOrDefault();
        if (found is null)
            Assert.Skip($"'{folder}/{pattern}' of the Debian package {package} is not there.");
        return found!;
    }

    private static void SkipElsewhere()
    {
        if (!OperatingSystem.IsLinux() || RuntimeInformation.ProcessArchitecture != Architecture.X64)
            Assert.Skip("The bench runs on Linux on x86-64.");
    }
}
