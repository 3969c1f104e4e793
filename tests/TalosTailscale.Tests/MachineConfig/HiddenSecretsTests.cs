using TalosTailscale.Core.MachineConfig;

namespace TalosTailscale.Tests.MachineConfig;

/// <summary>Secrets in a diff, by where they stand: nothing of them is seen, but that they changed is.</summary>
public sealed class HiddenSecretsTests
{
    // Each place with the value that must not be seen; %V is where it stands.
    [Theory]
    [InlineData("machine:\n  files:\n    - path: /var/a\n      content: |\n        user = %V\n        other = 1\n")]
    [InlineData("machine:\n  files:\n    - content: \"%V\"\n      path: /var/a\n")]
    [InlineData("apiVersion: v1alpha1\nkind: EtcFileConfig\nname: a\ncontents: |-\n  %V\n")]
    [InlineData(
        "apiVersion: v1alpha1\nkind: ExtensionServiceConfig\nname: x\nconfigFiles:\n  - content: >-\n      %V\n    mountPath: /a\n"
    )]
    [InlineData("apiVersion: v1alpha1\nkind: ExtensionServiceConfig\nname: x\nenvironment:\n  - GITHUB_PAT=%V\n")]
    [InlineData(
        "apiVersion: v1alpha1\nkind: ExtensionServiceConfig\nname: tailscale\nenvironment:\n  - TS_EXTRA_ARGS=--auth-key=%V --ssh\n"
    )]
    [InlineData(
        "apiVersion: v1alpha1\nkind: ExtensionServiceConfig\nname: tailscale\nenvironment:\n  - TS_EXTRA_ARGS=--authkey %V\n"
    )]
    [InlineData("machine:\n  env:\n    HTTP_PASSWORD: %V\n")]
    [InlineData("machine:\n  headers:\n    X-Anything: %V\n")]
    [InlineData("cluster:\n  apiServer:\n    extraArgs:\n      oidc-client-secret: %V\n")]
    [InlineData(
        "cluster:\n  inlineManifests:\n    - name: a\n      contents: |-\n        kind: Secret\n        stringData:\n          connect: %V\n"
    )]
    [InlineData(
        "cluster:\n  inlineManifests:\n    - name: a\n      contents: |\n        kind: ConfigMap\n        ---\n        kind: Secret\n        data:\n          a: |\n            %V\n"
    )]
    [InlineData(
        "cluster:\n  inlineManifests:\n    - name: a\n      contents: \"kind: Secret\\nstringData: {a: %V}\"\n"
    )]
    public void A_secret_is_not_seen_and_its_change_is(string config)
    {
        string before = config.Replace("%V", "first-hidden-value-1", StringComparison.Ordinal);
        string after = config.Replace("%V", "second-hidden-value-2", StringComparison.Ordinal);

        string diff = UnifiedDiff.Create(before, after);

        Assert.DoesNotContain("hidden-value", diff, StringComparison.Ordinal);
        Assert.Contains("\n-", diff, StringComparison.Ordinal);
        Assert.Contains("\n+", diff, StringComparison.Ordinal);
        Assert.Contains("***", diff, StringComparison.Ordinal);
    }

    [Fact]
    public void What_is_no_secret_stays_to_be_read()
    {
        const string Before =
            "cluster:\n  inlineManifests:\n    - name: a\n      contents: |-\n        kind: ConfigMap\n        data:\n          rack: one\n"
            + "  apiServer:\n    extraArgs:\n      service-account-key-file: /a\n";

        string diff = UnifiedDiff.Create(
            Before,
            Before.Replace("one", "two", StringComparison.Ordinal).Replace("/a", "/b", StringComparison.Ordinal)
        );

        foreach (
            string line in (string[])
                ["-          rack: one", "+          rack: two", "-      service-account-key-file: /a"]
        )
            Assert.Contains(line, diff, StringComparison.Ordinal);
    }

    [Fact]
    public void The_modules_own_advice_is_left_alone()
    {
        const string Advice = "Put the entry TS_AUTHKEY=${TAILSCALE_AUTHKEY} into the template's environment, once.";

        Assert.Equal(Advice, Redactor.Mask(Advice));
        Assert.Equal("--login hskey-auth-***", Redactor.Mask("--login hskey-auth-FAKEFAKE-aaaabbbb"));
    }
}
