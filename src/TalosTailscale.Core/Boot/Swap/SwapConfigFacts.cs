using TalosTailscale.Core.MachineConfig;
using TalosTailscale.Core.MachineConfig.Merging;
using TalosTailscale.Core.MachineConfig.Validation;
using TalosTailscale.Core.Tailnet;

namespace TalosTailscale.Core.Boot.Swap;

/// <summary>What the gates ask of a machine configuration, in whichever form it has it.</summary>
/// <param name="ServiceConfig">Has the ExtensionServiceConfig <c>tailscale</c>.</param>
/// <param name="NodeSubnets">Says from which networks the kubelet takes the node's address.</param>
/// <param name="NodeSubnetsPlace">Where this configuration says so, or would.</param>
/// <param name="EtcdSubnets">Has <c>cluster.etcd.advertisedSubnets</c>.</param>
/// <param name="LeavesLan">The extension is configured to leave a LAN in the range of tailnets alone.</param>
internal sealed record SwapConfigFacts(
    bool ServiceConfig,
    bool NodeSubnets,
    string NodeSubnetsPlace,
    bool EtcdSubnets,
    bool LeavesLan
)
{
    private const string V1Alpha1 = "v1alpha1";

    /// <summary>Reads them.</summary>
    /// <exception cref="TsException">The text cannot be read as a configuration, although the node runs it.</exception>
    internal static SwapConfigFacts Read(string text)
    {
        ConfigTree tree = ConfigTree.Read(text, "machine configuration");
        var view = new ConfigView(tree);
        return new SwapConfigFacts(
            tree.Find(new DocumentId(V1Alpha1, "ExtensionServiceConfig", "tailscale")) is not null,
            ConfigForms.Texts(view, ConfigForms.NodeSubnets).Count > 0,
            ConfigForms.PlaceOf(view, ConfigForms.NodeSubnets, talos: null),
            view.Texts("cluster", "etcd", "advertisedSubnets").Count > 0,
            TailnetAddresses.LeavesLan(view.TailscaleEnvironment()?.GetValueOrDefault("TS_EXTRA_ARGS"))
        );
    }
}
