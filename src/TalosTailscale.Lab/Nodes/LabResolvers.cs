using YamlDotNet.RepresentationModel;

namespace TalosTailscale.Lab.Nodes;

/// <summary>The name servers of a node, in the order in which its host DNS asks them.</summary>
internal static class LabResolvers
{
    internal static IReadOnlyList<string> Of(LabNode node)
    {
        var configured = Configured(node);
        if (configured.Count == 0)
            return [node.Network.Router]; // what DHCP gives
        return configured;
    }

    private static IReadOnlyList<string> Configured(LabNode node)
    {
        if (node.Config.Find("ResolverConfig")?.At("nameservers") is YamlSequenceNode list)
        {
            return
            [
                .. list.OfType<YamlMappingNode>()
                    .Select(m => new LabConfigDocument("", "", m).Text("address") ?? "")
                    .Where(a => a.Length > 0),
            ];
        }

        return node.Config.Legacy.Texts("machine", "network", "nameservers");
    }
}
