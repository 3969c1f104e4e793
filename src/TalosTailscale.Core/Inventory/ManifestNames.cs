namespace TalosTailscale.Core.Inventory;

/// <summary>The names that the runbook gives to the files of a node.</summary>
public static class ManifestNames
{
    /// <summary>The folder of the manifests below the node's folder.</summary>
    public const string Folder = "manifests";

    /// <summary>What <c>New-TsExtensionServiceConfig</c> starts from.</summary>
    public const string ServiceTemplate = "tailscale-extension-service.template.yaml";

    /// <summary>What it renders; holds the key and is never committed.</summary>
    public const string Service = "tailscale-extension-service.yaml";

    /// <summary>The resolvers.</summary>
    public const string Dns = "tailscale-dns.patch.yaml";

    /// <summary>The installer image with the extension; the runbook's list of extensions up to Talos 1.9.</summary>
    public const string SystemExtension = "tailscale-system-extension.patch.yaml";

    /// <summary>The manifests that are applied to a node, in the runbook's order.</summary>
    public static IReadOnlyList<string> Applied { get; } = [Service, Dns, SystemExtension];
}
