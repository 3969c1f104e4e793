using System.Text.Json.Nodes;
using TalosTailscale.Core.Kubernetes;

namespace TalosTailscale.Tests.Kubernetes.Oracle;

/// <summary>What a kubeconfig comes to once its context is chosen and its files are in it.</summary>
internal sealed class OracleView
{
    private readonly List<(string What, string Value)> _facts = [];

    /// <param name="config">As kubectl shows it.</param>
    /// <param name="folder">The folder that its paths are relative to.</param>
    internal static OracleView Of(JsonNode config, string folder)
    {
        JsonNode? cluster = config["clusters"]?[0]?["cluster"],
            user = config["users"]?[0]?["user"],
            exec = user?["exec"];
        var view = new OracleView();
        view.Add("context", config["current-context"]);
        view.Add("server", cluster?["server"]);
        view.Add("TLS name", cluster?["tls-server-name"]);
        view.Add("CA", cluster?["certificate-authority-data"]);
        view.Add("proxy", cluster?["proxy-url"]);
        view.Add("certificate", user?["client-certificate-data"]);
        view.Add("key", user?["client-key-data"]);
        view.Add("token", user?["token"]);
        view.Add("token file", user?["tokenFile"]?.ToString() is { } file ? Path.GetFullPath(file, folder) : "");
        view.Add("basic", $"{user?["username"]} {user?["password"]}");
        view.Add("as", $"{user?["as"]} {user?["as-uid"]} {Join(user?["as-groups"])} {Extra(user?["as-user-extra"])}");
        view.Add("plugin's arguments", Join(exec?["args"]));
        return view;
    }

    internal static OracleView Of(KubernetesConnection connection)
    {
        KubeconfigChoice choice = connection.Choice;
        (KubeconfigCluster cluster, KubeconfigUser user) = (choice.Cluster, choice.User);
        var view = new OracleView();
        view.Add("context", choice.Context);
        view.Add("server", cluster.Server);
        view.Add("TLS name", cluster.TlsServerName);
        view.Add("CA", Convert.ToBase64String(KubernetesFiles.Read(cluster.AuthorityFile, cluster.AuthorityData, "")));
        view.Add("proxy", cluster.ProxyUrl);
        view.Add(
            "certificate",
            Convert.ToBase64String(KubernetesFiles.Read(user.CertificateFile, user.CertificateData, ""))
        );
        view.Add("key", Convert.ToBase64String(KubernetesFiles.Read(user.KeyFile, user.KeyData, "")));
        view.Add("token", user.Token);
        view.Add("token file", user.TokenFile.Length == 0 ? "" : Path.GetFullPath(user.TokenFile));
        view.Add("basic", $"{user.Username} {user.Password}");
        string extra = string.Join(
            "; ",
            user.As.Extra.Select(one => $"{one.Key}={string.Join("|", one.Value)}").Order(StringComparer.Ordinal)
        );
        view.Add("as", $"{user.As.User} {user.As.Uid} {string.Join("|", user.As.Groups)} {extra}");
        view.Add("plugin's arguments", string.Join("|", user.Plugin?.Arguments ?? []));
        return view;
    }

    internal IEnumerable<(string What, string Theirs, string Ours)> Against(OracleView ours) =>
        _facts.Zip(ours._facts, (one, other) => ("view: " + one.What, one.Value, other.Value));

    private void Add(string what, JsonNode? value) => Add(what, value?.ToString() ?? "");

    private void Add(string what, string value) => _facts.Add((what, value));

    private static string Join(JsonNode? list) =>
        string.Join("|", (list as JsonArray ?? []).Select(one => one?.ToString()));

    private static string Extra(JsonNode? extra) =>
        string.Join(
            "; ",
            (extra as JsonObject ?? []).Select(one => $"{one.Key}={Join(one.Value)}").Order(StringComparer.Ordinal)
        );
}
