using System.Globalization;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using k8s;
using TalosTailscale.Core.Kubernetes;
using TalosTailscale.Tests.Kubernetes.Oracle;

namespace TalosTailscale.Tests.Kubernetes;

/// <summary>Kubeconfigs that people reported trouble with, here or with other clients; written anew from the facts of each report.</summary>
public sealed class PublicKubeconfigTests : IAsyncDisposable
{
    private static readonly OraclePki s_pki = new();

    private readonly OracleServer _server = new(s_pki);
    private readonly TemporaryFolder _folder = new();

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    public ValueTask DisposeAsync()
    {
        _folder.Dispose();
        return _server.DisposeAsync();
    }

    // kubernetes/kubectl#935: "act-as" is the name in client-go's Go types of old; the file's is "as".
    [Fact]
    public async Task Act_as_is_not_as()
    {
        Assert.DoesNotContain("impersonate", await AskAsync(Root, "token: foo, act-as: bar"), StringComparison.Ordinal);
        Assert.Contains("impersonate-user: bar", await AskAsync(Root, "token: foo, as: bar"), StringComparison.Ordinal);
    }

    // kubernetes-client/javascript#2355: a user of a plugin, for whom another one is to be.
    [Fact]
    public async Task A_plugins_user_may_ask_for_another()
    {
        string seen = await AskAsync(Root, $"as: sudo-user, exec: {Exec("eks get-token --cluster-name=one")}");
        Assert.Contains("authorization: Bearer of-plugin", seen, StringComparison.Ordinal);
        Assert.Contains("impersonate-user: sudo-user", seen, StringComparison.Ordinal);
    }

    // kubernetes-client/java#3240: a plugin in a kubeconfig that is no file.
    [Fact]
    public async Task A_kubeconfig_in_memory_may_have_a_plugin()
    {
        string text = Config(
            $"certificate-authority-data: {Base64(Root)}",
            $"exec: {Exec("get-token")}",
            _server.Rooted
        );
        using KubernetesConnection connection = KubernetesConnection.FromBytes(Encoding.UTF8.GetBytes(text), "memory");
        await SendAsync(connection);
        Assert.Contains("Bearer of-plugin", _server.Seen.Last(), StringComparison.Ordinal);
    }

    // kubernetes-client/javascript#891: a plugin whose answer was never used, so that the server said 401.
    [Fact]
    public async Task The_answer_of_a_plugin_is_what_is_sent() =>
        Assert.Contains(
            "authorization: Bearer of-plugin",
            await AskAsync(Root, $"exec: {Exec("get-token -i my-cluster")}"),
            StringComparison.Ordinal
        );

    // kubernetes-client/csharp#859: the whole chain of authorities in the kubeconfig.
    [Fact]
    public async Task A_bundle_of_authorities_is_one_of_anchors() =>
        Assert.StartsWith(
            "whole chain",
            await AskAsync(s_pki.Intermediate.ExportCertificatePem() + "\n" + Root, "token: foo", _server.Whole),
            StringComparison.Ordinal
        );

    // kubernetes-client/python#2160: the cluster's authority is an intermediate, whose root is nowhere.
    [Fact]
    public async Task An_intermediate_alone_is_an_anchor() =>
        Assert.StartsWith(
            "leaf only",
            await AskAsync(s_pki.Intermediate.ExportCertificatePem(), "token: foo", _server.Short),
            StringComparison.Ordinal
        );

    // kubernetes-client/csharp#173: another cluster's authority of the same name was believed.
    [Fact]
    public async Task Another_authority_of_that_name_is_not_believed()
    {
        TsException e = await Assert.ThrowsAsync<TsException>(() =>
            AskAsync(s_pki.Stranger.ExportCertificatePem(), "token: foo")
        );
        Assert.Equal("KubernetesServerUntrusted", e.ErrorId);
    }

    // kubernetes-client/csharp#220: no authority at all means those of the system, not a broken file.
    [Fact]
    public async Task Without_an_authority_the_system_judges()
    {
        TsException e = await Assert.ThrowsAsync<TsException>(() => AskAsync("", "token: foo"));
        Assert.Equal("KubernetesServerUntrusted", e.ErrorId);
    }

    // ManageIQ/kubeclient#530, kubernetes-client/python#1768: a service account's token is renewed in its file, and the old one ends.
    [Fact]
    public async Task A_token_file_is_read_again_when_it_changes()
    {
        string token = _folder.Write("token", "first\n");
        string text = Config($"certificate-authority-data: {Base64(Root)}", $"tokenFile: \"{token}\"", _server.Rooted);
        using KubernetesConnection connection = KubernetesConnection.OpenIn(_folder.Write("config", text), null, _ =>
            null
        );
        foreach (string now in new[] { "first", "second" })
        {
            File.WriteAllText(token, now + "\n");
            await SendAsync(connection);
            Assert.Contains($"authorization: Bearer {now};", _server.Seen.Last(), StringComparison.Ordinal);
        }
    }

    // kubernetes/kubernetes#80596, kubernetes-client/csharp#1281: reached by another name than the certificate's.
    [Fact]
    public async Task A_server_behind_another_name_is_asked_for_by_its_own()
    {
        string seen = await AskAsync(Root, "token: foo", more: ", tls-server-name: kube.oracle.test");
        Assert.Contains("sni 'kube.oracle.test'", seen, StringComparison.Ordinal);
        Assert.Contains("host: 127.0.0.1", seen, StringComparison.Ordinal);
    }

    // kubernetes/kubernetes#104779: a proxy behind TLS is judged by its own name and the system, not by the cluster's.
    [Fact]
    public async Task The_clusters_trust_is_not_the_proxys()
    {
        string proxy = $", proxy-url: \"https://127.0.0.1:{_server.Rooted.ToString(CultureInfo.InvariantCulture)}\"";
        TsException e = await Assert.ThrowsAsync<TsException>(() =>
            AskAsync(Root, "token: foo", more: proxy + ", tls-server-name: other.test")
        );
        Assert.Equal("KubernetesServerUntrusted", e.ErrorId);
        Assert.Contains("certificate of '127.0.0.1'", e.Message, StringComparison.Ordinal);
        Assert.Empty(_server.Seen);
    }

    // kubernetes-client/java#2008: the client's file has its intermediate too, and its path is the kubeconfig's.
    [Fact]
    public void A_client_sends_its_whole_chain()
    {
        X509Certificate2 leaf = s_pki.Below;
        ClientIdentity identity = ClientIdentity.Read(
            Encoding.ASCII.GetBytes(leaf.ExportCertificatePem() + "\n" + s_pki.Intermediate.ExportCertificatePem()),
            Encoding.ASCII.GetBytes(OraclePki.KeyPem(leaf)),
            "test"
        );
        Assert.Equal(2, identity.Chain.Count);
        Assert.Equal(
            [s_pki.Intermediate.Thumbprint],
            identity.System!.IntermediateCertificates.Select(one => one.Thumbprint)
        );
    }

    private static string Root => s_pki.Root.ExportCertificatePem();

    private async Task<string> AskAsync(string authority, string user, int port = 0, string more = "")
    {
        string ca =
            authority.Length == 0
                ? "insecure-skip-tls-verify: false"
                : $"certificate-authority-data: {Base64(authority)}";
        string file = _folder.Write("config", Config(ca + more, user, port == 0 ? _server.Rooted : port));
        using KubernetesConnection connection = KubernetesConnection.OpenIn(file, null, _ => null);
        await SendAsync(connection);
        return _server.Seen.Last();
    }

    private static Task SendAsync(KubernetesConnection connection) =>
        KubernetesCall.SendAsync(connection, "ask", null, (api, ct) => api.Version.GetCodeAsync(ct), Stop);

    private string Exec(string arguments)
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "a script of sh");
        string path = _folder.Write(
            "plugin",
            "#!/bin/sh\n[ \"$*\" = '"
                + arguments
                + "' ] || exit 9\n"
                + "echo '{\"kind\":\"ExecCredential\",\"apiVersion\":\"client.authentication.k8s.io/v1beta1\",\"status\":{\"token\":\"of-plugin\"}}'\n"
        );
        if (!OperatingSystem.IsWindows())
            File.SetUnixFileMode(path, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        string list = string.Join(", ", arguments.Split(' ').Select(one => $"\"{one}\""));
        return $"{{apiVersion: client.authentication.k8s.io/v1beta1, command: \"{path}\", args: [{list}]}}";
    }

    private static string Config(string cluster, string user, int port) =>
        "apiVersion: v1\nkind: Config\ncurrent-context: c\n"
        + $"clusters: [{{name: k, cluster: {{server: \"https://127.0.0.1:{port.ToString(CultureInfo.InvariantCulture)}\", {cluster}}}}}]\n"
        + $"users: [{{name: u, user: {{{user}}}}}]\ncontexts: [{{name: c, context: {{cluster: k, user: u}}}}]\n";

    private static string Base64(string text) => Convert.ToBase64String(Encoding.ASCII.GetBytes(text));
}
