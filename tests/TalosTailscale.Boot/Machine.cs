using System.Diagnostics;

namespace TalosTailscale.Boot;

/// <summary>Runs QEMU, plain emulation, until the guest powers off, and gives back what it wrote to its serial port.</summary>
internal static class Machine
{
    // A guest that hangs at a prompt is killed; emulation on a busy machine is slow.
    private static readonly TimeSpan s_limit = TimeSpan.FromMinutes(2);

    /// <summary>Boots firmware from a disk, which stays as it is.</summary>
    public static Task<string> BootFirmwareAsync(string disk, string variables, string folder) => RunAsync(
        folder,
        "-m", "256",
        "-drive", $"if=pflash,format=raw,readonly=on,file={BenchTools.Firmware}",
        "-drive", $"if=pflash,format=raw,snapshot=on,file={variables}",
        "-drive", $"file={disk},format=raw,if=virtio,snapshot=on");

    /// <summary>Boots a kernel with a disk, every write to which is recorded.</summary>
    public static Task<string> RunGuestAsync(string disk, string log, byte[] initramfs, string folder)
    {
        string initrd = Path.Combine(folder, "initrd");
        File.WriteAllBytes(initrd, initramfs);
        File.WriteAllBytes(log, []);
        return RunAsync(
            folder,
            "-m", "384", "-kernel", BenchTools.Kernel, "-initrd", initrd, "-append", "console=ttyS0 quiet panic=-1",
            "-blockdev", $"driver=file,filename={disk},node-name=file0", "-blockdev", "driver=raw,file=file0,node-name=raw0",
            "-blockdev", $"driver=file,filename={log},node-name=log0",
            "-blockdev", "driver=blklogwrites,node-name=disk0,file=raw0,log=log0,log-sector-size=512",
            "-device", "virtio-blk-pci,drive=disk0");
    }

    private static async Task<string> RunAsync(string folder, params string[] arguments)
    {
        string serial = Path.Combine(folder, Guid.NewGuid().ToString("N"));
        var start = new ProcessStartInfo(BenchTools.Qemu) { RedirectStandardError = true, RedirectStandardOutput = true };
        foreach (string argument in (string[])["-accel", "tcg", "-nodefaults", "-nographic", "-no-reboot", "-serial", $"file:{serial}", .. arguments])
            start.ArgumentList.Add(argument);
        using var process = Process.Start(start)!;
        Task<string> errors = process.StandardError.ReadToEndAsync(CancellationToken.None);
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        limit.CancelAfter(s_limit);
        try
        {
            await process.WaitForExitAsync(limit.Token);
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
