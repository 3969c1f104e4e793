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

    private static readonly string s_all = """
        apiVersion: v1
        kind: Config
        current-context: &n lab
        clusters:
        - name: *n
          cluster: {server: "https://127.0.0.1:6443", tls-server-name: x, proxy-url: "socks5://u:p@h:1", certificate-authority-data: ""}
        - name: other
          cluster:
            server: https://[::1]:6443
            extensions: [{name: client.authentication.k8s.io/exec, extension: {a: [1, 2.5, yes, ~]}}]
        users:
        - name: lab
          user:
            token: "abc"
            as: jane
            as-uid: "1"
            as-groups: [a, b]
            as-user-extra: {scopes: [x]}
        - name: plugin
          user:
            exec: {command: ./p, args: ["", 'a b'], env: [{name: A, value: b}], apiVersion: client.authentication.k8s.io/v1, interactiveMode: Never, provideClusterInfo: true}
        - name: provider
          user: {auth-provider: {name: oidc, config: {id-token: a.eyJleHAiOjF9.c}}}
        - name: basic
          user: {username: u, password: "p", client-certificate-data: LS0t, client-key-data: LS0t}
        contexts:
        - {name: lab, context: {cluster: lab, user: lab}}
        - {name: plugin, context: {cluster: other, user: plugin}}
        - {name: provider, context: {cluster: lab, user: provider}}
        - {name: basic, context: {<<: {cluster: lab}, user: basic}}

        """;

    internal static IReadOnlyList<byte[]> Kubeconfigs { get; } =
    [
        Encoding.UTF8.GetBytes(s_all),
        "{\n\t\"kind\": \"Config\", \"clusters\": [{\"name\": \"a\", \"cluster\": {\"server\": \"https://h\"}}]}"u8.ToArray(),
        Encoding.Unicode.GetPreamble().Concat(Encoding.Unicode.GetBytes(s_all)).ToArray(),
    ];

    internal static IReadOnlyList<byte[]> Answers { get; } =
    [
        """{"kind":"ExecCredential","apiVersion":"client.authentication.k8s.io/v1","spec":{"interactive":false},"status":{"expirationTimestamp":"2030-01-02T03:04:05Z","token":"abc"}}"""u8.ToArray(),
        """{"kind":"ExecCredential","apiVersion":"client.authentication.k8s.io/v1","status":{"clientCertificateData":"-----BEGIN CERTIFICATE-----\nMAA=\n-----END CERTIFICATE-----\n","clientKeyData":"-----BEGIN PRIVATE KEY-----\nMAA=\n-----END PRIVATE KEY-----\n"}}"""u8.ToArray(),
    ];

    /// <summary>Opens every context of it, as a user's own and as one that a node sent; a refusal of one hides no other.</summary>
    internal static void Open(byte[] bytes)
    {
        TsException? refused = null;
        KubeconfigFile config = KubeconfigReader.Read(bytes, "seed", Path.GetTempPath());
        foreach (KubeconfigContext context in config.Contexts.Take(8))
        {
            try
            {
                KubernetesConnection.FromBytes(bytes, "seed", context.Name).Dispose();
            }
            catch (TsException e)
            {
                refused = e;
            }
        }

        try
        {
            FetchedKubeconfig.Parse(bytes, "seed");
        }
        catch (TsException e)
        {
            refused ??= e;
        }

        if (refused is not null)
            throw refused;
    }

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
