using TalosTailscale.Core.Boot.Esp;
using TalosTailscale.Core.Boot.NodeShell;
using TalosTailscale.Core.Kubernetes;
using TalosTailscale.Core.Reporting;
using TalosTailscale.Tests.Kubernetes;

namespace TalosTailscale.Tests.Boot;

public class BusyEspTests
{
    private const string Device = "/dev/nvme0n1p1";

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    /// <summary>What runs on the node outlives a broken connection, and has the partition until it ends.</summary>
    [Fact]
    public async Task A_question_waits_until_who_writes_has_done()
    {
        await using var lab = await KubeLab.StartAsync();
        string esp = lab.Machines[1].Facts.EspDirectory!;
        using var connection = lab.Connect();
        await using var writer = await HelperPod.CreateAsync(connection, KubeLab.Spec(), Ct);
        await using var shell = await PodNodeShell.OpenAsync(
            KubeLab.AnyMachine,
            connection,
            KubeLab.Spec(),
            SilentReporter.Instance,
            Ct
        );
        Task<(int Code, string Output, string Errors)> writing = HelperPodTests.RunAsync(
            writer,
            ["sh", "-c", Write],
            null
        );
        await HelperPodTests.RunAsync(writer, ["sh", "-c", "until [ -e \"$TMPDIR/begun\" ]; do sleep 0.1; done"], null);

        var asked = new TaskCompletionSource();
        using var watcher = new FileSystemWatcher(esp + ".mounts", "ro.*") { EnableRaisingEvents = true };
        watcher.Created += (_, _) => asked.TrySetResult();
        Task<EspListing> listing = new EspVolume(new EspProgram(shell, SilentReporter.Instance), Device).ListAsync(
            hash: true,
            Ct
        );
        await asked.Task.WaitAsync(Ct);
        Assert.False(listing.IsCompleted);

        await HelperPodTests.RunAsync(writer, ["sh", "-c", "touch \"$TMPDIR/enough\""], null);
        EspListing there = await listing;
        Assert.Equal(0, (await writing).Code);
        Assert.Equal(EspFolder.Hash("after"u8.ToArray()), there.Find("written")?.Sha256);
    }

    private const string Write = """
        set -eu
        folder=$(mktemp -d "$TMPDIR/esp.$$.XXXXXX")
        mount -t vfat -o rw /dev/nvme0n1p1 "$folder"
        printf before >"$folder/EFI/Linux/written"
        touch "$TMPDIR/begun"
        until [ -e "$TMPDIR/enough" ]; do sleep 0.1; done
        printf after >"$folder/EFI/Linux/written"
        umount "$folder"
        """;
}
