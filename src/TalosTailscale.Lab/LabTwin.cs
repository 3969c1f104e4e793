using TalosTailscale.Lab.Kubernetes;

namespace TalosTailscale.Lab;

/// <summary>
/// A second cluster whose nodes have the names and addresses of the first's, and whose secrets, certificate authorities
/// and machines are others: what somebody has who builds every site by one recipe.
/// </summary>
internal sealed class LabTwin : ILabPart
{
    private const string Context = "admin@twin";

    private LabCluster? _first;

    internal LabCluster? Cluster { get; private set; }

    public async Task StartAsync(LabCluster cluster, CancellationToken cancellationToken)
    {
        if (!cluster.Options.Twin)
            return;
        _first = cluster;
        var options = LabShape.Options(cluster.Options.Shapes.Where(shape => shape != LabShape.TwinCluster));
        options.Nodes = cluster.Options.Nodes;
        options.TalosVersion = cluster.Options.TalosVersion;
        options.BootTime = cluster.Options.BootTime;
        options.TimeProvider = cluster.Options.TimeProvider;
        options.Folder = Path.Combine(cluster.Folder, "twin");
        Cluster = await LabCluster.StartAsync(options, cancellationToken);
    }

    // The operator's mistake: the kubeconfig knows both clusters, and its current context is the other one.
    public void AddClientFiles(LabClientFiles files)
    {
        if (Cluster is null)
            return;
        var here = _first!.Part<LabKubernetesPart>()!.AdminKubeconfig;
        var there = Cluster
            .Part<LabKubernetesPart>()!
            .AdminKubeconfig.Replace("admin@lab", Context, StringComparison.Ordinal)
            .Replace("name: lab", "name: twin", StringComparison.Ordinal)
            .Replace("cluster: lab", "cluster: twin", StringComparison.Ordinal);
        files.AddFile("kubeconfig", Join(there, here), "KUBECONFIG");
        var talos = Cluster.Part<Talos.LabTalosApi>()!;
        files.AddFile("talosconfig-twin", talos.TalosConfig());
    }

    public ValueTask DisposeAsync() => Cluster?.DisposeAsync() ?? ValueTask.CompletedTask;

    // Each list of the first text gets the items of the same list of the second; the first's current context stays.
    private static string Join(string first, string second)
    {
        var more = Sections(second);
        return string.Concat(
            Sections(first)
                .Select(s =>
                    s.Key is "clusters" or "users" or "contexts"
                        ? s.Value + more[s.Key][(more[s.Key].IndexOf('\n', StringComparison.Ordinal) + 1)..]
                        : s.Value
                )
        );
    }

    private static Dictionary<string, string> Sections(string yaml)
    {
        var sections = new Dictionary<string, string>(StringComparer.Ordinal);
        var key = "";
        foreach (var line in yaml.Split('\n', StringSplitOptions.RemoveEmptyEntries))
        {
            if (char.IsAsciiLetter(line[0]))
                key = line[..line.IndexOf(':', StringComparison.Ordinal)];
            sections[key] = sections.GetValueOrDefault(key) + line + "\n";
        }

        return sections;
    }
}
