using TalosTailscale.Core.Inventory;
using TalosTailscale.Lab;
using TalosTailscale.Tests.Engine;

namespace TalosTailscale.Tests.Rollout;

public sealed class NodeDiscoveryTests
{
    [Fact]
    public async Task Proposals_read_back_equal_from_an_empty_folder()
    {
        await using LabSession lab = await LabSession.StartAsync();
        string folder = Path.Combine(lab.Client.Folder, "own");

        PowerShellResult result = lab.Invoke(
            "param($d) Get-TsNode -Discover -Inventory $d | Export-TsNode $d",
            ("d", Directory.CreateDirectory(folder).FullName)
        );

        result.AssertNoErrors();
        PowerShellResult again = lab.Invoke("param($d) Get-TsNode -Discover -Inventory $d", ("d", folder));
        IReadOnlyList<TsNodeProposal> proposals = again.OutputOf<TsNodeProposal>();
        Assert.Equal(
            ["talos-192-168-1-194", "talos-192-168-1-203", "talos-192-168-1-85"],
            proposals.Select(one => one.Name)
        );
        DeviceInventory inventory = DeviceInventory.Load(folder);
        Assert.Equal(proposals.Select(Facts), inventory.Nodes.Select(Facts));
        Assert.All(proposals, one => Assert.True(one.IsKnown));
        Assert.Equal(
            [TsActivation.Upgrade, TsActivation.UkiSwap, TsActivation.UkiSwap],
            proposals.Select(one => one.Activation)
        );
        Assert.All(proposals, one => Assert.Equal("/dev/nvme0n1p1", one.EspDevice));
        Assert.All(inventory.Nodes, node => Assert.NotNull(node.NodeId));

        // A second time there is nothing to write.
        PowerShellResult twice = lab.Invoke(
            "param($d) Get-TsNode -Discover -Inventory $d | Export-TsNode $d -PassThru",
            ("d", folder)
        );
        Assert.Empty(twice.Warnings);
        Assert.Equal(3, twice.OutputOf<TsNode>().Count);
    }

    [Fact]
    public async Task Names_of_the_inventory_are_kept_and_its_files_too()
    {
        await using LabSession lab = await LabSession.StartAsync();
        string node = Path.Combine(lab.Devices, "ampone", "node.yaml");
        string before = await File.ReadAllTextAsync(node, TestContext.Current.CancellationToken);

        PowerShellResult result = lab.Invoke(
            "param($d) Get-TsNode -Discover am* | Export-TsNode $d",
            ("d", lab.Devices)
        );
        result.AssertNoErrors();
        Assert.Contains(result.Warnings, line => line.Contains("-Force", StringComparison.Ordinal));
        Assert.Equal(before, await File.ReadAllTextAsync(node, TestContext.Current.CancellationToken));

        Assert.Equal(
            ["ampone"],
            lab.Invoke("param($d) Get-TsNode -Discover am* | Export-TsNode $d -Force -PassThru", ("d", lab.Devices))
                .OutputOf<TsNode>()
                .Select(one => one.Name)
        );
        Assert.Contains(
            lab.Lab.Node("ampone").NodeId,
            await File.ReadAllTextAsync(node, TestContext.Current.CancellationToken),
            StringComparison.Ordinal
        );
    }

    [Fact]
    public async Task What_if_writes_nothing()
    {
        await using LabSession lab = await LabSession.StartAsync();
        string folder = Path.Combine(lab.Client.Folder, "own");

        lab.Invoke("param($d) Get-TsNode -Discover | Export-TsNode $d -WhatIf", ("d", folder)).AssertNoErrors();

        Assert.False(Directory.Exists(folder));
    }

    [Fact]
    public async Task One_unknown_name_is_one_error_and_the_others_are_proposed()
    {
        await using LabSession lab = await LabSession.StartAsync();
        PowerShellResult result = lab.Invoke("Get-TsNode -Discover nobody, ryzen");

        result.AssertError("NodeNotFound");
        Assert.Equal(["ryzen"], result.OutputOf<TsNodeProposal>().Select(one => one.Name));
    }

    [Fact]
    public async Task The_proposed_files_do_for_the_runbook()
    {
        await using LabSession lab = await LabSession.StartAsync();
        string folder = Path.Combine(lab.Client.Folder, "own");

        PowerShellResult result = lab.Invoke(
            """
            param($d, $k)
            $null = Get-TsNode -Discover | Export-TsNode $d
            Get-TsNode -Inventory $d | New-TsExtensionServiceConfig -AuthKeyReference $k -PassThru | Set-TalosMachinePatch -Inventory $d -ServiceTimeout 0
            """,
            ("d", folder),
            ("k", lab.KeyReference)
        );

        result.AssertNoErrors();
        IReadOnlyList<MachinePatchResult> patched = result.OutputOf<MachinePatchResult>();
        Assert.Equal(3, patched.Count);
        Assert.All(patched, one => Assert.True(one.Applied));
        Assert.All(lab.Lab.Nodes, node =>
            Assert.Contains(
                "TS_HOSTNAME=" + DeviceInventory.Load(folder).Find(node.Address).Name,
                node.ActiveConfig.Text,
                StringComparison.Ordinal
            )
        );
    }

    private static string Facts(TsNodeProposal one) =>
        $"{one.Name} {one.Address} {one.Architecture} {one.KubernetesName} {one.Activation} {one.NodeId}";

    private static string Facts(TsNode one) =>
        $"{one.Name} {one.Address} {one.Architecture} {one.KubernetesName} {one.Activation} {one.NodeId}";
}
