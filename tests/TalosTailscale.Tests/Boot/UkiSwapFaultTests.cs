using TalosTailscale.Core.Boot.NodeShell;
using TalosTailscale.Lab;
using TalosTailscale.Lab.Images;
using TalosTailscale.Tests.Engine;
using static TalosTailscale.Tests.Boot.UkiSwapLabTests;

namespace TalosTailscale.Tests.Boot;

/// <summary>The lab's faults by their names, under the cmdlet: what a user reads, and what is left.</summary>
public class UkiSwapFaultTests
{
    [Theory]
    [InlineData("PodSecurity", null, "PodSecurityRefused", "violates PodSecurity")]
    [InlineData("UnpullableImage", PodNodeShell.DefaultImage, "PodImageUnavailable", PodNodeShell.DefaultImage)]
    [InlineData("MissingRight", "create pods", "KubernetesForbidden", "'create' on 'pods'")]
    [InlineData("MissingRight", null, "KubernetesForbidden", "'pods/exec'")]
    [InlineData("KilledShell", null, "ShellMachineUnknown", "exit code 137")]
    [InlineData("FullEsp", null, "EspFull", "bytes")]
    [InlineData("ReadOnlyEsp", null, "EspReadOnly", "read-only")]
    [InlineData("EvictedPod", "100000", "PodEvicted", "low on resource")]
    public async Task A_swap_that_cannot_be_done_says_why_and_leaves_every_boot_entry_as_it_was(
        string fault,
        string? value,
        string errorId,
        string words
    )
    {
        Assert.SkipWhen(
            fault == "ReadOnlyEsp" && Environment.IsPrivilegedProcess && !File.Exists("/usr/bin/setpriv"),
            "setpriv is not installed, and root may write anything"
        );
        var options = new LabOptions();
        options.Faults.Add(LabFault.Find(fault)!.On(null, value));
        await using LabSession lab = await StartAsync(options);
        string uki = Write(lab, new LabUkiSpec { Size = 400_000 }, "Talos-v1.12.4.efi");
        var before = Contents(lab);

        PowerShellResult result = lab.Invoke("param($p) Invoke-UkiSwap ampone -Path $p -Confirm:$false", ("p", uki));

        Assert.Contains(words, result.AssertError(errorId).Exception.Message, StringComparison.Ordinal);
        Assert.Empty(result.Output);
        AssertNoPod(lab);
        // A shell that is gone cannot take back what it staged; that is no boot entry, and the user is told of it.
        string[] staged = [.. Contents(lab).Keys.Except(before.Keys)];
        Assert.Equal(before, Contents(lab).Where(f => !staged.Contains(f.Key)));
        Assert.Equal(fault == "EvictedPod", staged.Length > 0);
        Assert.All(staged, name =>
        {
            Assert.DoesNotMatch("(?i)[.]efi$", name);
            if (name.Contains(".new-", StringComparison.Ordinal))
                Assert.Contains(result.Warnings, w => w.Contains(Path.GetFileName(name), StringComparison.Ordinal));
        });
    }

    [Fact]
    public async Task A_transfer_that_is_cut_is_finished_all_the_same()
    {
        var options = new LabOptions();
        options.Faults.Add(LabFault.CutTransfer.On(null, "100000"));
        await using LabSession lab = await StartAsync(options);
        string uki = Write(lab, new LabUkiSpec { Size = 400_000 }, "Talos-v1.12.4.efi");

        UkiSwapResult swap = lab.Invoke("param($p) Invoke-UkiSwap ampone -Path $p -Confirm:$false", ("p", uki))
            .Single<UkiSwapResult>();

        Assert.True(swap.Changed && swap.Checks.All(c => c.Passed == true), string.Join("; ", swap.Checks));
        string linux = Path.Combine(lab.Lab.Node("ampone").EspDirectory, "EFI", "Linux");
        Assert.Equal(
            [swap.BootedEntry, swap.Backup],
            Directory.GetFiles(linux).Select(f => Path.GetFileName(f)).Order(StringComparer.Ordinal)
        );
        AssertNoPod(lab);
    }
}
