using System.Globalization;
using System.Text;
using TalosTailscale.Core.Inventory;
using TalosTailscale.Core.MachineConfig.Yaml;
using TalosTailscale.Core.Tailnet;
using TalosTailscale.Core.Validation;

namespace TalosTailscale.Core.Rollout;

/// <summary>Writes the files of a proposed entry: the runbook's, by their names.</summary>
internal static class NodeFiles
{
    internal static IReadOnlyList<TsNodeFile> Of(TsNodeProposal node, NodeFacts facts)
    {
        string manifests = $"{node.Name}/{ManifestNames.Folder}/";
        var files = new List<TsNodeFile>
        {
            new($"{node.Name}/{NodeFile.FileName}", Node(node)),
            new(
                $"{node.Name}/.gitignore",
                $"# Rendered by New-TsExtensionServiceConfig; holds the key.\n/{ManifestNames.Folder}/{ManifestNames.Service}\n"
            ),
            new(manifests + ManifestNames.ServiceTemplate, Template(node, facts)),
            new(manifests + ManifestNames.Dns, Dns(facts)),
        };
        if (facts is { Tailscale.Length: > 0, Installer: { } installer })
            files.Add(new(manifests + ManifestNames.SystemExtension, Install(installer)));
        return files;
    }

    private static string Node(TsNodeProposal node)
    {
        var text = new StringBuilder();
        string why =
            node.Activation == TsActivation.UkiSwap
                ? "boots a UKI: that on the EFI system partition is exchanged"
                : "the factory installer is used";
        text.Append(
            CultureInfo.InvariantCulture,
            $"# {Role(node.MachineType)} with Talos {node.TalosVersion}; {why}.\n"
        );
        text.Append(CultureInfo.InvariantCulture, $"address: {YamlWriter.Text(node.Address)}\n");
        if (node.Architecture != TalosArchitecture.Unknown)
            text.Append(
                CultureInfo.InvariantCulture,
                $"architecture: {(node.Architecture == TalosArchitecture.Arm64 ? "arm64" : "amd64")}\n"
            );
        if (node.KubernetesName is { } name)
            text.Append(CultureInfo.InvariantCulture, $"kubernetesName: {YamlWriter.Text(name)}\n");
        text.Append(
            CultureInfo.InvariantCulture,
            $"activation: {node.Activation switch { TsActivation.UkiSwap => "uki-swap", TsActivation.Upgrade => "upgrade", _ => "auto" }}\n"
        );
        if (node.NodeId is { } id)
            text.Append(
                CultureInfo.InvariantCulture,
                $"# Tells the machine whatever its name and address are.\nnodeId: {YamlWriter.Text(id)}\n"
            );
        return text.ToString();
    }

    private static string Template(TsNodeProposal node, NodeFacts facts)
    {
        string routes =
            facts.Networks.Count == 0
                ? ""
                : "  # Service and pod networks of the cluster; the routes have to be approved in the tailnet.\n"
                    + $"  - {YamlWriter.Text($"TS_ROUTES={string.Join(',', facts.Networks)}")}\n";
        return "# Rendered to tailscale-extension-service.yaml by New-TsExtensionServiceConfig; keep the rendered file out of git,\n"
            + "# it holds the key.\n"
            + "apiVersion: v1alpha1\nkind: ExtensionServiceConfig\nname: tailscale\nenvironment:\n"
            + "  - TS_AUTHKEY=${TAILSCALE_AUTHKEY}\n"
            + $"  - {YamlWriter.Text($"TS_HOSTNAME={node.Name}")}\n"
            + routes
            + "  # The root file system of Talos is read-only: resolvers come from tailscale-dns.patch.yaml.\n"
            + "  - TS_ACCEPT_DNS=false\n"
            + "  # Log in only when the node is logged out, so that an expired key cannot take a joined node out at its next restart.\n"
            + "  - TS_AUTH_ONCE=true\n";
    }

    private static string Dns(NodeFacts facts) =>
        "# Tailscale may not write /etc/resolv.conf on Talos (TS_ACCEPT_DNS=false), so the resolvers are set here.\n"
        + "# 100.100.100.100 has to be first: a resolver that answers NXDOMAIN for *.ts.net ends the search.\n"
        + "machine:\n  network:\n    nameservers:\n"
        + string.Concat(
            facts.Resolvers.Prepend(TailnetRange.Resolver).Select(one => $"      - {YamlWriter.Text(one)}\n")
        );

    private static string Install(string image) =>
        "# The installer image with the tailscale extension, for the next installation of this node. Where the node has an\n"
        + "# UnattendedInstallConfig, Set-TalosMachinePatch puts the image there.\n"
        + $"machine:\n  install:\n    image: {YamlWriter.Text(image)}\n";

    private static string Role(string machineType) => machineType == "controlplane" ? "Control plane" : "Worker";
}
