namespace TalosTailscale.Lab;

/// <summary>Makes a copy of the runbook's inventory that fits the nodes of a lab.</summary>
public static class LabInventory
{
    /// <summary>
    /// Copies an inventory: addresses become those of the lab's nodes, and nodes that the runbook does not have get a
    /// folder like that of one which it has. Kubernetes names stay: a shape may make them wrong on purpose.
    /// </summary>
    /// <param name="from">The runbook's inventory (<c>devices</c>).</param>
    /// <param name="to">Where the copy goes; made when it is not there.</param>
    /// <param name="nodes">The nodes of the lab.</param>
    public static void Copy(string from, string to, IReadOnlyList<LabNodeOptions> nodes)
    {
        ArgumentNullException.ThrowIfNull(nodes);
        CopyFolder(from, to, Replacements(nodes));
        var like = LabNodeOptions.Runbook[0];
        foreach (var node in nodes.Where(n => IsOfShape(n) && !Directory.Exists(Path.Combine(to, n.Name))))
        {
            (string, string)[] words =
            [
                (like.Address, node.Address),
                (like.KubernetesName, LabNodeOptions.Five.First(n => n.Name == node.Name).KubernetesName),
                (like.Name, node.Name),
                (LabNetwork.Runbook.Router, node.Network.Router),
            ];
            CopyFolder(Path.Combine(from, like.Name), Path.Combine(to, node.Name), words);
        }
    }

    private static bool IsOfShape(LabNodeOptions node) => LabNodeOptions.Five.Any(n => n.Name == node.Name);

    private static (string, string)[] Replacements(IReadOnlyList<LabNodeOptions> nodes) =>
        [
            .. from node in nodes
            let before = LabNodeOptions.Runbook.FirstOrDefault(n => n.Name == node.Name)
            where before is not null && before.Address != node.Address
            from pair in (IEnumerable<(string, string)>)
                [
                    (before.Address + ":", Nodes.LabNodeAddresses.Bracketed(node.Address) + ":"),
                    (before.Address, node.Address),
                    (LabNetwork.Runbook.Router + "\n", node.Network.Router + "\n"),
                ]
            select pair,
        ];

    // What a rendering left in the checkout holds a key: it is not copied.
    private static void CopyFolder(string from, string to, (string Old, string New)[] words)
    {
        Directory.CreateDirectory(to);
        foreach (var file in Directory.EnumerateFiles(from).Where(f => !IsRendered(f)))
        {
            var text = words.Aggregate(File.ReadAllText(file), (t, word) =>
                t.Replace(word.Old, word.New, StringComparison.Ordinal)
            );
            File.WriteAllText(Path.Combine(to, Path.GetFileName(file)), text);
        }

        foreach (var folder in Directory.EnumerateDirectories(from))
            CopyFolder(folder, Path.Combine(to, Path.GetFileName(folder)), words);
    }

    private static bool IsRendered(string file) =>
        file.EndsWith("tailscale-extension-service.yaml", StringComparison.Ordinal);
}
