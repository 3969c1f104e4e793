namespace TalosTailscale.Core.Kubernetes;

/// <summary>What a cluster and a user of a kubeconfig may not say together (clientcmd/validation.go).</summary>
internal static class KubeconfigRules
{
    internal static void Check(KubeconfigCluster cluster, KubeconfigUser user, string source)
    {
        if (Problem(cluster) is { } wrong)
            throw Invalid(source, "cluster", cluster.Name, wrong);
        if ((Problem(user) ?? (user.Plugin is { } plugin ? Problem(plugin, user) : null)) is { } bad)
            throw Invalid(source, "user", user.Name, bad);
        if (user.AuthProvider is { } provider)
            AuthProviderToken.Check(provider, user.Name, source);
    }

    private static string? Problem(KubeconfigCluster cluster) =>
        cluster.Server.Length == 0 ? "has no 'server'"
        : cluster is { AuthorityFile.Length: > 0, AuthorityData.Length: > 0 }
            ? "has both 'certificate-authority' and 'certificate-authority-data', expected one"
        : cluster.AuthorityFile.Length > 0 && !File.Exists(cluster.AuthorityFile)
            ? $"names the file '{cluster.AuthorityFile}' in 'certificate-authority', which is not there"
        : null;

    private static string? Problem(KubeconfigUser user)
    {
        bool hasBasic = user.Username.Length > 0 || user.Password.Length > 0;
        if (user.Token.Length > 0 && hasBasic)
            return "has both 'token' and 'username', expected one";
        if (user is { CertificateFile.Length: > 0, CertificateData.Length: > 0 })
            return "has both 'client-certificate' and 'client-certificate-data', expected one";
        bool hasCertificate = user.CertificateFile.Length > 0 || user.CertificateData.Length > 0;
        bool hasKey = user.KeyFile.Length > 0 || user.KeyData.Length > 0;
        if (hasCertificate && user is { KeyFile.Length: > 0, KeyData.Length: > 0 })
            return "has both 'client-key' and 'client-key-data', expected one";
        if (hasCertificate && !hasKey)
            return "has a client certificate without its key";
        foreach (
            (string key, string file) in new[]
            {
                ("client-certificate", user.CertificateFile),
                ("client-key", user.KeyFile),
            }
        )
            if (hasCertificate && file.Length > 0 && !File.Exists(file))
                return $"names the file '{file}' in '{key}', which is not there";
        if (user is { Token.Length: 0, TokenFile.Length: > 0 } && !File.Exists(user.TokenFile))
            return $"names the file '{user.TokenFile}' in 'tokenFile', which is not there";
        if (!hasCertificate && !hasBasic && user is { Token: "", TokenFile: "", AuthProvider: null, Plugin: null })
            return "has no credentials";
        return user.As.User.Length == 0 && user.As is not { Uid.Length: 0, Groups.Count: 0, Extra.Count: 0 }
            ? "has 'as-uid', 'as-groups' or 'as-user-extra' without 'as'"
            : null;
    }

    private static string? Problem(KubeconfigPlugin plugin, KubeconfigUser user)
    {
        if (user.AuthProvider is not null)
            return "has both 'exec' and 'auth-provider', expected one";
        if (plugin.Command.Length == 0)
            return "has an 'exec' without 'command'";
        if (plugin.ApiVersion is not (ExecPlugin.V1 or ExecPlugin.V1Beta1))
            return $"has an 'exec' of '{plugin.ApiVersion}', expected '{ExecPlugin.V1}' or '{ExecPlugin.V1Beta1}'";
        if (plugin.Environment.Any(one => one.Key.Length == 0))
            return "has an 'exec' with a variable without a name";
        return (plugin.ApiVersion, plugin.InteractiveMode) switch
        {
            (_, "Never" or "IfAvailable" or "Always") or (ExecPlugin.V1Beta1, "") => null,
            (_, var mode) =>
                $"has an 'exec' with the 'interactiveMode' '{mode}', expected Never, IfAvailable or Always",
        };
    }

    private static TsException Invalid(string source, string kind, string name, string problem) =>
        KubernetesErrors.KubeconfigInvalid.New($"The {kind} '{name}' of the kubeconfig '{source}' {problem}.", source);
}
