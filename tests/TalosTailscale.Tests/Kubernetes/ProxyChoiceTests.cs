using TalosTailscale.Core.Kubernetes;

namespace TalosTailscale.Tests.Kubernetes;

/// <summary>Which servers are reached without the proxy of HTTPS_PROXY: the rules of golang.org/x/net/http/httpproxy.</summary>
public sealed class ProxyChoiceTests
{
    [Theory]
    [InlineData("kube.example.org", "", true)]
    [InlineData("kube.example.org", "*", false)]
    [InlineData("kube.example.org", "example.org", false)]
    [InlineData("example.org", "example.org", false)]
    [InlineData("kube.example.org", ".example.org", false)]
    [InlineData("example.org", ".example.org", true)]
    [InlineData("kube.example.org", "*.example.org", false)]
    [InlineData("example.org", "*.example.org", true)]
    [InlineData("badexample.org", "example.org", true)]
    [InlineData("KUBE.Example.ORG", "other.test, EXAMPLE.org ,", false)]
    [InlineData("kube.example.org:6443", "example.org:6443", false)]
    [InlineData("kube.example.org:6443", "example.org:443", true)]
    [InlineData("kube.example.org", "example.org:443", false)]
    [InlineData("192.168.1.85:6443", "192.168.1.85", false)]
    [InlineData("192.168.1.85:6443", "192.168.1.85:6443", false)]
    [InlineData("192.168.1.85:6443", "192.168.1.85:443", true)]
    [InlineData("192.168.1.85:6443", "192.168.0.0/16", false)]
    [InlineData("192.168.1.85:6443", "192.168.1.84/31", false)]
    [InlineData("192.168.1.86:6443", "192.168.1.84/31", true)]
    [InlineData("192.168.1.85:6443", "1.85", true)]
    [InlineData("[fd00::85]:6443", "fd00::/8", false)]
    [InlineData("[fd00::85]:6443", "[fd00::85]:6443", false)]
    [InlineData("[fd00::85]:6443", "fd00::85", false)]
    [InlineData("[fd00::85]:6443", "fe80::/10", true)]
    [InlineData("localhost:6443", "", false)]
    [InlineData("127.0.0.2:6443", "", false)]
    [InlineData("[::1]:6443", "", false)]
    public void NO_PROXY_is_read_as_Go_reads_it(string server, string exempt, bool proxied)
    {
        foreach (bool small in new[] { false, true })
        {
            var variables = new Dictionary<string, string>(StringComparer.Ordinal)
            {
                [small ? "https_proxy" : "HTTPS_PROXY"] = "http://proxy.test:3128",
                [small ? "no_proxy" : "NO_PROXY"] = exempt,
            };
            Uri? proxy = ProxyChoice.For(new Uri("https://" + server), "", "test", name =>
                variables.GetValueOrDefault(name)
            );
            Assert.Equal(proxied ? new Uri("http://proxy.test:3128") : null, proxy);
        }
    }

    // client-go asks no variable where the kubeconfig says which proxy.
    [Fact]
    public void A_proxy_of_the_kubeconfig_knows_no_exemptions() =>
        Assert.Equal(
            new Uri("socks5://proxy.test:1080"),
            ProxyChoice.For(new Uri("https://127.0.0.1:6443"), "socks5://proxy.test:1080", "test", _ => "*")
        );
}
