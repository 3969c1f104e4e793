using System.Text.Json.Nodes;

namespace TalosTailscale.Core.Kubernetes;

/// <summary>What one kubeconfig says, or several that were merged; the file format is clientcmd's v1 Config.</summary>
internal sealed record KubeconfigFile
{
    internal static readonly KubeconfigFile Empty = new();

    internal string CurrentContext { get; init; } = "";

    internal IReadOnlyList<KubeconfigCluster> Clusters { get; init; } = [];

    internal IReadOnlyList<KubeconfigUser> Users { get; init; } = [];

    internal IReadOnlyList<KubeconfigContext> Contexts { get; init; } = [];
}

/// <summary>A context: which cluster, as which user.</summary>
internal sealed record KubeconfigContext(string Name, string Cluster, string User);

/// <summary>A cluster; texts that are not there are empty, paths are absolute.</summary>
internal sealed record KubeconfigCluster(string Name)
{
    internal string Server { get; init; } = "";

    internal string TlsServerName { get; init; } = "";

    internal bool Insecure { get; init; }

    internal string AuthorityFile { get; init; } = "";

    internal byte[] AuthorityData { get; init; } = [];

    internal string ProxyUrl { get; init; } = "";

    /// <summary>What a plugin is given of the cluster, from the extension <c>client.authentication.k8s.io/exec</c>.</summary>
    internal JsonNode? PluginConfig { get; init; }
}

/// <summary>A user; texts that are not there are empty, paths are absolute.</summary>
internal sealed record KubeconfigUser(string Name)
{
    internal static readonly KubeconfigUser Nobody = new("");

    internal string CertificateFile { get; init; } = "";

    internal byte[] CertificateData { get; init; } = [];

    internal string KeyFile { get; init; } = "";

    internal byte[] KeyData { get; init; } = [];

    internal string Token { get; init; } = "";

    internal string TokenFile { get; init; } = "";

    internal string Username { get; init; } = "";

    internal string Password { get; init; } = "";

    internal Impersonation As { get; init; } = Impersonation.None;

    internal KubeconfigAuthProvider? AuthProvider { get; init; }

    internal KubeconfigPlugin? Plugin { get; init; }
}

/// <summary>Whom requests are made for, by a user who has the right to impersonate them.</summary>
internal sealed record Impersonation(
    string User,
    string Uid,
    IReadOnlyList<string> Groups,
    IReadOnlyList<KeyValuePair<string, IReadOnlyList<string>>> Extra
)
{
    internal static readonly Impersonation None = new("", "", [], []);
}

/// <summary>A sign-in that was built into clients before plugins were.</summary>
internal sealed record KubeconfigAuthProvider(string Name, IReadOnlyDictionary<string, string> Config);

/// <summary>The program that has the credentials (<c>users[].user.exec</c>).</summary>
internal sealed record KubeconfigPlugin
{
    internal string Command { get; init; } = "";

    internal IReadOnlyList<string> Arguments { get; init; } = [];

    internal IReadOnlyList<KeyValuePair<string, string>> Environment { get; init; } = [];

    internal string ApiVersion { get; init; } = "";

    internal string InstallHint { get; init; } = "";

    internal bool ProvideClusterInfo { get; init; }

    /// <summary><c>Never</c>, <c>IfAvailable</c> or <c>Always</c>; empty where it is not said.</summary>
    internal string InteractiveMode { get; init; } = "";
}

/// <summary>What was chosen of a kubeconfig: one cluster as one user.</summary>
internal sealed record KubeconfigChoice(string Context, KubeconfigCluster Cluster, KubeconfigUser User);
