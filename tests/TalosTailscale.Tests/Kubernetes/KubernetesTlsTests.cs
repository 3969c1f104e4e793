using System.Globalization;
using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Authentication;
using System.Security.Cryptography;
using System.Text;
using System.Text.RegularExpressions;
using k8s;
using TalosTailscale.Core.Kubernetes;
using TalosTailscale.Tests.Kubernetes.Oracle;

namespace TalosTailscale.Tests.Kubernetes;

/// <summary>Both ways of TLS, forced on a server that speaks 1.3 alone, as those of Talos 1.14 do.</summary>
public sealed partial class KubernetesTlsTests
{
    private static readonly OraclePki s_pki = new();

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(true, "none")]
    [InlineData(true, "http")]
    [InlineData(true, "socks5")]
    [InlineData(false, "none")]
    [InlineData(false, "http")]
    [InlineData(false, "socks5")]
    public async Task A_server_of_TLS_1_3_alone_is_reached_with_certificate_CA_and_proxy(bool own, string proxy)
    {
        await using var server = new OracleServer(s_pki, SslProtocols.Tls13);
        using var folder = new TemporaryFolder();
        string host = proxy == "none" ? "127.0.0.1" : "kube.oracle.test";
        int port = proxy == "http" ? server.HttpProxy : server.SocksProxy;
        string more =
            proxy == "none"
                ? ""
                : $"    proxy-url: {proxy}://127.0.0.1:{port.ToString(CultureInfo.InvariantCulture)}\n";
        foreach (var client in new[] { s_pki.Client, s_pki.RsaClient })
        {
            string file = folder.Write(
                "config",
                Config($"https://{host}:{server.Rooted}", more, s_pki.Root.ExportCertificatePem(), client)
            );
            using KubernetesConnection connection = KubernetesConnection.OpenIn(file, null, _ => null, own);
            await AskAsync(connection);
            Assert.Contains($"client '{client.Subject}'", server.Seen.Last(), StringComparison.Ordinal);
        }

        Assert.Equal(proxy == "none", server.Passed.IsEmpty);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Both_ways_refuse_the_same(bool own)
    {
        await using var server = new OracleServer(s_pki);
        using var folder = new TemporaryFolder();
        (string What, int Port, string Ca, string More)[] rows =
        [
            ("another authority of that name", server.Rooted, s_pki.Stranger.ExportCertificatePem(), ""),
            ("another name", server.Rooted, s_pki.Root.ExportCertificatePem(), "    tls-server-name: other.test\n"),
            ("a chain with a gap", server.Short, s_pki.Root.ExportCertificatePem(), ""),
            (
                "a common name is no name",
                server.Lone,
                s_pki.Lone.ExportCertificatePem(),
                "    tls-server-name: alone\n"
            ),
            ("the system's authorities", server.Rooted, "", ""),
        ];
        foreach ((string what, int port, string ca, string more) in rows)
        {
            string file = folder.Write("config", Config($"https://127.0.0.1:{port}", more, ca, s_pki.Client));
            using KubernetesConnection connection = KubernetesConnection.OpenIn(file, null, _ => null, own);
            TsException e = await Assert.ThrowsAsync<TsException>(() => AskAsync(connection));
            Assert.True(e.ErrorId == "KubernetesServerUntrusted", $"{what}: {e.ErrorId} {e.Message}");
        }

        Assert.Empty(server.Seen);
    }

    // Lists are larger than what comes with an answer's head.
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_large_answer_is_read_to_its_end(bool own)
    {
        await using var server = new OracleServer(s_pki);
        string text = new('x', 1_000_000);
        server.Refuse = _ => (200, $"{{\"major\":\"1\",\"minor\":\"34\",\"gitVersion\":\"{text}\"}}");
        using var folder = new TemporaryFolder();
        using KubernetesConnection connection = Open(folder, server.Rooted, own);
        Assert.Equal(text, (await AskAsync(connection)).GitVersion);
    }

    [Theory(Timeout = 60_000)]
    [InlineData(true)]
    [InlineData(false)]
    public async Task An_answer_that_stops_in_its_middle_keeps_nobody(bool own)
    {
        await using var server = new OracleServer(s_pki) { Withheld = 10 };
        using var folder = new TemporaryFolder();
        using KubernetesConnection connection = Open(folder, server.Rooted, own);
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(Stop);
        Task asking = KubernetesCall.SendAsync(
            connection,
            "ask",
            null,
            (api, ct) => api.Version.GetCodeAsync(ct),
            stop.Token
        );
        await HelperPodTests.UntilAsync(() => server.Answered == 1);
        await stop.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() =>
            asking.WaitAsync(TestContext.Current.CancellationToken)
        );
    }

    // Ciphers that somebody could read later or that have to be decrypted with care are not even offered.
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Authenticated_ciphers_with_forward_secrecy_alone_are_offered(bool own)
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        using var folder = new TemporaryFolder();
        using KubernetesConnection connection = Open(folder, ((IPEndPoint)listener.LocalEndpoint).Port, own);
        Task asking = AskAsync(connection);
        using (TcpClient client = await listener.AcceptTcpClientAsync(Stop))
        {
            ClientHello hello = await ClientHello.ReadAsync(client.GetStream(), Stop);
            Assert.Equal("0303, 0304", string.Join(", ", hello.Versions.Order().Select(one => $"{one:X4}")));
            Assert.Contains((ushort)TlsCipherSuite.TLS_AES_128_GCM_SHA256, hello.Suites);
            // What TLS 1.2 has to say beside its ciphers: that it can renegotiate securely.
            IEnumerable<string> suites = hello
                .Suites.Except([(ushort)0x00FF])
                .Select(suite => $"{(TlsCipherSuite)suite}");
            Assert.All(suites, suite => Assert.Matches(AuthenticatedRegex(), suite));
        }

        listener.Stop();
        await Assert.ThrowsAsync<TsException>(() => asking);
    }

    // A certificate may say where its issuer is to be had, and whoever asks there says where he is.
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task No_issuer_is_downloaded(bool own)
    {
        await using var server = new OracleServer(s_pki);
        int port = server.Add(s_pki.Pointing($"http://127.0.0.1:{server.Plain}/intermediate.crt"));
        using var folder = new TemporaryFolder();
        using KubernetesConnection connection = Open(folder, port, own);
        TsException e = await Assert.ThrowsAsync<TsException>(() => AskAsync(connection));
        Assert.Equal("KubernetesServerUntrusted", e.ErrorId);
        Assert.Empty(server.Seen);
    }

    // A key that .NET has no type for (dotnet/runtime#63174) takes our own TLS by itself.
    [Fact]
    public void A_key_of_Ed25519_is_one_for_our_own_TLS()
    {
        (string certificate, string key) = Ed25519Client.Make();
        ClientIdentity identity = ClientIdentity.Read(
            Encoding.ASCII.GetBytes(certificate),
            Encoding.ASCII.GetBytes(key),
            "test"
        );
        Assert.Null(identity.System);
        Assert.Single(identity.Chain);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Commands_in_pods_go_the_same_way(bool own)
    {
        await using var lab = await KubeLab.StartAsync();
        using KubernetesConnection connection = KubernetesConnection.OpenIn(lab.Kubeconfig, null, _ => null, own);
        await using HelperPod pod = await HelperPod.CreateAsync(connection, KubeLab.Spec(), Stop);
        byte[] input = RandomNumberGenerator.GetBytes(3_000_001);
        using var output = new MemoryStream();
        int code = await pod.ExecAsync(
            ["head", "-c", input.Length.ToString(CultureInfo.InvariantCulture)],
            new MemoryStream(input),
            output,
            Stream.Null,
            Stop
        );
        Assert.Equal(0, code);
        Assert.Equal(
            Convert.ToHexString(SHA256.HashData(input)),
            Convert.ToHexString(SHA256.HashData(output.ToArray()))
        );
    }

    [Fact]
    public async Task Exec_is_asked_for_on_behalf_of_whom_the_kubeconfig_names()
    {
        await using var lab = await KubeLab.StartAsync();
        string text = File.ReadAllText(lab.Kubeconfig)
            .Replace(
                "    client-key-data:",
                "    as: jane\n    as-groups: [\"one, two\", three]\n    client-key-data:",
                StringComparison.Ordinal
            );
        File.WriteAllText(lab.Kubeconfig, text);
        using KubernetesConnection connection = lab.Connect();
        lab.Api.Faults.Forbidden["impersonate users"] = true;
        TsException e = await Assert.ThrowsAsync<TsException>(() =>
            HelperPod.CreateAsync(connection, KubeLab.Spec(), Stop)
        );
        Assert.Equal("KubernetesForbidden", e.ErrorId);
        Assert.Contains("lacks the verb 'impersonate' on 'users'", e.Message, StringComparison.Ordinal);
        var target = new PodExecTarget("kube-system", "any", "shell", KubeLab.Node);
        e = await Assert.ThrowsAsync<TsException>(() =>
            PodExec.RunAsync(connection, target, ["true"], null, Stream.Null, Stream.Null, Stop)
        );
        Assert.Contains("lacks the verb 'impersonate' on 'users'", e.Message, StringComparison.Ordinal);
        lab.Api.Faults.Forbidden.Clear();
        await using HelperPod pod = await HelperPod.CreateAsync(connection, KubeLab.Spec(), Stop);
        Assert.Contains("impersonate groups", lab.Api.Faults.Used.Keys);
        Assert.Equal(["jane: one, two|three"], lab.Api.Faults.Impersonated.Keys);
    }

    [GeneratedRegex("^TLS_(ECDHE_(ECDSA|RSA)_WITH_)?(AES_(128|256)_GCM|CHACHA20_POLY1305)_SHA(256|384)$")]
    private static partial Regex AuthenticatedRegex();

    private static KubernetesConnection Open(TemporaryFolder folder, int port, bool own) =>
        KubernetesConnection.OpenIn(
            folder.Write(
                "config",
                Config($"https://127.0.0.1:{port}", "", s_pki.Root.ExportCertificatePem(), s_pki.Client)
            ),
            null,
            _ => null,
            own
        );

    private static Task<k8s.Models.VersionInfo> AskAsync(KubernetesConnection connection) =>
        KubernetesCall.SendAsync(connection, "ask", null, (api, ct) => api.Version.GetCodeAsync(ct), Stop);

    private static string Config(
        string server,
        string more,
        string authority,
        System.Security.Cryptography.X509Certificates.X509Certificate2 client
    )
    {
        string ca = authority.Length == 0 ? "" : $"    certificate-authority-data: {Base64(authority)}\n";
        return $"apiVersion: v1\nkind: Config\ncurrent-context: c\nclusters:\n- name: k\n  cluster:\n    server: {server}\n{ca}{more}"
            + $"users:\n- name: u\n  user:\n    client-certificate-data: {Base64(client.ExportCertificatePem())}\n    client-key-data: {Base64(OraclePki.KeyPem(client))}\n"
            + "contexts:\n- name: c\n  context: {cluster: k, user: u}\n";
    }

    private static string Base64(string text) => Convert.ToBase64String(Encoding.ASCII.GetBytes(text));
}
