using System.Text;
using TalosTailscale.Core.Kubernetes;

namespace TalosTailscale.Tests.Kubernetes;

/// <summary>What a node sends as a kubeconfig names no program, no file, no proxy and no blind trust.</summary>
public class FetchedKubeconfigTests
{
    [Theory]
    [InlineData("    exec: {command: /bin/sh, apiVersion: client.authentication.k8s.io/v1}", "users.user.exec")]
    [InlineData("    auth-provider: {name: gcp, config: {cmd-path: /bin/sh}}", "users.user.auth-provider")]
    [InlineData("    tokenFile: /etc/shadow", "users.user.tokenFile")]
    [InlineData("    client-key: /root/.ssh/id_rsa", "users.user.client-key")]
    [InlineData("    as: system:admin", "users.user.as")]
    [InlineData("    token: abc", "users.user.token")]
    public void What_a_user_of_it_may_not_have_is_refused_by_name(string line, string named) =>
        Refused(Sample.Replace("  user:\n", $"  user:\n{line}\n", StringComparison.Ordinal), named);

    [Theory]
    [InlineData("    insecure-skip-tls-verify: true", "clusters.cluster.insecure-skip-tls-verify")]
    [InlineData("    proxy-url: http://192.0.2.1:3128", "clusters.cluster.proxy-url")]
    [InlineData("    certificate-authority: /etc/passwd", "clusters.cluster.certificate-authority")]
    [InlineData("    tls-server-name: other", "clusters.cluster.tls-server-name")]
    public void What_a_cluster_of_it_may_not_have_is_refused_by_name(string line, string named) =>
        Refused(Sample.Replace("- cluster:\n", $"- cluster:\n{line}\n", StringComparison.Ordinal), named);

    [Fact]
    public void A_merge_key_brings_nothing_in() =>
        Refused(
            Sample.Replace("  user:\n", "  user:\n    <<: {exec: {command: sh}}\n", StringComparison.Ordinal),
            "<<"
        );

    [Theory]
    [InlineData("[", 200_000)]
    [InlineData("{a: ", 50_000)]
    public void Brackets_without_end_are_refused_before_a_parser_sees_them(string open, int times) =>
        Refused(string.Concat(Enumerable.Repeat(open, times)), "nested");

    [Fact]
    public void A_text_without_end_is_refused() => Refused(new string('a', 300_000), "bytes");

    [Fact]
    public void What_Talos_sends_is_taken() => FetchedKubeconfig.Check(Encoding.UTF8.GetBytes(Sample), "the Talos API");

    private static void Refused(string text, string named)
    {
        TsException refusal = Assert.Throws<TsException>(() =>
            FetchedKubeconfig.Check(Encoding.UTF8.GetBytes(text), "the Talos API")
        );
        Assert.Equal("KubeconfigFromNodeRefused", refusal.ErrorId);
        Assert.Contains(named, refusal.Message, StringComparison.Ordinal);
    }

    private const string Sample = """
        apiVersion: v1
        kind: Config
        clusters:
        - cluster:
            certificate-authority-data: AAAA
            server: https://192.168.1.130:6443
          name: home
        contexts:
        - context:
            cluster: home
            namespace: default
            user: admin@home
          name: admin@home
        current-context: admin@home
        preferences: {}
        users:
        - name: admin@home
          user:
            client-certificate-data: AAAA
            client-key-data: AAAA
        """;
}
