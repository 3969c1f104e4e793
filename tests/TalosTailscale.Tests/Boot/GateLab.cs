using TalosTailscale.Core.Boot;
using TalosTailscale.Core.Boot.Swap;
using TalosTailscale.Core.Kubernetes;
using TalosTailscale.Core.Reporting;
using TalosTailscale.Core.Talos;
using TalosTailscale.Lab;
using TalosTailscale.Lab.Kubernetes;
using TalosTailscale.Tests.Lab.Talos;

namespace TalosTailscale.Tests.Boot;

/// <summary>One lab for many questions: three control planes, of which one call at a time is answered with an error.</summary>
public sealed class GateLab : IAsyncLifetime
{
    internal const string Service =
        "---\napiVersion: v1alpha1\nkind: ExtensionServiceConfig\nname: tailscale\nenvironment:\n  - TS_AUTHKEY=tskey-auth-x\n";

    private TalosLab? _lab;
    private KubernetesConnection? _kubernetes;

    internal TalosLab Lab => _lab!;

    internal LabNode Node => Lab.Cluster.Node("ampone");

    internal TalosNodeClient Client => Lab.Client("ampone");

    internal LabKubernetesFaults KubernetesFaults => Lab.Cluster.Part<LabKubernetesPart>()!.Api.Faults;

    /// <inheritdoc/>
    public async ValueTask InitializeAsync()
    {
        _lab = await TalosLab.StartAsync();
        _kubernetes = KubernetesConnection.FromBytes(
            System.Text.Encoding.UTF8.GetBytes(Lab.Cluster.Part<LabKubernetesPart>()!.AdminKubeconfig),
            "test"
        );
        await Lab.ApplyAsync("ampone", Node.ActiveConfig.Text + Service);
    }

    /// <summary>Reads the node's facts, with Kubernetes or without, and judges by them before a restart.</summary>
    internal async Task<IReadOnlyList<UkiSwapGateResult>> JudgeAsync(bool kubernetes = true)
    {
        SwapNodeFacts facts = await SwapFactsReader.ReadAsync(
            Client,
            kubernetes ? _kubernetes : null,
            SilentReporter.Instance,
            TalosLab.Stop
        );
        SwapGateInput input = await GateBench.InputAsync(facts);
        return SwapGates.Evaluate(input, new HashSet<UkiSwapGate>());
    }

    /// <summary>While this is not disposed, the node answers one of its calls so.</summary>
    internal static IDisposable Failing(LabNode node, string call, (string Name, string Status, string Words) way)
    {
        node.Faults.Set(LabFault.CallFails, $"{call} {way.Status} {way.Words}");
        return new Healed(node);
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        _kubernetes?.Dispose();
        if (_lab is not null)
            await _lab.DisposeAsync();
    }

    private sealed class Healed(LabNode node) : IDisposable
    {
        public void Dispose() => node.Faults.Clear(LabFault.CallFails);
    }
}
