namespace TalosTailscale.Lab.Nodes;

/// <summary>What somebody else does to a node's config while we work on it.</summary>
internal static class LabOtherHands
{
    /// <summary>The config with one more document.</summary>
    internal static string AddDocument(string text, string name) =>
        $"""
            {text.TrimEnd('\n')}
            ---
            # Added by somebody else.
            apiVersion: v1alpha1
            kind: KmsgLogConfig
            name: {name}
            url: udp://192.168.1.11:3514

            """;

    /// <summary>Plays <see cref="LabFault.ConfigChangesInBetween"/>, once, after a config was read.</summary>
    internal static void AfterRead(LabNode node)
    {
        if (node.Faults.Take(LabFault.ConfigChangesInBetween, out _))
            node.Config.Apply(AddDocument(node.PersistentConfig.Text, "somebody-else"));
    }
}
