using TalosTailscale.Core.Boot.Swap;
using TalosTailscale.Core.Kubernetes;
using TalosTailscale.Core.Reporting;
using TalosTailscale.Core.Talos;
using TalosTailscale.Lab;
using TalosTailscale.Lab.Images;
using TalosTailscale.Lab.Kubernetes;
using TalosTailscale.Tests.Lab.Talos;

namespace TalosTailscale.Tests.Boot;

/// <summary>What a node and its cluster say is what the gates get; where an older Talos says less, its loader says it.</summary>
public sealed class SwapFactsReaderTests
{
    [Fact]
    public async Task What_a_node_says_is_what_the_gates_get()
    {
        await using TalosLab lab = await StartAsync("v1.12.4", node =>
            node with
            {
                Extensions = ["siderolabs/tailscale"],
                SecureBoot = true,
                IsSealed = node.Name == "ampone",
            }
        );

        SwapNodeFacts facts = await ReadAsync(lab, "ampone");

        Assert.Equal((TalosArchitecture.Arm64, "v1.12.4"), (Of(facts.Architecture), Of(facts.TalosVersion)));
        Assert.Equal(["tailscale"], Of(facts.Extensions));
        Assert.Equal(64, Of(facts.SchematicId).Length);
        Assert.Equal(["STATE"], Of(facts.SealedVolumes));
        Assert.Equal(LabSigningKeys.Factory.PcrFingerprint, Of(facts.PcrKeyFingerprint));
        Assert.Equal(lab.Cluster.Node("ampone").BootedEntry, Of(facts.BootedEntry));
        Assert.Equal("machine.kubelet.nodeIP.validSubnets", facts.NodeSubnetsPlace);
        Assert.Empty(Of((await ReadAsync(lab, "altra")).SealedVolumes));
    }

    // Talos before 1.10 does not say that it was booted with a UKI, nor before 1.11 with which: the loader's variable does.
    [Fact]
    public async Task An_older_node_is_asked_by_the_variable_of_its_loader()
    {
        await using TalosLab lab = await StartAsync("v1.9.5", node => node);

        SwapNodeFacts facts = await ReadAsync(lab, "ampone");

        Assert.True(Of(facts.BootedWithUki));
        Assert.Equal(lab.Cluster.Node("ampone").LoaderVariables.Selected, Of(facts.BootedEntry));
    }

    [Fact]
    public async Task Only_control_planes_that_are_Ready_count()
    {
        await using TalosLab lab = await StartAsync("v1.12.4", node => node);
        lab.Cluster.Node("altra").Change(node => node.IsKubernetesReady = false);

        SwapNodeFacts facts = await ReadAsync(lab, "ampone");

        Assert.Equal((2, 1), (Of(facts.OtherControlPlanes), Of(facts.OtherReadyControlPlanes)));
    }

    // What is staged counts from the next boot on, what is active until then: a LAN is left alone only by both.
    [Fact]
    public async Task A_LAN_is_left_alone_by_both_configurations_or_not_at_all()
    {
        await using TalosLab lab = await StartAsync("v1.12.4", node => node);
        string text = lab.Cluster.Node("ampone").ActiveConfig.Text + GateLab.Service;
        await lab.ApplyAsync("ampone", text);
        await lab.ApplyAsync("ampone", text + "  - TS_EXTRA_ARGS=--netfilter-mode=nodivert\n", TalosApplyMode.Staged);

        SwapNodeFacts staged = await ReadAsync(lab, "ampone");
        await lab.RebootAsync("ampone", node => node.IsApiUp);
        SwapNodeFacts booted = await ReadAsync(lab, "ampone");

        Assert.Equal((false, true), (Of(staged.LeavesLan), Of(booted.LeavesLan)));
    }

    private static Task<TalosLab> StartAsync(string version, Func<LabNodeOptions, LabNodeOptions> change) =>
        TalosLab.StartAsync(
            new LabOptions { TalosVersion = version, Nodes = [.. LabNodeOptions.Runbook.Select(change)] }
        );

    private static async Task<SwapNodeFacts> ReadAsync(TalosLab lab, string node)
    {
        using var kubernetes = KubernetesConnection.FromBytes(
            System.Text.Encoding.UTF8.GetBytes(lab.Cluster.Part<LabKubernetesPart>()!.AdminKubeconfig),
            "test"
        );
        return await SwapFactsReader.ReadAsync(lab.Client(node), kubernetes, SilentReporter.Instance, TalosLab.Stop);
    }

    private static T Of<T>(Fact<T> fact)
        where T : notnull => fact.TryGet(out T? value) ? value : throw new InvalidOperationException($"{fact.Loss}");
}
