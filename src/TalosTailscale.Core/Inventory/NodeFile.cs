using System.Net;
using System.Text;

namespace TalosTailscale.Core.Inventory;

/// <summary>Reads one folder of <c>devices/</c>: its node.yaml and which of the runbook's manifests are there.</summary>
internal static class NodeFile
{
    /// <summary>The name of the file that makes a folder a node.</summary>
    public const string FileName = "node.yaml";

    private const int MaximumBytes = 64 * 1024;

    private static readonly string[] s_keys = ["address", "architecture", "kubernetesName", "activation", "nodeId"];

    /// <summary>Reads a node.</summary>
    /// <param name="folder">The node's folder, absolute.</param>
    /// <returns>The node.</returns>
    /// <exception cref="TsException">NodeFileInvalid, YamlMalformed, InventoryUnreadable.</exception>
    public static TsNode Read(string folder)
    {
        var path = Path.Combine(folder, FileName);
        var root = StrictYaml.ParseMapping(ReadText(path), path);
        foreach (var (key, _) in root.Entries)
            if (!s_keys.Contains(key.Text, StringComparer.Ordinal))
                throw Invalid(path, key, $"the key '{key.Text}' is unknown; {string.Join(", ", s_keys)} were expected");

        var name = Path.GetFileName(folder);
        var address = Text(root, "address", path)
            ?? throw InventoryErrors.NodeFileInvalid.New(
                $"'{path}' has no 'address'; the node's IP address was expected.",
                path
            );
        if (!IsAddress(address.Text))
            throw Invalid(
                path,
                address,
                $"the address '{address.Text}' is not an IP address or host name without a port"
            );
        return new TsNode
        {
            Name = name,
            Address = address.Text,
            Architecture = ArchitectureOf(Text(root, "architecture", path), path),
            KubernetesName = Text(root, "kubernetesName", path)?.Text,
            Activation = ActivationOf(Text(root, "activation", path), path),
            NodeId = Text(root, "nodeId", path)?.Text,
            Path = folder,
            Manifests =
            [
                .. ManifestNames
                    .Applied.Select(file => Path.Combine(folder, ManifestNames.Folder, file))
                    .Where(File.Exists),
            ],
        };
    }

    // No generic table: the runtime would compile its code for these enumerations at the first completion of a node.
    private static TalosArchitecture ArchitectureOf(YamlScalar? value, string path) =>
        value?.Text switch
        {
            null => default,
            "amd64" => TalosArchitecture.Amd64,
            "arm64" => TalosArchitecture.Arm64,
            _ => throw Unknown(value, "architecture", "amd64, arm64", path),
        };

    private static TsActivation ActivationOf(YamlScalar? value, string path) =>
        value?.Text switch
        {
            null => default,
            "auto" => TsActivation.Auto,
            "uki-swap" => TsActivation.UkiSwap,
            "upgrade" => TsActivation.Upgrade,
            _ => throw Unknown(value, "activation", "auto, uki-swap, upgrade", path),
        };

    private static TsException Unknown(YamlScalar value, string key, string choices, string path) =>
        Invalid(path, value, $"'{value.Text}' is not a known {key}; {choices} were expected");

    /// <summary>True for an IP address or a host name; brackets, ports and blanks are not accepted.</summary>
    internal static bool IsAddress(string text) =>
        IPAddress.TryParse(text, out _) && !text.Contains('[', StringComparison.Ordinal)
        || (text.Length is > 0 and <= 253 && Uri.CheckHostName(text) == UriHostNameType.Dns);

    private static YamlScalar? Text(YamlMapping root, string key, string path)
    {
        var value = root[key];
        if (value is null)
            return null;
        if (value is not YamlScalar scalar || scalar.IsNull || string.IsNullOrWhiteSpace(scalar.Text))
            throw Invalid(path, value, $"'{key}' is empty or not plain text");
        return scalar;
    }

    private static string ReadText(string path)
    {
        try
        {
            var bytes = new FileInfo(path).Length;
            if (bytes > MaximumBytes)
                throw InventoryErrors.YamlMalformed.New(
                    $"'{path}' has {bytes} bytes; at most {MaximumBytes} were expected of a node.yaml.",
                    path
                );
            return File.ReadAllText(path, new UTF8Encoding(false, throwOnInvalidBytes: true));
        }
        catch (DecoderFallbackException e)
        {
            throw InventoryErrors.YamlMalformed.New($"'{path}' is not UTF-8 text at byte {e.Index}.", path, e);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw InventoryErrors.InventoryUnreadable.New($"'{path}' could not be read: {e.Message}", path, e);
        }
    }

    private static TsException Invalid(string path, YamlValue at, string what) =>
        InventoryErrors.NodeFileInvalid.New($"'{path}' line {at.Line}, column {at.Column}: {what}.", path);
}
