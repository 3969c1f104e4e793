namespace TalosTailscale.Lab.Nodes;

/// <summary>The machine configs of one node, active and on disk, and what the active one says.</summary>
internal sealed class LabConfigStore(LabNode node)
{
    private CancellationTokenSource? _tryMode;

    internal LabMachineConfig Active { get; private set; } = new("", 0);

    internal LabMachineConfig Persistent { get; private set; } = new("", 0);

    /// <summary>The documents of the active config.</summary>
    internal IReadOnlyList<LabConfigDocument> Documents { get; private set; } = [];

    internal LabConfigDocument Legacy => Documents.First(d => d.IsLegacy);

    internal LabConfigDocument? Find(string kind, string name = "") =>
        Documents.FirstOrDefault(d => d.Kind == kind && d.Name == name);

    /// <summary>The first config of the node's life.</summary>
    internal void Install(string text)
    {
        Documents = LabConfigReader.Read(text, node.Minor);
        Persistent = Active = new(text, 1);
    }

    /// <summary>At boot the config on disk comes into force.</summary>
    internal void Boot()
    {
        CancelTry();
        SetActive(Persistent.Text);
    }

    /// <summary>Writes to disk only; in force after the next reboot.</summary>
    internal void Stage(string text)
    {
        CancelTry();
        node.Change(_ => Persistent = Next(Persistent, text));
    }

    /// <summary>Writes to disk and puts into force.</summary>
    internal void Apply(string text)
    {
        CancelTry();
        node.Change(_ =>
        {
            Persistent = Next(Persistent, text);
            SetActive(text);
        });
        node.Tailscale.ConfigChanged();
    }

    /// <summary>Puts into force for a while; then what is on disk comes back.</summary>
    internal void Try(string text, TimeSpan time)
    {
        CancelTry();
        node.Change(_ => SetActive(text));
        node.Tailscale.ConfigChanged();
        var ending = CancellationTokenSource.CreateLinkedTokenSource(node.Cluster.Stopping);
        _tryMode = ending;
        node.Power.Run(async _ =>
        {
            await Task.Delay(time, node.Cluster.Clock, ending.Token);
            node.Change(_ => SetActive(Persistent.Text));
            node.Tailscale.ConfigChanged();
        });
    }

    private void CancelTry() => Interlocked.Exchange(ref _tryMode, null)?.Cancel();

    private void SetActive(string text)
    {
        if (text != Active.Text)
            Documents = LabConfigReader.Read(text, node.Minor);
        Active = Next(Active, text);
        (node.Hostname, node.Domainname) = HostnameOf().Split('.', 2) is [var host, var domain]
            ? (host, domain)
            : (HostnameOf(), "");
    }

    // controllers/network/hostname_config.go: the document, then the legacy field, then the address.
    private string HostnameOf()
    {
        if (Find("HostnameConfig") is { } document)
            return document.Text("hostname") ?? StableName();
        if (Legacy.Text("machine", "network", "hostname") is { Length: > 0 } name)
            return name;
        return Legacy.Text("machine", "features", "stableHostname") == "true"
            ? StableName()
            : "talos-" + node.Address.Replace('.', '-').Replace(':', '-');
    }

    private string StableName() => $"talos-{node.MachineId[..3]}-{node.MachineId[3..6]}";

    private static LabMachineConfig Next(LabMachineConfig old, string text) =>
        old.Text == text ? old : new(text, old.Version + 1);
}
