using System.Diagnostics;
using System.Globalization;

namespace TalosTailscale.Boot;

/// <summary>Runs QEMU, plain emulation, until the guest powers off, and gives back what it wrote to its serial port.</summary>
internal static class Machine
{
    /// <summary>How many disks there are slots for, but for the one that powers the machine off.</summary>
    public const int MostDisks = 29;

    private const int FirstSlot = 2;

    // A guest that hangs at a prompt is killed; emulation on a busy machine is slow.
    private static readonly TimeSpan s_limit = TimeSpan.FromMinutes(10);
    private static readonly TimeSpan s_perDisk = TimeSpan.FromSeconds(20);

    /// <summary>Boots firmware from a disk, which stays as it is.</summary>
    public static Task<string> BootFirmwareAsync(string disk, string variables, string folder) =>
        RunAsync(
            folder,
            "-m",
            "256",
            "-drive",
            $"if=pflash,format=raw,readonly=on,file={BenchTools.Firmware}",
            "-drive",
            $"if=pflash,format=raw,snapshot=on,file={variables}",
            "-drive",
            $"file={disk},format=raw,if=virtio,snapshot=on"
        );

    /// <summary>
    /// Boots firmware from each of some disks: when the program of one has ended with an error, the firmware starts the boot
    /// manager of the next, so that it comes up once for all of them. They stay as they are.
    /// </summary>
    /// <returns>What was said from the start of each disk's boot manager to its end; nothing where none was started.</returns>
    public static async Task<IReadOnlyList<string>> BootEachAsync(
        IReadOnlyList<string> disks,
        string variables,
        string folder
    )
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan(disks.Count, MostDisks);
        string last = Path.Combine(folder, Guid.NewGuid().ToString("N"));
        await BenchDisk.WriteAsync(
            last,
            new Dictionary<string, byte[]> { ["EFI/BOOT/BOOTX64.EFI"] = EfiProgram.PowerOff() },
            4 << 20
        );
        string[] drives =
        [
            .. disks
                .Append(last)
                .SelectMany(
                    (disk, i) =>
                        (string[])
                            [
                                "-drive",
                                $"if=none,id=d{i},file={disk},format=raw,snapshot=on",
                                "-device",
                                $"virtio-blk-pci,drive=d{i},addr={FirstSlot + i:x}",
                            ]
                ),
        ];
        string serial = await RunAsync(
            folder,
            null,
            s_limit + (disks.Count * s_perDisk),
            [
                // Time is counted in instructions: where the boot manager waits, so that an error can be read, nobody does.
                "-icount",
                "shift=8,sleep=off",
                "-m",
                "256",
                "-drive",
                $"if=pflash,format=raw,readonly=on,file={BenchTools.Firmware}",
                "-drive",
                $"if=pflash,format=raw,snapshot=on,file={variables}",
                .. drives,
            ]
        );
        File.Delete(last);
        return
        [
            .. disks.Select(
                (_, i) => Said(serial, string.Create(CultureInfo.InvariantCulture, $"Pci(0x{FirstSlot + i:X},0x0)"))
            ),
        ];
    }

    private static string Said(string serial, string device)
    {
        string[] lines = serial.ReplaceLineEndings("\n").Split('\n');
        return string.Join(
            '\n',
            lines
                .SkipWhile(l =>
                    !(
                        l.Contains("BdsDxe: starting", StringComparison.Ordinal)
                        && l.Contains(device, StringComparison.Ordinal)
                    )
                )
                .TakeWhile((l, i) => i == 0 || !l.Contains("BdsDxe:", StringComparison.Ordinal))
        );
    }

    /// <summary>Boots a kernel with a disk, every write to which is recorded.</summary>
    public static Task<string> RunGuestAsync(string disk, string log, byte[] initramfs, string folder)
    {
        string initrd = Path.Combine(folder, "initrd");
        File.WriteAllBytes(initrd, initramfs);
        File.WriteAllBytes(log, []);
        return RunAsync(
            folder,
            "-m",
            "384",
            "-kernel",
            BenchTools.Kernel,
            "-initrd",
            initrd,
            "-append",
            "console=ttyS0 quiet panic=-1 no_timer_check",
            "-blockdev",
            $"driver=file,filename={disk},node-name=file0",
            "-blockdev",
            "driver=raw,file=file0,node-name=raw0",
            "-blockdev",
            $"driver=file,filename={log},node-name=log0",
            "-blockdev",
            "driver=blklogwrites,node-name=disk0,file=raw0,log=log0,log-sector-size=512",
            "-device",
            "virtio-blk-pci,drive=disk0"
        );
    }

    /// <summary>Boots a kernel with disks, none of which it changes for good.</summary>
    public static Task<string> ReadGuestAsync(IEnumerable<string> disks, byte[] initramfs, string folder)
    {
        string initrd = Path.Combine(folder, "initrd");
        File.WriteAllBytes(initrd, initramfs);
        string[] drives =
        [
            .. disks.SelectMany(d => (string[])["-drive", $"file={d},format=raw,if=virtio,snapshot=on"]),
        ];
        return RunAsync(
            folder,
            [
                "-m",
                "384",
                "-kernel",
                BenchTools.Kernel,
                "-initrd",
                initrd,
                "-append",
                "console=ttyS0 quiet panic=-1 no_timer_check",
                .. drives,
            ]
        );
    }

    /// <summary>Boots a kernel with a disk, and kills the whole machine some time after it has said a word.</summary>
    public static Task<string> KillGuestAsync(string disk, byte[] initramfs, string word, TimeSpan delay, string folder)
    {
        string initrd = Path.Combine(folder, "initrd");
        File.WriteAllBytes(initrd, initramfs);
        return RunAsync(
            folder,
            async (serial, ct) =>
            {
                while (
                    !(
                        File.Exists(serial)
                        && (await File.ReadAllTextAsync(serial, ct)).Contains(word, StringComparison.Ordinal)
                    )
                )
                    await Task.Delay(5, ct);
                await Task.Delay(delay, ct);
            },
            s_limit,
            "-m",
            "384",
            "-kernel",
            BenchTools.Kernel,
            "-initrd",
            initrd,
            "-append",
            "console=ttyS0 quiet panic=-1 no_timer_check",
            "-drive",
            $"file={disk},format=raw,if=virtio"
        );
    }

    private static Task<string> RunAsync(string folder, params string[] arguments) =>
        RunAsync(folder, null, s_limit, arguments);

    private static async Task<string> RunAsync(
        string folder,
        Func<string, CancellationToken, Task>? killWhen,
        TimeSpan longest,
        params string[] arguments
    )
    {
        string serial = Path.Combine(folder, Guid.NewGuid().ToString("N"));
        var start = new ProcessStartInfo(BenchTools.Qemu)
        {
            RedirectStandardError = true,
            RedirectStandardOutput = true,
        };
        foreach (
            string argument in (string[])
                ["-accel", "tcg", "-nodefaults", "-nographic", "-no-reboot", "-serial", $"file:{serial}", .. arguments]
        )
            start.ArgumentList.Add(argument);
        using var process = Process.Start(start)!;
        Task<string> errors = process.StandardError.ReadToEndAsync(CancellationToken.None);
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        limit.CancelAfter(longest);
        try
        {
            Task exited = process.WaitForExitAsync(limit.Token);
            if (killWhen is not null && await Task.WhenAny(killWhen(serial, limit.Token), exited) != exited)
                process.Kill();
            await exited;
        }
        catch (OperationCanceledException)
        {
            process.Kill();
            await process.WaitForExitAsync(CancellationToken.None);
        }

        string output = await File.ReadAllTextAsync(serial, CancellationToken.None);
        return output + await errors;
    }
}
