using System.Text;
using TalosTailscale.Core.Kubernetes;

namespace TalosTailscale.Tests.Kubernetes;

/// <summary>What is read of kubeconfigs and of the answers of their plugins, for the fuzzer.</summary>
internal static class KubernetesFuzz
{
    private static readonly ExecPlugin s_plugin = new(
        new KubeconfigPlugin { Command = "plugin", ApiVersion = ExecPlugin.V1 },
        new KubeconfigCluster("c"),
        "seed"
    );

    private const string Cluster = "clusters: [{name: c, cluster: {server: \"https://h:6443\"}}]\n";
    private const string Context = "contexts: [{name: x, context: {cluster: c, user: u}}]\n";

    // Small ones, each of one kind: an input is then read in microseconds, and most mutations hit what they are about.
    internal static IReadOnlyList<byte[]> Kubeconfigs { get; } =
    [
        Seed("token: \"abc\", as: jane, as-uid: \"1\", as-groups: [a, b], as-user-extra: {scopes: [x]}"),
        Seed("username: u, password: \"p\", client-certificate-data: LS0t, client-key-data: LS0t"),
        Seed("auth-provider: {name: oidc, config: {id-token: a.eyJleHAiOjF9.c, client-id: us}}"),
        Seed(
            "exec: {command: ./p, args: [\"\", 'a b'], env: [{name: A, value: b}], provideClusterInfo: true, "
                + "apiVersion: client.authentication.k8s.io/v1, interactiveMode: Never, installHint: x}"
        ),
        Seed("tokenFile: no/such/file, client-certificate: ./absent.crt, client-key: absent.key"),
        Encoding.UTF8.GetBytes(
            """
            apiVersion: v1
            kind: Config
            current-context: &n lab
            clusters:
            - name: *n
              cluster: {server: "https://[::1]:6443", tls-server-name: x, proxy-url: "socks5://u:p@h:1", certificate-authority-data: ""}
            - name: other
              cluster:
                server: http://127.0.0.1
                insecure-skip-tls-verify: yes
                extensions: [{name: client.authentication.k8s.io/exec, extension: {a: [1, 2.5, yes, ~]}}]
            users: [{name: lab, user: {}}]
            contexts:
            - {name: lab, context: {cluster: lab, user: lab}}
            - {name: other, context: {<<: {cluster: other}, user: lab, namespace: x}}

            """
        ),
        OfNode(),
        "{\n\t\"kind\": \"Config\", \"clusters\": [{\"name\": \"c\", \"cluster\": {\"server\": \"https://h\"}}], \"users\": [{\"name\": \"u\", \"user\": {\"token\": \"a\"}}], \"contexts\": [{\"name\": \"x\", \"context\": {\"cluster\": \"c\", \"user\": \"u\"}}]}"u8.ToArray(),
        [
            .. Encoding.Unicode.GetPreamble(),
            .. Encoding.Unicode.GetBytes(Cluster + "users: [{name: u, user: {token: a}}]\n" + Context),
        ],
    ];

    internal static IReadOnlyList<byte[]> Answers { get; } =
    [
        """{"kind":"ExecCredential","apiVersion":"client.authentication.k8s.io/v1","spec":{"interactive":false},"status":{"expirationTimestamp":"2030-01-02T03:04:05Z","token":"abc"}}"""u8.ToArray(),
        """{"kind":"ExecCredential","apiVersion":"client.authentication.k8s.io/v1","status":{"clientCertificateData":"-----BEGIN CERTIFICATE-----\nMAA=\n-----END CERTIFICATE-----\n","clientKeyData":"-----BEGIN PRIVATE KEY-----\nMAA=\n-----END PRIVATE KEY-----\n"}}"""u8.ToArray(),
    ];

    /// <summary>Opens every context of it, as a user's own and as one that a node sent; refused is what nobody takes.</summary>
    internal static void Open(byte[] bytes)
    {
        KubeconfigFile config = KubeconfigReader.Read(bytes, "seed", Path.GetTempPath());
        TsException[] refusals =
        [
            .. config
                .Contexts.Take(8)
                .Select(context => Refusal(() => KubernetesConnection.Of(config, "seed", context.Name).Dispose()))
                .Append(Refusal(() => FetchedKubeconfig.Parse(bytes, "seed")))
                .OfType<TsException>(),
        ];
        if (refusals.Length == Math.Min(config.Contexts.Count, 8) + 1)
            throw refusals[0];
    }

    private static TsException? Refusal(Action open)
    {
        try
        {
            open();
            return null;
        }
        catch (TsException e)
        {
            return e;
        }
    }

    // As a node hands it out.
    private static byte[] OfNode()
    {
        (string certificate, string key) = Ed25519Client.Make();
        return Encoding.UTF8.GetBytes(
            $$"""
            apiVersion: v1
            kind: Config
            clusters:
            - name: c
              cluster: {server: "https://192.168.1.1:6443", certificate-authority-data: {{Base64(certificate)}} }
            users:
            - name: u
              user:
                client-certificate-data: {{Base64(certificate)}}
                client-key-data: {{Base64(key)}}
            contexts:
            - {name: x, context: {cluster: c, user: u} }
            current-context: x

            """
        );
    }

    private static string Base64(string text) => Convert.ToBase64String(Encoding.ASCII.GetBytes(text));

    private static byte[] Seed(string user) =>
        Encoding.UTF8.GetBytes(
            $"apiVersion: v1\nkind: Config\n{Cluster}users: [{{name: u, user: {{{user}}}}}]\n{Context}current-context: x\n"
        );

    /// <summary>Reads an answer, and the certificate in it.</summary>
    internal static void Answer(byte[] bytes)
    {
        PluginCredential credential = s_plugin.Answer(Encoding.UTF8.GetString(bytes));
        if (credential.Certificate.Length > 0)
            ClientIdentity.Read(
                Encoding.ASCII.GetBytes(credential.Certificate),
                Encoding.ASCII.GetBytes(credential.Key),
                "seed"
            );
    }
}
