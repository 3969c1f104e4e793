namespace TalosTailscale.Core.Kubernetes;

/// <summary>Finds, reads and merges kubeconfig files as kubectl does, and chooses a context of them.</summary>
internal static class Kubeconfig
{
    internal static IReadOnlyList<string> DefaultFiles() => DefaultFiles(Environment.GetEnvironmentVariable);

    private static IReadOnlyList<string> DefaultFiles(Func<string, string?> variable)
    {
        var list = variable("KUBECONFIG");
        if (!string.IsNullOrWhiteSpace(list))
            return
            [
                .. list.Split(Path.PathSeparator, StringSplitOptions.RemoveEmptyEntries)
                    .Distinct(StringComparer.Ordinal),
            ];
        return [Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.UserProfile), ".kube", "config")];
    }

    internal static IReadOnlyList<string> Locate(string? path, Func<string, string?> variable)
    {
        if (path is not null)
        {
            return File.Exists(path)
                ? [path]
                : throw KubernetesErrors.KubeconfigNotFound.New($"The kubeconfig '{path}' does not exist.", path);
        }
        var candidates = DefaultFiles(variable);
        var files = candidates.Where(File.Exists).ToArray();
        return files.Length > 0
            ? files
            : throw KubernetesErrors.KubeconfigNotFound.New(
                $"There is no kubeconfig at '{string.Join("', '", candidates)}'.",
                candidates[0]
            );
    }

    /// <summary>Reads files; the first one that has a current context, or an entry of a name, wins, and the whole entry is its.</summary>
    internal static KubeconfigFile Read(IReadOnlyList<string> files)
    {
        KubeconfigFile[] all = [.. files.Select(Read)];
        return new KubeconfigFile
        {
            CurrentContext = all.Select(one => one.CurrentContext).FirstOrDefault(one => one.Length > 0) ?? "",
            Clusters = [.. all.SelectMany(one => one.Clusters).DistinctBy(one => one.Name, StringComparer.Ordinal)],
            Users = [.. all.SelectMany(one => one.Users).DistinctBy(one => one.Name, StringComparer.Ordinal)],
            Contexts = [.. all.SelectMany(one => one.Contexts).DistinctBy(one => one.Name, StringComparer.Ordinal)],
        };
    }

    internal static IReadOnlyList<(string Name, string Server)> Contexts(string? path)
    {
        try
        {
            KubeconfigFile config = Read(Locate(path, Environment.GetEnvironmentVariable));
            return
            [
                .. config.Contexts.Select(context =>
                    (
                        context.Name,
                        config.Clusters.FirstOrDefault(one => one.Name == context.Cluster)?.Server ?? context.Name
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

    /// <summary>Takes a context with its cluster and user, and refuses what kubectl refuses of them.</summary>
    /// <param name="config">The kubeconfig.</param>
    /// <param name="context">Name of the context, of which every letter counts; null for the current one.</param>
    /// <param name="source">What to call the kubeconfig in messages.</param>
    internal static KubeconfigChoice Choose(KubeconfigFile config, string? context, string source)
    {
        var name = context ?? config.CurrentContext;
        if (name.Length == 0 || config.Contexts.FirstOrDefault(one => one.Name == name) is not { } chosen)
        {
            var known = string.Join("', '", config.Contexts.Select(one => one.Name));
            throw KubernetesErrors.KubeconfigContextNotFound.New(
                $"The kubeconfig '{source}' has no context '{name}', it has {(known.Length == 0 ? "none" : $"'{known}'")}.",
                name.Length == 0 ? source : name
            );
        }

        var cluster = config.Clusters.FirstOrDefault(one => one.Name == chosen.Cluster)
            ?? throw Missing(source, name, "cluster", chosen.Cluster);
        var user =
            chosen.User.Length == 0
                ? KubeconfigUser.Nobody
                : config.Users.FirstOrDefault(one => one.Name == chosen.User)
                    ?? throw Missing(source, name, "user", chosen.User);
        KubeconfigRules.Check(cluster, user, source);
        return new KubeconfigChoice(name, cluster, user);
    }

    private static KubeconfigFile Read(string file)
    {
        byte[] bytes;
        try
        {
            bytes = File.ReadAllBytes(file);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw KubernetesErrors.KubeconfigInvalid.New(
                $"The kubeconfig '{file}' cannot be read: {e.Message}",
                file,
                e
            );
        }

        return KubeconfigReader.Read(bytes, file, Path.GetDirectoryName(Path.GetFullPath(file)));
    }

    private static TsException Missing(string source, string context, string kind, string name) =>
        KubernetesErrors.KubeconfigInvalid.New(
            $"The context '{context}' of the kubeconfig '{source}' names the {kind} '{name}', which is not in it.",
            source
        );
}
