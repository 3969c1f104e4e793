using TalosTailscale.Core.MachineConfig;
using TalosTailscale.Core.MachineConfig.Merging;
using TalosTailscale.Core.MachineConfig.Validation;

namespace TalosTailscale.Core.Talos;

/// <summary>
/// Whether a backup is of the machine that it is about to be restored on. The machine's identity decides where the backup
/// has it. Of an older file, or one of another tool, what tells machines apart is compared; that nothing differs is not
/// enough then, something has to say that it is this machine.
/// </summary>
internal static class BackupIdentity
{
    /// <summary>What speaks against it; empty when the backup is the node's.</summary>
    /// <param name="node">The node.</param>
    /// <param name="backup">The backup.</param>
    /// <param name="config">Its configuration.</param>
    /// <param name="active">The node's configuration.</param>
    /// <param name="cancellation">Cancels the calls to the node.</param>
    internal static async Task<IReadOnlyList<string>> DoubtsAsync(
        TalosNodeClient node,
        MachineConfigBackup backup,
        string config,
        string active,
        CancellationToken cancellation
    )
    {
        string? hostname = await node.HostnameAsync(cancellation).ConfigureAwait(false);
        if (backup.Origin?.NodeId is { } recorded)
        {
            string? id = await node.NodeIdAsync(cancellation).ConfigureAwait(false);
            return id == recorded
                ? []
                : [$"it is of '{backup.Origin.Node}', machine {recorded}; this is machine {id ?? "(not told)"}"];
        }

        string?[] names = [node.Node, node.Address, hostname];
        return Compare(backup.Origin, names, hostname, View(config, backup.ToString()), View(active, node.Node));
    }

    private static List<string> Compare(
        MachineConfigOrigin? origin,
        string?[] names,
        string? hostname,
        ConfigView old,
        ConfigView now
    )
    {
        var doubts = new List<string>();
        if (origin?.IsNamed(names) == false)
            doubts.Add($"its name says that it is of '{origin.Node}'");
        string? named = HostnameOf(old);
        bool sameName = named is not null && (named == HostnameOf(now) || named == hostname);
        if (named is not null && !sameName)
            doubts.Add($"its host name is '{named}', this node's is '{HostnameOf(now) ?? hostname}'");
        if (old.Text("machine", "type") is { } type && now.Text("machine", "type") is { } own && type != own)
            doubts.Add($"its machine type is '{type}', this node's is '{own}'");
        foreach (
            string[] secret in (string[][])
                [
                    ["cluster", "id"],
                    ["cluster", "secret"],
                    ["machine", "ca", "crt"],
                ]
        )
            if (old.Text(secret) is { } was && now.Text(secret) is { } its && was != its)
                doubts.Add($"it is of another cluster ({string.Join('.', secret)} differs)");
        IReadOnlyList<string> sans = old.Texts("machine", "certSANs"),
            ownSans = now.Texts("machine", "certSANs");
        if (sans.Count > 0 && ownSans.Count > 0 && !sans.Intersect(ownSans, StringComparer.Ordinal).Any())
            doubts.Add($"its machine.certSANs are {string.Join(", ", sans)}, this node's {string.Join(", ", ownSans)}");
        if (doubts.Count == 0 && origin is null && !sameName)
            doubts.Add("nothing in it says of which machine it is");
        return doubts;
    }

    private static string? HostnameOf(ConfigView view) =>
        view.Kind("HostnameConfig").FirstOrDefault()?.GetText("hostname")
        ?? view.Text("machine", "network", "hostname");

    private static ConfigView View(string text, string name) => new(ConfigTree.Read(text, name));
}
