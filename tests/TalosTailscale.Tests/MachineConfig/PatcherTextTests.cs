using TalosTailscale.Core.MachineConfig;

namespace TalosTailscale.Tests.MachineConfig;

/// <summary>What the edited text looks like, to the byte.</summary>
public sealed class PatcherTextTests
{
    [Theory]
    [InlineData(
        "machine:\n  certSANs: [] # none yet\n",
        "machine: {certSANs: [a]}",
        "machine:\n  certSANs: # none yet\n    - a\n"
    )]
    [InlineData("machine:\n  certSANs:\n  - a\n", "machine: {certSANs: [b]}", "machine:\n  certSANs:\n  - a\n  - b\n")]
    [InlineData(
        "machine:\n    certSANs:\n        -   a\n",
        "machine: {certSANs: [b]}",
        "machine:\n    certSANs:\n        -   a\n        -   b\n"
    )]
    [InlineData(
        "machine: {certSANs: [a], type: worker}\n",
        "machine: {certSANs: [b]}",
        "machine: {certSANs: [a, b], type: worker}\n"
    )]
    [InlineData(
        "machine:\n  type: worker # keep\n",
        "machine: {type: controlplane}",
        "machine:\n  type: controlplane # keep\n"
    )]
    [InlineData(
        "machine:\n  type: 'worker'\n",
        "machine: {nodeLabels: {a: 1}}",
        "machine:\n  type: 'worker'\n  nodeLabels:\n    a: \"1\"\n"
    )]
    [InlineData(
        "machine:\n  kubelet:\n  # after\n",
        "machine: {kubelet: {image: x}}",
        "machine:\n  kubelet:\n    image: x\n  # after\n"
    )]
    [InlineData(
        "machine:\n  type: worker",
        "machine: {sysctls: {a: b}}",
        "machine:\n  type: worker\n  sysctls:\n    a: b"
    )]
    [InlineData(
        "machine:\n  files:\n  - content: |\n      abc",
        "machine: {sysctls: {a: b}}",
        "machine:\n  files:\n  - content: |-\n      abc\n  sysctls:\n    a: b"
    )]
    [InlineData(
        "machine:\n  files:\n  - content: >+ # why\n      abc",
        "apiVersion: v1alpha1\nkind: HostnameConfig\nauto: stable\n",
        "machine:\n  files:\n  - content: >- # why\n      abc\n---\napiVersion: v1alpha1\nkind: HostnameConfig\nauto: stable\n"
    )]
    [InlineData(
        "machine:\n  files:\n  - content: |2-\n        abc",
        "machine: {sysctls: {a: b}}",
        "machine:\n  files:\n  - content: |2-\n        abc\n  sysctls:\n    a: b"
    )]
    [InlineData(
        "machine:\n  type: worker\n  files:\n  - content: |\n      abc",
        "machine: {type: controlplane}",
        "machine:\n  type: controlplane\n  files:\n  - content: |\n      abc"
    )]
    [InlineData(
        "machine:\n  nodeLabels:\n    a: b # x\n    c: d\n",
        "machine: {nodeLabels: {a: {$patch: delete}}}",
        "machine:\n  nodeLabels:\n    c: d\n"
    )]
    [InlineData(
        "machine:\n  type: worker\n  nodeLabels:\n    a: b\n",
        "machine: {nodeLabels: {a: {$patch: delete}}}",
        "machine:\n  type: worker\n"
    )]
    [InlineData(
        "machine:\n  install:\n    wipe: no\n",
        "machine: {install: {wipe: false}}",
        "machine:\n  install:\n    wipe: no\n"
    )]
    [InlineData(
        "machine:\n  install:\n    wipe: no\n",
        "machine: {install: {wipe: yes}}",
        "machine:\n  install:\n    wipe: true\n"
    )]
    [InlineData(
        "machine:\r\n  type: worker\r\n",
        "machine:\n  files:\n    - content: |\n        a\n        b\n",
        "machine:\r\n  type: worker\r\n  files:\r\n    - content: |\r\n        a\r\n        b\r\n"
    )]
    [InlineData(
        "machine:\n  type: worker\n",
        "---\n# why\napiVersion: v1alpha1\nkind: HostnameConfig\nauto: stable # s\n",
        "machine:\n  type: worker\n---\n# why\napiVersion: v1alpha1\nkind: HostnameConfig\nauto: stable # s\n"
    )]
    [InlineData(
        "machine:\n  type: worker\n",
        "{\"apiVersion\": \"v1alpha1\", \"kind\": \"HostnameConfig\", \"auto\": \"off\", \"hostname\": \"n\"}",
        "machine:\n  type: worker\n---\napiVersion: \"v1alpha1\"\nkind: \"HostnameConfig\"\nauto: \"off\"\nhostname: \"n\"\n"
    )]
    [InlineData("? machine\n: type: worker\n", "machine: {type: controlplane}", "? machine\n: type: controlplane\n")]
    public void The_result_is_exactly(string config, string patch, string expected) =>
        Assert.Equal(
            expected,
            MachineConfigPatcher.Apply(config, [new ConfigPatch(patch, "patch")], ListMerge.Append).Text
        );

    [Theory]
    [InlineData(
        "[{op: add, path: /machine/certSANs/0, value: z}]",
        "machine:\n  certSANs:\n    # first\n    - z\n    - a\n    - b\n"
    )]
    [InlineData("[{op: remove, path: /machine/certSANs/0}]", "machine:\n  certSANs:\n    # first\n    - b\n")]
    [InlineData(
        "[{op: replace, path: /machine/certSANs/-1, value: z}]",
        "machine:\n  certSANs:\n    # first\n    - a\n    - z\n"
    )]
    [InlineData("[{op: replace, path: /machine/certSANs, value: []}]", "machine:\n  certSANs: []\n")]
    public void Operations_edit_in_place(string patch, string expected) =>
        Assert.Equal(
            expected,
            MachineConfigPatcher
                .Apply("machine:\n  certSANs:\n    # first\n    - a\n    - b\n", [new ConfigPatch(patch, "patch")])
                .Text
        );

    [Theory]
    [InlineData("machine: {nework: {}}", "PatchUnknownKey", "'network'")]
    [InlineData("machine:\n  kubelet:\n    nodeIp: {}\n", "PatchUnknownKey", "line 3, column 5")]
    [InlineData("machine: {install: {wipe: \"true\"}}", "PatchWrongType", "true or false")]
    [InlineData("apiVersion: v1alpha1\nkind: Tailscale\nx: y\n", "PatchUnknownKind", "'Tailscale'")]
    [InlineData("machine: {a: &x [*x]}", "YamlInvalid", "line 1")]
    [InlineData("machine:\n\ttype: worker\n", "YamlInvalid", "tab")]
    [InlineData("machine: {type: worker\n", "YamlInvalid", "closing bracket")]
    [InlineData("just text", "PatchShapeInvalid", "map")]
    [InlineData("[{op: frobnicate, path: /machine}]", "JsonPatchFailed", "frobnicate")]
    [InlineData("[{op: remove, path: /machine/nope}]", "JsonPatchFailed", "nope")]
    [InlineData("[{op: add, path: /machine/certSANs, value: {x: [1]}}]", "PatchWrongType", "a list")]
    public void A_bad_patch_is_refused_with_its_place(string patch, string errorId, string words)
    {
        TsException error = Assert.Throws<TsException>(() =>
            MachineConfigPatcher.Apply("machine:\n  type: worker\n", [new ConfigPatch(patch, "p.yaml")])
        );

        Assert.Equal(errorId, error.ErrorId);
        Assert.Contains(words, error.Message, StringComparison.Ordinal);
        Assert.Contains("'p.yaml'", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_key_that_the_configuration_has_is_known() =>
        Assert.Equal(
            "machine:\n  fromTheFuture:\n    a: 2\n",
            MachineConfigPatcher
                .Apply(
                    "machine:\n  fromTheFuture:\n    a: 1\n",
                    [new ConfigPatch("machine: {fromTheFuture: {a: 2}}", "p")]
                )
                .Text
        );

    [Fact]
    public void Bytes_that_are_no_text_are_refused() =>
        Assert.Equal(
            "ConfigNotUtf8",
            Assert.Throws<TsException>(() => MachineConfigPatcher.Apply([0xC3, 0x28], [])).ErrorId
        );

    [Fact]
    public void The_difference_is_unified_and_masked()
    {
        string before = "a: 1\nb: 2\nc: 3\nd: 4\nenvironment:\n  - TS_AUTHKEY=old-secret\ne: 5\n";
        string after = before.Replace("old-secret", "new-secret", StringComparison.Ordinal);

        Assert.Equal(
            "--- n (before)\n+++ n (after)\n@@ -3,5 +3,5 @@\n c: 3\n d: 4\n environment:\n-  - TS_AUTHKEY=***\n+  - TS_AUTHKEY=***\n e: 5\n",
            UnifiedDiff.Create(before, after, "n")
        );
        Assert.Equal(string.Empty, UnifiedDiff.Create(before, before));
    }

    [Theory]
    [InlineData(
        "machine: {network: {nameservers: [100.100.100.100]}}",
        "apiVersion: v1alpha1\nkind: ResolverConfig\nnameservers:\n  - address: 1.1.1.1\n",
        "  - address: 100.100.100.100\n  - address: 1.1.1.1\n"
    )]
    [InlineData(
        "apiVersion: v1alpha1\nkind: ResolverConfig\nnameservers: [{address: 100.100.100.100}]\n",
        "machine:\n  network:\n    nameservers:\n      - 1.1.1.1\n",
        "      - 100.100.100.100\n      - 1.1.1.1\n"
    )]
    [InlineData(
        "machine: {network: {hostname: n2}}",
        "apiVersion: v1alpha1\nkind: HostnameConfig\nauto: \"off\"\nhostname: n1\n",
        "hostname: n2\n"
    )]
    public void A_patch_goes_into_the_form_that_the_node_has(string patch, string form, string expected)
    {
        string config = form.StartsWith("machine", StringComparison.Ordinal)
            ? "version: v1alpha1\n" + form
            : "version: v1alpha1\nmachine:\n  type: worker\n---\n" + form;
        AdaptedPatches adapted = PatchForms.Adapt(config, [new ConfigPatch(patch, "p")]);

        PatchedConfig result = MachineConfigPatcher.Apply(config, adapted.Patches);

        Assert.Single(adapted.Notes);
        Assert.EndsWith(expected, result.Text, StringComparison.Ordinal);
        Assert.Equal(ConfigDocuments.Parse(config).Count, ConfigDocuments.Parse(result.Text).Count);
    }
}
