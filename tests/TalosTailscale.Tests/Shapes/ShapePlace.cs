using System.Management.Automation;
using TalosTailscale.Lab;
using TalosTailscale.Lab.Images;
using TalosTailscale.Lab.Talos;
using TalosTailscale.Tests.Boot;
using TalosTailscale.Tests.Engine;
using TalosTailscale.Tests.Talos;

namespace TalosTailscale.Tests.Shapes;

/// <summary>
/// A lab of some shapes as its operator finds it, and what he puts right after a refusal: another talosconfig, the other
/// context of the kubeconfig, the machine that is off.
/// </summary>
internal sealed class ShapePlace : IAsyncDisposable
{
    // What a LAN in the range of tailnets needs, as the error advises.
    private const string LeavesLan = "  - TS_EXTRA_ARGS=--netfilter-mode=nodivert";

    private readonly LabSession _session;
    private readonly IReadOnlyList<LabShape> _shapes;
    private readonly MovableClock _clock;

    private ShapePlace(LabSession session, IReadOnlyList<LabShape> shapes, MovableClock clock)
    {
        (_session, _shapes, _clock) = (session, shapes, clock);
        var state = session.Session.Runspace.SessionStateProxy;
        state.SetVariable("uki", UkiSwapLabTests.Write(session, new LabUkiSpec(), "Talos-v1.12.4.efi"));
        state.SetVariable("key", session.KeyReference);
        state.SetVariable("state", Path.Combine(session.Client.Folder, "state"));
        state.SetVariable("folder", session.Client.Folder);
    }

    internal LabCluster Lab => _session.Lab;

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    /// <summary>Whether anything is to be put right at all.</summary>
    internal bool HasWrongs =>
        _shapes
            .Intersect([
                LabShape.OperatorRole,
                LabShape.TwinCluster,
                LabShape.FiveControlPlanes,
                LabShape.KubernetesNamesDiffer,
                LabShape.LanInTailnetRange,
            ])
            .Any();

    internal static async Task<ShapePlace> StartAsync(IReadOnlyList<LabShape> shapes)
    {
        LabOptions options = LabShape.Options(shapes);
        options.BootTime = TimeSpan.FromMilliseconds(20);
        var clock = new MovableClock();
        options.TimeProvider = clock;
        return new ShapePlace(await LabSession.StartAsync(options), shapes, clock);
    }

    internal PowerShellResult Invoke(string script) => _session.Invoke(script);

    /// <summary>Minutes pass: who may not read boot ids tells boots apart by their time.</summary>
    internal void Wait() => _clock.Advance(TimeSpan.FromMinutes(2));

    /// <summary>As it is found.</summary>
    internal async Task FindAsync()
    {
        Default("TalosConfig", _session.Client.Environment["TALOSCONFIG"]);
        Default("KubeContext", null);
        if (_shapes.Contains(LabShape.KubernetesNamesDiffer))
            await WriteNamesAsync(node => LabNodeOptions.Five.First(one => one.Name == node.Name).KubernetesName, null);
        if (_shapes.Contains(LabShape.LanInTailnetRange))
            await WriteTemplatesAsync(leavesLan: false);
        if (Lab.FindNode("milan") is { IsApiUp: true } milan)
        {
            milan.Power.Off();
            await milan.WhenAsync(node => !node.IsApiUp, Stop);
        }
    }

    /// <summary>As it has to be.</summary>
    internal async Task PutRightAsync()
    {
        if (_shapes.Contains(LabShape.OperatorRole))
        {
            LabTalosApi api = Lab.Part<LabTalosApi>()!;
            string text = api.TalosConfig(api.Authority.IssueClient(["os:admin"]));
            string path = Path.Combine(Lab.Folder, "talosconfig-admin");
            await File.WriteAllTextAsync(path, text, Stop);
            Default("TalosConfig", path);
        }

        if (_shapes.Contains(LabShape.TwinCluster))
            Default("KubeContext", "admin@lab");
        if (_shapes.Contains(LabShape.KubernetesNamesDiffer))
            await WriteNamesAsync(node => node.Nodename, node => node.NodeId);
        if (_shapes.Contains(LabShape.LanInTailnetRange))
            await WriteTemplatesAsync(leavesLan: true);
        if (Lab.FindNode("milan") is { IsApiUp: false } milan)
        {
            milan.PowerCycle();
            await milan.WhenAsync(node => node is { IsReady: true, IsKubernetesReady: true }, Stop);
        }
    }

    /// <summary>Whether the inventory has the address at which a node lives.</summary>
    internal bool IsInInventory(string node) =>
        File.ReadAllText(Path.Combine(_session.Devices, node, "node.yaml"))
            .Contains(Lab.Node(node).Address, StringComparison.Ordinal);

    internal void Promote()
    {
        if (Lab.FindNode("rome") is { } learner)
            Lab.Etcd.Promote(learner);
    }

    /// <summary>Everything that a refusal must leave alone.</summary>
    internal string State() =>
        string.Join(
            '\n',
            Lab.Nodes.Concat(Lab.Twin?.Nodes ?? [])
                .Select(node =>
                    $"{node.Name} {node.BootId} {node.ActiveConfig.Text.GetHashCode(StringComparison.Ordinal)}"
                )
                .Concat(
                    Lab.Nodes.SelectMany(node =>
                        new DirectoryInfo(node.EspDirectory)
                            .EnumerateFiles("*", SearchOption.AllDirectories)
                            .Select(file => $"{file.FullName} {file.Length} {file.LastWriteTimeUtc.Ticks}")
                    )
                )
                .Order(StringComparer.Ordinal)
        );

    public ValueTask DisposeAsync() => _session.DisposeAsync();

    // What the nodes are called and, as the advice says, who they are.
    private async Task WriteNamesAsync(Func<LabNode, string> name, Func<LabNode, string>? id)
    {
        foreach (LabNode node in Lab.Nodes)
        {
            string path = Path.Combine(_session.Devices, node.Name, "node.yaml");
            IEnumerable<string> lines = (await File.ReadAllLinesAsync(path, Stop)).Where(line =>
                !line.StartsWith("kubernetesName:", StringComparison.Ordinal)
                && !line.StartsWith("nodeId:", StringComparison.Ordinal)
            );
            await File.WriteAllLinesAsync(
                path,
                [.. lines, $"kubernetesName: {name(node)}", .. id is null ? [] : (string[])[$"nodeId: {id(node)}"]],
                Stop
            );
        }
    }

    private async Task WriteTemplatesAsync(bool leavesLan)
    {
        foreach (
            string path in Directory.EnumerateFiles(_session.Devices, "*.template.yaml", SearchOption.AllDirectories)
        )
        {
            IEnumerable<string> lines = (await File.ReadAllLinesAsync(path, Stop)).Where(line => line != LeavesLan);
            if (leavesLan)
                lines = lines.SelectMany(line => line == "environment:" ? [line, LeavesLan] : (string[])[line]);
            await File.WriteAllLinesAsync(path, lines, Stop);
        }
    }

    private void Default(string parameter, string? value)
    {
        var defaults = (DefaultParameterDictionary)
            _session.Session.Runspace.SessionStateProxy.GetVariable("PSDefaultParameterValues");
        defaults.Remove("*:" + parameter);
        if (value is not null)
            defaults.Add("*:" + parameter, value);
    }
}
