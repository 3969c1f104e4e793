using System.Text;
using TalosTailscale.Core.Images;
using TalosTailscale.Core.Inventory;
using TalosTailscale.Core.Reporting;

namespace TalosTailscale.Core.Kubernetes;

/// <summary>
/// Reads a kubeconfig that a control plane node handed out through the Talos API. It is data from a machine that may not be
/// what it was: of it only the server, its authority, and our certificate and key are taken, and anything else refuses the
/// whole. A kubeconfig can name programs to run, files to read, proxies to go through and users to become.
/// </summary>
internal static class FetchedKubeconfig
{
    /// <summary>The largest that is read, in bytes; what Talos writes has about 3 kB.</summary>
    internal const int MaximumBytes = 128 << 10;

    private static readonly string[] s_root =
    [
        "apiVersion",
        "kind",
        "clusters",
        "users",
        "contexts",
        "current-context",
        "preferences",
    ];

    private static readonly string[] s_cluster = ["server", "certificate-authority-data"];
    private static readonly string[] s_user = ["client-certificate-data", "client-key-data"];
    private static readonly string[] s_context = ["cluster", "user", "namespace"];

    /// <summary>Reads it.</summary>
    /// <exception cref="TsException">KubeconfigFromNodeRefused, naming what it holds besides; or KubeconfigInvalid.</exception>
    internal static KubeconfigFile Parse(ReadOnlyMemory<byte> bytes, string source)
    {
        YamlMapping root = Mapping(Root(bytes, source), "the file", source);
        Only(root, s_root, "", source);
        if (root["preferences"] is { } preferences && preferences is not YamlMapping { Entries.Count: 0 })
            throw NotPlain("preferences", source);
        return new KubeconfigFile
        {
            CurrentContext = Text(root, "current-context", "", source) ?? "",
            Clusters =
            [
                .. Each(root, "clusters", "cluster", s_cluster, source)
                    .Select(one => new KubeconfigCluster(one.Name)
                    {
                        Server = Text(one.Body, "server", one.Place, source) ?? "",
                        AuthorityData = Bytes(one.Body, "certificate-authority-data", one.Place, source),
                    }),
            ],
            Users =
            [
                .. Each(root, "users", "user", s_user, source)
                    .Select(one => new KubeconfigUser(one.Name)
                    {
                        CertificateData = Bytes(one.Body, "client-certificate-data", one.Place, source),
                        KeyData = Bytes(one.Body, "client-key-data", one.Place, source),
                    }),
            ],
            Contexts =
            [
                .. Each(root, "contexts", "context", s_context, source)
                    .Select(one => new KubeconfigContext(
                        one.Name,
                        Text(one.Body, "cluster", one.Place, source) ?? "",
                        Text(one.Body, "user", one.Place, source) ?? ""
                    )),
            ],
        };
    }

    private static YamlValue Root(ReadOnlyMemory<byte> bytes, string source)
    {
        if (bytes.Length > MaximumBytes)
            throw KubernetesErrors.KubeconfigFromNodeRefused.New(
                $"The kubeconfig of {source} has {bytes.Length} bytes, expected at most {MaximumBytes}.",
                source
            );
        try
        {
            return StrictYaml.ParseMapping(Encoding.UTF8.GetString(bytes.Span), $"the kubeconfig of {source}");
        }
        catch (TsException e) when (e.Error == InventoryErrors.YamlMalformed)
        {
            // The parser's words may quote the text, which holds a key; where it stopped they may say.
            throw KubernetesErrors.KubeconfigInvalid.New($"The kubeconfig of {source} is not plain YAML.", source);
        }
    }

    private static IEnumerable<(string Name, YamlMapping Body, string Place)> Each(
        YamlMapping root,
        string list,
        string member,
        string[] known,
        string source
    )
    {
        if (root[list] is not YamlSequence items)
            throw KubernetesErrors.KubeconfigInvalid.New($"The kubeconfig of {source} has no list '{list}'.", source);
        foreach (YamlValue item in items.Items)
        {
            string place = $"{list}[]";
            YamlMapping entry = Mapping(item, place, source);
            Only(entry, ["name", member], place, source);
            string inner = $"{place}.{member}";
            YamlMapping body = Mapping(entry[member], inner, source);
            Only(body, known, inner, source);
            yield return (Text(entry, "name", place, source) ?? "", body, inner);
        }
    }

    private static void Only(YamlMapping mapping, string[] known, string place, string source)
    {
        foreach ((YamlScalar key, _) in mapping.Entries)
            if (!known.Contains(key.Text, StringComparer.Ordinal))
                throw NotPlain(place.Length == 0 ? key.Text : $"{place}.{key.Text}", source);
    }

    private static string? Text(YamlMapping mapping, string key, string place, string source) =>
        mapping[key] switch
        {
            null => null,
            YamlScalar scalar => PrintableText.Clean(scalar.Text),
            _ => throw KubernetesErrors.KubeconfigInvalid.New(
                $"The kubeconfig of {source} has something else than text at '{place}.{key}'.",
                source
            ),
        };

    private static byte[] Bytes(YamlMapping mapping, string key, string place, string source)
    {
        try
        {
            return Convert.FromBase64String(Text(mapping, key, place, source) ?? "");
        }
        catch (FormatException)
        {
            throw KubernetesErrors.KubeconfigInvalid.New(
                $"The kubeconfig of {source} has something else than base64 at '{place}.{key}'.",
                source
            );
        }
    }

    private static YamlMapping Mapping(YamlValue? value, string place, string source) =>
        value as YamlMapping
        ?? throw KubernetesErrors.KubeconfigInvalid.New(
            $"The kubeconfig of {source} has no mapping at '{place}'.",
            source
        );

    private static TsException NotPlain(string what, string source) =>
        KubernetesErrors.KubeconfigFromNodeRefused.New(
            $"The kubeconfig of {source} has '{PrintableText.Clean(what)}', which is not taken from a node.",
            source
        );
}
