using TalosTailscale.Core.Talos;
using TalosTailscale.Tests.Inventory;

namespace TalosTailscale.Tests.Talos;

/// <summary>talosconfigs as people have them, good and bad.</summary>
public class TalosConfigTests
{
    private static readonly TestCertificate s_ca = TestPki.Ca();

    [Fact]
    public void Files_are_looked_for_where_talosctl_looks()
    {
        var environment = new Dictionary<string, string?> { ["TALOSCONFIG"] = "/a/config", ["TALOS_HOME"] = "/t" };
        Assert.Equal(
            ["/a/config", Path.Combine("/t", "config"), "/var/run/secrets/talos.dev/config"],
            TalosConfigPath.Candidates(environment.GetValueOrDefault, "/home/u")
        );
        environment["TALOSCONFIG"] = "";
        environment["TALOS_HOME"] = "relative";
        Assert.Equal(
            [Path.Combine("/home/u", ".talos", "config"), "/var/run/secrets/talos.dev/config"],
            TalosConfigPath.Candidates(environment.GetValueOrDefault, "/home/u")
        );
    }

    [Fact]
    public void The_first_file_that_exists_is_read_and_nothing_is_written()
    {
        using var folder = new TemporaryFolder();
        string home = Directory.CreateDirectory(Path.Combine(folder.Path, ".talos")).FullName;
        File.WriteAllText(Path.Combine(home, "config"), "context: x\ncontexts: {}\n");
        var environment = new Dictionary<string, string?> { ["TALOSCONFIG"] = Path.Combine(folder.Path, "absent") };

        string found = TalosConfigPath.Find(null, environment.GetValueOrDefault, folder.Path);

        Assert.Equal(Path.Combine(home, "config"), found);
        Assert.False(File.Exists(Path.Combine(folder.Path, "absent")));
        TsException error = Assert.Throws<TsException>(() =>
            TalosConfigPath.Find(Path.Combine(folder.Path, "absent"), environment.GetValueOrDefault, folder.Path)
        );
        Assert.Same(TalosErrors.TalosConfigNotFound, error.Error);
    }

    [Fact]
    public void Contexts_endpoints_and_the_deprecated_target_are_read_and_unknown_keys_are_not()
    {
        TalosConfigFile file = TalosConfigFile.Parse(
            """
            context: home
            future: {a: [1]}
            contexts:
              home:
                target: 10.0.0.9
                endpoints: [10.0.0.1, "https://talos.example"]
                nodes: [10.0.0.2]
                cluster: c1
                somethingNew: true
              empty: {}
              nulls: {endpoints: null, ca: null, crt: ~}
            """
        );
        TalosConfigContext context = file.Context();
        Assert.Equal(["10.0.0.1", "https://talos.example", "10.0.0.9"], context.Endpoints);
        Assert.Equal(["10.0.0.2"], context.Nodes);
        Assert.Equal("c1", context.Cluster);
        Assert.Empty(file.Context("empty").Endpoints);
        Assert.False(file.Context("nulls").HasClientCertificate);
    }

    [Theory]
    [InlineData("", "TalosConfigInvalid")]
    [InlineData("contexts: {a: {}}", "TalosContextNotFound")]
    [InlineData("context: b\ncontexts: {a: {}}", "TalosContextNotFound")]
    [InlineData("context: [", "TalosConfigInvalid")]
    [InlineData("- a", "TalosConfigInvalid")]
    [InlineData("context: a\ncontexts: [a]", "TalosConfigInvalid")]
    [InlineData("context: a\ncontexts: {a: b}", "TalosConfigInvalid")]
    [InlineData("context: a\ncontexts: {a: {endpoints: 10.0.0.1}}", "TalosConfigInvalid")]
    [InlineData("context: a\ncontexts: {a: {endpoints: [{}]}}", "TalosConfigInvalid")]
    [InlineData("context: a\ncontexts: {a: {ca: {}}}", "TalosConfigInvalid")]
    public void What_is_not_a_talosconfig_says_so(string text, string errorId)
    {
        TsException error = Assert.Throws<TsException>(() => TalosConfigFile.Parse(text, "f").Context());
        Assert.Equal(errorId, error.ErrorId);
    }

    [Theory]
    [InlineData("10.0.0.1", "10.0.0.1", 50000)]
    [InlineData("10.0.0.1:6000", "10.0.0.1", 6000)]
    [InlineData("cp.example", "cp.example", 50000)]
    [InlineData("cp.example:443", "cp.example", 443)]
    [InlineData("https://cp.example", "cp.example", 443)]
    [InlineData("https://cp.example/", "cp.example", 443)]
    [InlineData("HTTPS://cp.example:8443", "cp.example", 8443)]
    [InlineData("https://[fd00::1]", "fd00::1", 443)]
    [InlineData("fd00::1", "fd00::1", 50000)]
    [InlineData("[fd00::1]", "fd00::1", 50000)]
    [InlineData("[FD00::0:1]:50001", "fd00::1", 50001)]
    public void Endpoints_have_many_forms(string text, string host, int port) =>
        Assert.Equal(new TalosEndpoint(host, port), TalosEndpoint.Parse(text));

    [Theory]
    [InlineData("")]
    [InlineData("http://cp.example")]
    [InlineData("cp.example:0")]
    [InlineData("cp.example:65536")]
    [InlineData("cp.example:x")]
    [InlineData("[cp.example]")]
    [InlineData("[fd00::1")]
    [InlineData("a b")]
    [InlineData("cp.example/path")]
    public void What_is_no_endpoint_says_so(string text) =>
        Assert.Same(
            TalosErrors.TalosEndpointInvalid,
            Assert.Throws<TsException>(() => TalosEndpoint.Parse(text)).Error
        );

    [Fact]
    public void An_endpoint_is_written_with_brackets_where_needed()
    {
        Assert.Equal("[fd00::1]:50000", TalosEndpoint.Parse("fd00::1").ToString());
        Assert.Equal("10.0.0.1:50000", TalosEndpoint.Parse("10.0.0.1").ToString());
    }

    [Fact]
    public void An_expired_client_certificate_is_found_offline_with_its_date()
    {
        TestCertificate client = TestPki.Issue(
            s_ca,
            KeyKind.Ed25519,
            new TestCertificateOptions
            {
                Subject = "O=os:admin",
                NotBefore = new DateTime(2020, 1, 1, 0, 0, 0, DateTimeKind.Utc),
                NotAfter = new DateTime(2021, 2, 3, 4, 5, 0, DateTimeKind.Utc),
            }
        );
        TsException error = Assert.Throws<TsException>(() => Connect(TestPki.TalosConfig(s_ca, client, "10.0.0.1")));
        Assert.Same(TalosErrors.TalosClientCertificateExpired, error.Error);
        Assert.Contains("2021-02-03 04:05 UTC", error.Message, StringComparison.Ordinal);
        Assert.Contains("talosctl config new", error.RecommendedAction, StringComparison.Ordinal);
    }

    [Fact]
    public void A_certificate_of_tomorrow_is_not_valid_yet()
    {
        TestCertificate client = TestPki.Issue(
            s_ca,
            KeyKind.Ed25519,
            new TestCertificateOptions
            {
                Subject = "O=os:admin",
                NotBefore = DateTime.UtcNow.AddDays(1),
                NotAfter = DateTime.UtcNow.AddDays(2),
            }
        );
        Assert.Same(
            TalosErrors.TalosClientCertificateNotYetValid,
            Assert.Throws<TsException>(() => Connect(TestPki.TalosConfig(s_ca, client, "10.0.0.1"))).Error
        );
    }

    [Fact]
    public void Without_endpoints_nothing_can_be_dialled()
    {
        Assert.Same(
            TalosErrors.TalosEndpointMissing,
            Assert.Throws<TsException>(() => Connect("context: a\ncontexts: {a: {}}")).Error
        );
    }

    [Fact]
    public void A_key_of_another_certificate_is_told()
    {
        TestCertificate client = TestPki.Client(s_ca);
        string text = TestPki
            .TalosConfig(s_ca, client, "10.0.0.1")
            .Replace(
                TestPki.Base64(client.KeyPem),
                TestPki.Base64(TestPki.Client(s_ca).KeyPem),
                StringComparison.Ordinal
            );
        Assert.DoesNotContain(TestPki.Base64(client.KeyPem), text, StringComparison.Ordinal);
        Assert.Same(TalosErrors.TalosCredentialMismatch, Assert.Throws<TsException>(() => Connect(text)).Error);
    }

    [Fact]
    public void A_certificate_without_key_is_told()
    {
        TestCertificate client = TestPki.Client(s_ca);
        string text = TestPki
            .TalosConfig(s_ca, client, "10.0.0.1")
            .Replace("    key: ", "    other: ", StringComparison.Ordinal);
        TsException error = Assert.Throws<TsException>(() => Connect(text));
        Assert.Same(TalosErrors.TalosCredentialInvalid, error.Error);
        Assert.Contains("'crt' but no 'key'", error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("crt", "%%%")]
    [InlineData("crt", "")]
    [InlineData("key", "aGVsbG8=")]
    [InlineData("ca", "LS0tLS1CRUdJTiBDRVJUSUZJQ0FURS0tLS0tCmFBPT0KLS0tLS1FTkQgQ0VSVElGSUNBVEUtLS0tLQo=")]
    public void A_bad_value_names_its_key_and_never_quotes_it(string key, string value)
    {
        TestCertificate client = TestPki.Client(s_ca);
        string[] lines = TestPki.TalosConfig(s_ca, client, "10.0.0.1").Split('\n');
        string text = string.Join(
            '\n',
            lines.Select(line =>
                line.TrimStart().StartsWith(key + ":", StringComparison.Ordinal) ? $"    {key}: \"{value}\"" : line
            )
        );
        TsException error = Assert.Throws<TsException>(() => Connect(text));
        Assert.Same(TalosErrors.TalosCredentialInvalid, error.Error);
        Assert.Contains("contexts.lab", error.Message, StringComparison.Ordinal);
        if (value.Length > 0)
            Assert.DoesNotContain(value, error.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public void Roles_are_those_of_the_certificate()
    {
        TalosClient client = Connect(TestPki.TalosConfig(s_ca, TestPki.Client(s_ca, role: "os:reader"), "10.0.0.1"));
        Assert.Equal(["os:reader"], client.Roles);
        client.Dispose();
    }

    private static TalosClient Connect(string text) => TalosClient.Connect(TalosConfigFile.Parse(text).Context());
}
