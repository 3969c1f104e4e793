using System.Security.Cryptography;
using System.Text;
using k8s;
using k8s.Exceptions;
using k8s.KubeConfigModels;
using TalosTailscale.Core.Inventory;
using YamlDotNet.Core;

namespace TalosTailscale.Core.Kubernetes;

/// <summary>Finds, reads and merges kubeconfig files.</summary>
internal static class Kubeconfig
{
    internal static IReadOnlyList<string> DefaultFiles()
    {
        var variable = Environment.GetEnvironmentVariable("KUBECONFIG");
        if (!string.IsNullOrWhiteSpace(variable))
            return variable.Split(
                Path.PathSeparator,
                StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries
            );
        return [Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.UserProfile), ".kube", "config")];
    }

    internal static IReadOnlyList<string> Locate(string? path)
    {
        if (path is not null)
        {
            return File.Exists(path)
                ? [path]
                : throw KubernetesErrors.KubeconfigNotFound.New($"The kubeconfig '{path}' does not exist.", path);
        }
        var candidates = DefaultFiles();
        var files = candidates.Where(File.Exists).ToArray();
        return files.Length > 0
            ? files
            : throw KubernetesErrors.KubeconfigNotFound.New(
                $"There is no kubeconfig at '{string.Join("', '", candidates)}'.",
                candidates[0]
            );
    }

    /// <summary>As kubectl: the first file that says something wins.</summary>
    internal static K8SConfiguration Read(IReadOnlyList<string> files)
    {
        K8SConfiguration? merged = null;
        foreach (var file in files)
        {
            var next = Guard(file, () =>
            {
                using var bytes = new MemoryStream(File.ReadAllBytes(file), writable: false);
                return Load(bytes, Path.GetFullPath(file));
            });
            if (merged is null)
            {
                merged = next;
                continue;
            }
            merged.CurrentContext = string.IsNullOrEmpty(merged.CurrentContext)
                ? next.CurrentContext
                : merged.CurrentContext;
            merged.Clusters = Merge(merged.Clusters, next.Clusters, c => c.Name);
            merged.Users = Merge(merged.Users, next.Users, u => u.Name);
            merged.Contexts = Merge(merged.Contexts, next.Contexts, c => c.Name);
        }
        return merged!;
    }

    internal static K8SConfiguration Parse(ReadOnlyMemory<byte> bytes, string source) => Guard(source, () =>
        {
            using var stream = new MemoryStream(bytes.ToArray(), writable: false);
            return Load(stream, null);
        });

    internal static IReadOnlyList<(string Name, string Server)> Contexts(string? path)
    {
        try
        {
            K8SConfiguration config = Read(Locate(path));
            return
            [
                .. (config.Contexts ?? []).Select(context =>
                    (
                        context.Name,
                        (config.Clusters ?? [])
                            .FirstOrDefault(cluster => cluster.Name == context.ContextDetails?.Cluster)
                            ?.ClusterEndpoint?.Server
                            ?? context.Name
                    )
                ),
            ];
        }
        catch (TsException)
        {
            // A kubeconfig that cannot be read has no contexts to choose from; whoever uses it is told.
            return [];
        }
    }

    private static K8SConfiguration Load(MemoryStream bytes, string? file)
    {
        BoundedYaml.Check(Encoding.UTF8.GetString(bytes.ToArray()));
        K8SConfiguration config = KubernetesClientConfiguration.LoadKubeConfig(bytes);
        config.FileName = file; // names of files in it are relative to its folder
        return config;
    }

    internal static KubernetesClientConfiguration Build(K8SConfiguration config, string? context, string source)
    {
        var contexts = (config.Contexts ?? []).Select(c => c.Name).ToArray();
        var name = context ?? config.CurrentContext;
        if (string.IsNullOrEmpty(name) || !contexts.Contains(name, StringComparer.Ordinal))
        {
            throw KubernetesErrors.KubeconfigContextNotFound.New(
                $"The kubeconfig '{source}' has no context '{name}', it has {(contexts.Length == 0 ? "none" : $"'{string.Join("', '", contexts)}'")}.",
                name ?? source
            );
        }
        return Guard(source, () => KubernetesClientConfiguration.BuildConfigFromConfigObject(config, name));
    }

    private static T[] Merge<T>(IEnumerable<T>? first, IEnumerable<T>? second, Func<T, string> name) =>
        (first ?? []).Concat(second ?? []).DistinctBy(name, StringComparer.Ordinal).ToArray();

    // The words of the parser may quote the file, which holds keys: they stay in the inner exception's type only.
    private static T Guard<T>(string source, Func<T?> read)
        where T : class
    {
        try
        {
            return read()
                ?? throw KubernetesErrors.KubeconfigInvalid.New($"The kubeconfig '{source}' is empty.", source);
        }
        catch (YamlException e)
        {
            throw KubernetesErrors.KubeconfigInvalid.New(
                $"The kubeconfig '{source}' is not valid YAML at line {e.Start.Line}, column {e.Start.Column}.",
                source
            );
        }
        catch (KubeConfigException e)
        {
            throw KubernetesErrors.KubeconfigInvalid.New(
                $"The kubeconfig '{source}' cannot be used: {e.Message.TrimEnd('.')}.",
                source,
                e
            );
        }
        catch (Exception e)
            when (e
                    is IOException
                        or UnauthorizedAccessException
                        or CryptographicException
                        or FormatException
                        or ArgumentException
                        or InvalidOperationException
                        or NullReferenceException
                        or InvalidCastException
            )
        {
            throw KubernetesErrors.KubeconfigInvalid.New(
                $"The kubeconfig '{source}' has an entry that cannot be read ({e.GetType().Name}).",
                source
            );
        }
    }
}
