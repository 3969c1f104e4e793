using System.Management.Automation;
using TalosTailscale.Lab;
using TalosTailscale.Lab.Images;
using TalosTailscale.Tests.Boot;
using TalosTailscale.Tests.Engine;

namespace TalosTailscale.Tests.Feel;

/// <summary>What a refusal for the state of a node or of its neighbours advises, followed to the letter, works.</summary>
public class NodeAdviceTests
{
    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("another is brought up")]
    [InlineData("the outage is accepted")]
    public async Task Without_another_control_plane_a_swap_waits_for_one_or_accepts_the_outage(string way)
    {
        await using LabSession lab = await UkiSwapLabTests.StartAsync();
        LabNode[] others = [lab.Lab.Node("ryzen"), lab.Lab.Node("altra")];
        foreach (LabNode other in others)
            KubeletRuns(other, false);
        LabNode ampone = lab.Lab.Node("ampone");
        Guid boot = ampone.BootId;

        ErrorRecord refused = Swap(lab, "-Reboot").AssertError("LastControlPlane");
        Assert.Contains("Bring another control plane up", Advice(refused), StringComparison.Ordinal);
        Assert.Contains("-SkipGate ControlPlane, Quorum", Advice(refused), StringComparison.Ordinal);

        if (way == "another is brought up")
            KubeletRuns(others[0], true);
        Swap(lab, way == "another is brought up" ? "-Reboot" : "-Reboot -SkipGate ControlPlane, Quorum")
            .AssertNoErrors();
        await ampone.WhenAsync(node => node.BootId != boot, Stop);
    }

    [Fact]
    public async Task A_rollout_goes_on_when_the_other_control_plane_is_back()
    {
        await using LabSession lab = await LabSession.StartAsync();
        LabNode altra = lab.Lab.Node("altra");
        KubeletRuns(altra, false);

        ErrorRecord refused = Install(lab).AssertError("ControlPlaneNotReady");
        Assert.Contains("talos-192-168-1-85", refused.Exception.Message, StringComparison.Ordinal);
        Assert.Contains("Test-TsNode names what is wrong", Advice(refused), StringComparison.Ordinal);

        KubeletRuns(altra, true);
        Install(lab).AssertNoErrors();
    }

    // A firmware that fails the write of the variable: the new UKI is there as ~1, and what boots next is the old one.
    [Fact]
    public async Task An_upgrade_that_the_firmware_stopped_is_ended_by_promoting_its_file()
    {
        await using LabSession lab = await UkiSwapLabTests.StartAsync(
            new LabOptions { Faults = { LabFault.EfivarsIoError.On("ampone") } }
        );

        ErrorRecord refused = lab.Invoke(
                "Save-TalosImage -Node ampone -Kind Installer -Confirm:$false | Update-TalosNode -Wait -Confirm:$false"
            )
            .AssertError("UpgradeNotRunning");
        Assert.Contains("Get-TalosEsp shows", Advice(refused), StringComparison.Ordinal);
        Assert.Contains("'Invoke-UkiSwap -Promote -Reboot -Wait'", Advice(refused), StringComparison.Ordinal);
        EspInfo esp = lab.Invoke("Get-TalosEsp ampone").Single<EspInfo>();
        Assert.Contains(esp.Files, file => file.Name == "Talos-v1.12.4~1.efi" && !file.BootsNext);

        lab.Invoke("'ampone' | Invoke-UkiSwap -Promote -Reboot -Wait -Confirm:$false").AssertNoErrors();
        Assert.Contains(lab.Lab.Node("ampone").Extensions, extension => extension.Name == "tailscale");
    }

    [Fact]
    public async Task What_names_another_entry_is_seen_and_the_swap_goes_on_without_it()
    {
        await using LabSession lab = await UkiSwapLabTests.StartAsync();
        LabNode ampone = lab.Lab.Node("ampone");
        string linux = Path.Combine(ampone.EspDirectory, "EFI", "Linux");
        string booted = Directory.GetFiles(linux).Single();
        string other = Path.Combine(linux, "Talos-v1.12.4~1.efi");
        File.Copy(booted, other);
        ampone.LoaderVariables["LoaderEntryOneShot"] = "talos-v1.12.4~1.efi";

        ErrorRecord refused = Swap(lab, "").AssertError("NextBootIsAnother");
        Assert.Contains("'Get-TalosEsp'", Advice(refused), StringComparison.Ordinal);
        Assert.Contains("-Promote", Advice(refused), StringComparison.Ordinal);

        EspInfo esp = lab.Invoke("Get-TalosEsp ampone").Single<EspInfo>();
        Assert.Equal("OneShotVariable", esp.NextBoot.Reason.ToString());
        ampone.LoaderVariables.OneShot = null;
        Swap(lab, "").AssertNoErrors();
    }

    [Fact]
    public async Task A_node_that_no_UKI_booted_is_upgraded_instead()
    {
        await using LabSession lab = await UkiSwapLabTests.StartAsync(
            Nodes(node => node with { BootsWithUki = false })
        );

        ErrorRecord refused = Swap(lab, "").AssertError("NodeNotUkiBooted");
        Assert.Equal("Use Update-TalosNode for this node.", Advice(refused));

        lab.Invoke(
                "Save-TalosImage -Node ampone -Kind Installer -Confirm:$false | Update-TalosNode -Wait -Confirm:$false"
            )
            .AssertNoErrors();
        Assert.Contains(lab.Lab.Node("ampone").Extensions, extension => extension.Name == "tailscale");
    }

    [Fact]
    public async Task For_sealed_volumes_the_image_comes_from_the_same_factory()
    {
        await using LabSession lab = await UkiSwapLabTests.StartAsync(
            Nodes(node => node with { SecureBoot = true, IsSealed = true })
        );

        ErrorRecord refused = Swap(lab, "", new LabUkiSpec { SecureBoot = true, Keys = LabSigningKeys.Other })
            .AssertError("UkiPcrKeyMismatch");
        Assert.Contains("from the same Image Factory", Advice(refused), StringComparison.Ordinal);

        lab.Invoke(
                "Save-TalosImage -Node ampone -Kind Uki -Confirm:$false | Invoke-UkiSwap ampone -Reboot -Wait -Confirm:$false"
            )
            .AssertNoErrors();
    }

    [Theory]
    [InlineData("Restart-TalosNode ryzen -Confirm:$false", "-Force")]
    [InlineData("Invoke-UkiSwap ryzen -Path $p -Reboot -Confirm:$false", "-SkipGate Quorum")]
    public async Task A_node_that_is_no_member_of_its_etcd_is_restarted_as_it_says(string command, string way)
    {
        await using LabSession lab = await UkiSwapLabTests.StartAsync();
        LabNode ryzen = lab.Lab.Node("ryzen");
        ulong id = lab.Lab.Etcd.Members.Single(member => member.Hostname == ryzen.Hostname).Id;
        lab.Lab.Etcd.Change(id, member => member with { OwnWord = (0xdead, false) });
        Guid boot = ryzen.BootId;
        (string, object?) uki = (
            "p",
            UkiSwapLabTests.Write(lab, new LabUkiSpec { Architecture = TalosArchitecture.Amd64 }, "Talos-v1.12.4.efi")
        );

        PowerShellResult result = lab.Invoke("param($p) " + command, uki);
        ErrorRecord refused = result.Errors[0];
        Assert.Contains("is none of the members", refused.Exception.Message, StringComparison.Ordinal);
        Assert.Contains("Get-TalosEtcdMember", Advice(refused), StringComparison.Ordinal);
        Assert.Contains(way, Advice(refused), StringComparison.Ordinal);
        Assert.Equal(boot, ryzen.BootId);

        lab.Invoke("Get-TalosEtcdMember ampone").AssertNoErrors();
        lab.Invoke($"param($p) {command} {way}", uki).AssertNoErrors();
        await ryzen.WhenAsync(node => node.BootId != boot, Stop);
    }

    private static LabOptions Nodes(Func<LabNodeOptions, LabNodeOptions> change) =>
        new() { Nodes = [.. LabNodeOptions.Runbook.Select(change)] };

    private static void KubeletRuns(LabNode node, bool runs) => node.Change(one => one.IsKubernetesReady = runs);

    private static string Advice(ErrorRecord error) => error.ErrorDetails.RecommendedAction;

    private static PowerShellResult Install(LabSession lab) =>
        lab.Invoke(
            "param($k, $s) Install-TsNode ampone -AuthKeyReference $k -StateFolder $s -Confirm:$false",
            ("k", lab.KeyReference),
            ("s", Path.Combine(lab.Client.Folder, "state"))
        );

    private static PowerShellResult Swap(LabSession lab, string options, LabUkiSpec? uki = null) =>
        lab.Invoke(
            "param($p) Invoke-UkiSwap ampone -Path $p -Confirm:$false " + options,
            ("p", UkiSwapLabTests.Write(lab, uki ?? new LabUkiSpec(), "Talos-v1.12.4.efi"))
        );
}
