using TalosTailscale.Lab;
using TalosTailscale.Tests.Engine;

namespace TalosTailscale.Tests.Runbook;

/// <summary>The runbook from rendering to validation over real sockets, as the tour of the rehearsal plays it.</summary>
public sealed class RunbookTests
{
    private const string RegistryImage = "registry.ide-newton.ts.net/lab/registry-smoketest:1";

    internal const string RenderAndPatch =
        "param($key) Get-TsNode | New-TsExtensionServiceConfig -AuthKeyReference $key -PassThru | Set-TalosMachinePatch";

    [Fact]
    public async Task The_whole_runbook_leaves_three_nodes_that_pass_every_check()
    {
        await using LabSession session = await LabSession.StartAsync();

        PowerShellResult patched = session.Invoke(RenderAndPatch, ("key", session.KeyReference));
        patched.AssertNoErrors();
        Assert.All(patched.OutputOf<MachinePatchResult>(), result => Assert.True(result.Changed));

        PowerShellResult swapped = session.Invoke(
            """
            param($folder)
            New-TalosSchematic -Extension siderolabs/tailscale |
                Save-TalosImage -Node ampone, altra -Kind Uki -Destination $folder |
                Invoke-UkiSwap -Reboot -Wait -Confirm:$false
            """,
            ("folder", session.Client.Folder)
        );
        swapped.AssertNoErrors();
        Assert.Equal(2, swapped.OutputOf<UkiSwapResult>().Count);

        PowerShellResult upgraded = session.Invoke(
            """
            New-TalosSchematic -Extension siderolabs/tailscale |
                Save-TalosImage -Node ryzen -Kind Installer | Update-TalosNode -Wait -Confirm:$false
            """
        );
        upgraded.AssertNoErrors();

        PowerShellResult checks = session.Invoke(
            "param($image) Get-TsNode | Test-TsNode -RegistryImage $image",
            ("image", RegistryImage)
        );
        checks.AssertNoErrors();
        IReadOnlyList<TsCheck> results = checks.OutputOf<TsCheck>();
        Assert.Equal(["altra", "ampone", "ryzen"], results.Select(check => check.Node).Distinct().Order());
        Assert.Empty(
            results
                .Where(check => check.Status == TsCheckStatus.Fail)
                .Select(check => $"{check} {check.Evidence} → {check.Fix}")
        );
        Assert.Contains(results, check => check.Status == TsCheckStatus.Pass);
        Assert.Empty(session.Pods);
    }

    [Fact]
    public async Task Applied_twice_the_patches_change_nothing_and_say_so()
    {
        await using LabSession session = await LabSession.StartAsync();
        session.Invoke(RenderAndPatch, ("key", session.KeyReference)).AssertNoErrors();
        List<string> before = [.. session.Lab.Nodes.Select(node => node.ActiveConfig.Text)];

        PowerShellResult again = session.Invoke(RenderAndPatch + " -Verbose", ("key", session.KeyReference));

        again.AssertNoErrors();
        Assert.All(again.OutputOf<MachinePatchResult>(), result => Assert.False(result.Changed));
        Assert.Equal(before, session.Lab.Nodes.Select(node => node.ActiveConfig.Text));
        Assert.Contains(again.Verbose, line => line.Contains("has all of it already", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Every_document_is_still_there_byte_for_byte_where_no_patch_touched_it()
    {
        await using LabSession session = await LabSession.StartAsync();
        LabNode node = session.Lab.Node("ampone");
        string before = node.ActiveConfig.Text;

        session.Invoke(RenderAndPatch, ("key", session.KeyReference)).AssertNoErrors();

        string[] untouched = Documents(before)[1..];
        Assert.True(untouched.Length >= 2, "The lab's config should have several documents.");
        Assert.All(untouched, document => Assert.Contains(document, node.ActiveConfig.Text, StringComparison.Ordinal));
        Assert.Equal(untouched.Length + 2, Documents(node.ActiveConfig.Text).Length);
    }

    private static string[] Documents(string config) =>
        config.Split("\n---\n", StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
}
