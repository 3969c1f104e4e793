using System.Text;
using TalosTailscale.Core.Talos;
using TalosTailscale.Lab;
using TalosTailscale.Lab.Pki;
using TalosTailscale.Lab.Talos;

namespace TalosTailscale.Tests.Lab.Talos;

/// <summary>A lab and the module's client on it, with connections of its own.</summary>
internal sealed class TalosLab : IAsyncDisposable
{
    private readonly TalosConnections _connections = new();

    private TalosLab(LabCluster cluster) => Cluster = cluster;

    public LabCluster Cluster { get; }

    public LabTalosApi Api => Cluster.Part<LabTalosApi>()!;

    public static CancellationToken Stop => TestContext.Current.CancellationToken;

    public static async Task<TalosLab> StartAsync(LabOptions? options = null) =>
        new(await LabCluster.StartAsync(options ?? new LabOptions(), Stop));

    public static Task<TalosLab> StartAsync(params LabFaultSetting[] faults)
    {
        var options = new LabOptions();
        foreach (var fault in faults)
            options.Faults.Add(fault);
        return StartAsync(options);
    }

    public TalosClient Connect(LabCertificate? certificate = null, params string[] endpoints) =>
        TalosClient.Connect(
            TalosConfigFile.Parse(Api.TalosConfig(certificate, endpoints.Length > 0 ? endpoints : null)).Context(),
            Patient with
            {
                Connections = _connections,
            }
        );

    /// <summary>Times that a busy machine keeps; what is to fail by time sets its own.</summary>
    public static TalosClientOptions Patient { get; } =
        new()
        {
            ConnectTimeout = TimeSpan.FromMinutes(2),
            CallTimeout = TimeSpan.FromMinutes(2),
            StallTimeout = TimeSpan.FromMinutes(2),
        };

    public TalosNodeClient Client(string name) => Connect().Node(Cluster.Node(name).Address);

    public Task<TalosApplyResult> ApplyAsync(
        string name,
        string text,
        TalosApplyMode mode = TalosApplyMode.NoReboot,
        bool dryRun = false
    ) => Client(name).ApplyConfigurationAsync(Encoding.UTF8.GetBytes(text), mode, dryRun, cancellation: Stop);

    /// <summary>Reboots and waits for the next boot to be what is asked.</summary>
    public async Task<LabNode> RebootAsync(string name, Func<LabNode, bool> until)
    {
        var node = Cluster.Node(name);
        var before = node.BootId;
        node.PowerCycle();
        await node.WhenAsync(n => n.BootId != before && until(n), Stop);
        return node;
    }

    public Task WriteUkiAsync(LabNode node, string fileName, bool halt = false, params string[] extensions) =>
        Cluster
            .Part<ILabUkiMaker>()!
            .WriteUkiAsync(
                new LabUkiRequest(node.TalosVersion, node.Architecture, extensions, SecureBoot: false, halt),
                Path.Combine(node.EspDirectory, "EFI", "Linux", fileName),
                Stop
            );

    public async ValueTask DisposeAsync()
    {
        await Cluster.DisposeAsync();
    }
}
