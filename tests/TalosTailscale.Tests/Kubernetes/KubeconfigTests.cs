using System.Text;
using TalosTailscale.Core.Kubernetes;

namespace TalosTailscale.Tests.Kubernetes;

public sealed class KubeconfigTests
{
    internal static string Sample { get; } = MakeSample();

    [Fact]
    public void The_current_context_is_taken()
    {
        using var connection = From(Sample);
        Assert.Equal(("admin@lab", new Uri("https://127.0.0.1:6443")), (connection.Context, connection.Server));
    }

    [Fact]
    public void A_context_that_is_not_there_lists_those_that_are()
    {
        var e = Assert.Throws<TsException>(() =>
            KubernetesConnection.FromBytes(Encoding.UTF8.GetBytes(Sample), "test", "prod")
        );
        Assert.Equal("KubeconfigContextNotFound", e.ErrorId);
        Assert.Contains("'prod', it has 'admin@lab'", e.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("certificate-authority-data: .*", "insecure-skip-tls-verify: true")]
    [InlineData("server: https", "server: http")]
    public void A_server_that_nobody_verifies_is_refused(string from, string to)
    {
        var text = System.Text.RegularExpressions.Regex.Replace(Sample, from, to);
        Assert.Equal("KubeconfigInsecure", Assert.Throws<TsException>(() => From(text)).ErrorId);
    }

    [Theory]
    [InlineData("clusters: [", "not valid YAML at line")]
    [InlineData("", "")]
    [InlineData("- a\n- b\n", "")]
    [InlineData(
        "apiVersion: v1\nkind: Config\ncurrent-context: x\ncontexts: [{name: x, context: {cluster: none, user: none}}]\n",
        ""
    )]
    public void Rubbish_is_refused(string text, string says)
    {
        var e = Assert.Throws<TsException>(() => From(text));
        Assert.Contains(e.ErrorId, (string[])["KubeconfigInvalid", "KubeconfigContextNotFound"]);
        Assert.Contains(says, e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_key_that_cannot_be_read_is_refused_without_being_shown()
    {
        var secret = Convert.ToBase64String(
            Encoding.ASCII.GetBytes("-----BEGIN PRIVATE KEY-----\nc2VjcmV0\n-----END PRIVATE KEY-----\n")
        );
        var text = System.Text.RegularExpressions.Regex.Replace(
            Sample,
            "client-key-data: .*",
            "client-key-data: " + secret
        );
        var e = Assert.Throws<TsException>(() => From(text));
        Assert.Equal("KubeconfigInvalid", e.ErrorId);
        Assert.DoesNotContain("c2VjcmV0", e.ToString(), StringComparison.Ordinal);
        Assert.DoesNotContain(secret, e.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public void A_missing_file_is_named()
    {
        var e = Assert.Throws<TsException>(() => KubernetesConnection.Open("/nonexistent/kubeconfig"));
        Assert.Equal(("KubeconfigNotFound", "/nonexistent/kubeconfig"), (e.ErrorId, e.Target));
    }

    [Fact]
    public void Several_files_are_merged_and_the_first_wins()
    {
        var folder = Directory.CreateTempSubdirectory("kubeconfig-");
        try
        {
            var (one, two) = (Path.Combine(folder.FullName, "one"), Path.Combine(folder.FullName, "two"));
            File.WriteAllText(one, "apiVersion: v1\nkind: Config\ncurrent-context: other\n");
            File.WriteAllText(
                two,
                Sample
                    .Replace("name: admin@lab", "name: other", StringComparison.Ordinal)
                    .Replace("user: admin@lab", "user: other", StringComparison.Ordinal)
            );
            var merged = Kubeconfig.Read([one, two]);
            Assert.Equal("other", merged.CurrentContext);
            Assert.Equal("other", Kubeconfig.Choose(merged, null, "test").Context);
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }

    private static KubernetesConnection From(string text) =>
        KubernetesConnection.FromBytes(Encoding.UTF8.GetBytes(text), "test");

    private static string MakeSample()
    {
        using var pki = new TalosTailscale.Lab.Kubernetes.KubePki();
        using var client = pki.IssueClient("admin", "system:masters");
        return TalosTailscale.Lab.Kubernetes.LabKubernetesApi.Kubeconfig(
            new Uri("https://127.0.0.1:6443"),
            client,
            pki.Authority
        );
    }
}
