using System.Text;
using YamlDotNet.Core;
using YamlDotNet.RepresentationModel;

namespace TalosTailscale.Core.Kubernetes;

/// <summary>
/// A kubeconfig that a node sent is data: it may say where the cluster is and by what certificate we are known, and may not
/// name a program to run, a file to read, a proxy to go by or a server to trust blindly. What Talos generates has no more
/// (siderolabs/talos pkg/kubernetes/kubeconfig).
/// </summary>
internal static class FetchedKubeconfig
{
    private const int MaxBytes = 256 * 1024;
    private const int MaxDepth = 16;

    private static readonly HashSet<string> s_allowed = new(StringComparer.Ordinal)
    {
        "apiVersion",
        "kind",
        "current-context",
        "preferences",
        "clusters",
        "clusters.name",
        "clusters.cluster",
        "clusters.cluster.server",
        "clusters.cluster.certificate-authority-data",
        "contexts",
        "contexts.name",
        "contexts.context",
        "contexts.context.cluster",
        "contexts.context.namespace",
        "contexts.context.user",
        "users",
        "users.name",
        "users.user",
        "users.user.client-certificate-data",
        "users.user.client-key-data",
    };

    /// <summary>Refuses what a node has no business to say.</summary>
    /// <exception cref="TsException"><c>KubeconfigFromNodeRefused</c>, or <c>KubeconfigInvalid</c>.</exception>
    internal static void Check(ReadOnlySpan<byte> bytes, string source)
    {
        if (bytes.Length > MaxBytes)
            throw Refuse($"has {bytes.Length} bytes; at most {MaxBytes} were expected", source);
        string text = Encoding.UTF8.GetString(bytes);
        if (Depth(text) > MaxDepth)
            throw Refuse($"is nested more than {MaxDepth} deep", source);
        var stream = new YamlStream();
        try
        {
            stream.Load(new StringReader(text));
        }
        catch (YamlException e)
        {
            throw KubernetesErrors.KubeconfigInvalid.New(
                $"The kubeconfig from '{source}' is not valid YAML at line {e.Start.Line}, column {e.Start.Column}.",
                source
            );
        }

        foreach (YamlDocument document in stream.Documents)
            Check(document.RootNode, "", 0, source);
    }

    // The parser needs minutes for a hundred thousand open brackets, so they are counted before it sees them. Keys and
    // certificates have none.
    private static int Depth(string text)
    {
        int depth = 0,
            deepest = 0;
        foreach (char c in text)
        {
            if (c is '[' or '{')
                deepest = Math.Max(deepest, ++depth);
            else if (c is ']' or '}')
                depth--;
        }

        return deepest;
    }

    private static void Check(YamlNode node, string path, int depth, string source)
    {
        if (depth > MaxDepth)
            throw Refuse($"is nested more than {MaxDepth} deep", source);
        if (node is YamlSequenceNode list)
        {
            foreach (YamlNode item in list)
                Check(item, path, depth + 1, source);
        }
        else if (node is YamlMappingNode map)
        {
            foreach ((YamlNode key, YamlNode value) in map)
            {
                string name = key is YamlScalarNode { Value: { } word } ? word : "(no text)";
                string at = path.Length == 0 ? name : $"{path}.{name}";
                if (!s_allowed.Contains(at))
                    throw Refuse($"names '{at}'", source);
                Check(value, at, depth + 1, source);
            }
        }
    }

    private static TsException Refuse(string what, string source) =>
        KubernetesErrors.KubeconfigFromNodeRefused.New(
            $"The kubeconfig from '{source}' {what}; only server, CA data, certificate data and key data are taken from a node.",
            source
        );
}
