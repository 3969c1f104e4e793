using System.Text;
using TalosTailscale.Core.MachineConfig;

namespace TalosTailscale.Tests.MachineConfig;

/// <summary>
/// Configurations so large that the trees of most documents are let go and read again. That the cost grows with the size
/// and no faster is shown by what is allocated: that is the same on every machine.
/// </summary>
public sealed class LargeConfigTests
{
    private static readonly ConfigPatch[] s_patches =
    [
        new(
            "apiVersion: v1alpha1\nkind: ExtensionServiceConfig\nname: tailscale\nenvironment: [TS_HOSTNAME=n]\n",
            "service.yaml"
        ),
        new("machine: {network: {nameservers: [100.100.100.100]}}", "dns.yaml"),
    ];

    [Fact]
    public void A_late_document_is_read_again_and_edited_in_place()
    {
        string text = Documents(400_000);
        ConfigPatch patch = new(
            "apiVersion: v1alpha1\nkind: NetworkRuleConfig\nname: rule-2000\nportSelector: {protocol: udp}\n",
            "p.yaml"
        );

        PatchedConfig result = MachineConfigPatcher.Apply(text, [patch]);

        int at = text.IndexOf(
            "protocol: tcp",
            text.IndexOf("name: rule-2000\n", StringComparison.Ordinal),
            StringComparison.Ordinal
        );
        Assert.Equal(text[..at] + "protocol: udp" + text[(at + 13)..], result.Text);
        Assert.Equal(
            MachineConfigChange.Changed,
            result.Documents.Single(document => document.Name == "rule-2000").Change
        );
        Assert.Single(result.Documents, document => document.Change != MachineConfigChange.Unchanged);
    }

    [Fact]
    public void A_late_document_is_deleted_alone()
    {
        string text = Documents(400_000);
        ConfigPatch patch = new(
            "apiVersion: v1alpha1\nkind: NetworkRuleConfig\nname: rule-2000\n$patch: delete\n",
            "p.yaml"
        );

        string after = MachineConfigPatcher.Apply(text, [patch]).Text;

        int at = text.IndexOf("---\n# rule 2000 ", StringComparison.Ordinal);
        Assert.Equal(text.Remove(at, text.IndexOf("---\n", at + 4, StringComparison.Ordinal) - at), after);
    }

    [Fact]
    public void Anchors_keep_the_documents_together()
    {
        string text =
            "version: v1alpha1\nmachine:\n  type: worker\n  nodeLabels: &labels\n    a: b\n  nodeAnnotations: *labels\n"
            + Documents(300_000)[Main.Length..];

        string after = MachineConfigPatcher
            .Apply(text, [new ConfigPatch("machine: {nodeLabels: {a: c}}", "p.yaml")])
            .Text;

        Assert.StartsWith(
            "version: v1alpha1\nmachine:\n  type: worker\n  nodeLabels: &labels\n    a: c\n  nodeAnnotations:\n    a: b\n",
            after,
            StringComparison.Ordinal
        );
        Assert.EndsWith(text[^200_000..], after, StringComparison.Ordinal);
    }

    [Fact]
    public void An_error_in_a_late_document_has_its_place()
    {
        string text = Documents(400_000) + "---\na: [\n";

        string message = Assert.Throws<TsException>(() => MachineConfigPatcher.Apply(text, s_patches)).Message;

        Assert.Contains($"line {text.Count(c => c == '\n')}, column 4", message, StringComparison.Ordinal);
    }

    [Fact]
    public void Line_ends_and_comments_of_late_documents_stay()
    {
        string text = Documents(300_000).Replace("\n", "\r\n", StringComparison.Ordinal);

        string after = MachineConfigPatcher.Apply(text, s_patches).Text;

        Assert.Contains(
            text[text.IndexOf("---", StringComparison.Ordinal)..].TrimEnd(),
            after,
            StringComparison.Ordinal
        );
        Assert.Equal(after.Count(c => c == '\n'), after.Count(c => c == '\r'));
        Assert.True(ConfigDocuments.SameMeaning(after, after.Replace("\r\n", "\n", StringComparison.Ordinal)));
        Assert.False(ConfigDocuments.SameMeaning(text, after));
    }

    public static TheoryData<string> Steps => ["patch", "forms", "check", "diff", "secrets", "mask"];

    [Theory]
    [MemberData(nameof(Steps))]
    public void Four_times_the_size_takes_four_times_the_memory(string step)
    {
        string small = Documents(500_000);
        string large = Documents(2_000_000);
        _ = Allocated(step, small);

        double ratio = (double)Allocated(step, large) / Allocated(step, small);

        Assert.True(ratio < 5, $"{step}: {ratio:F1} times the memory for four times the size.");
    }

    private static string Main => "version: v1alpha1\nmachine:\n  type: worker\n  network: {}\n";

    private static long Allocated(string step, string text)
    {
        string after = step is "check" or "diff" ? MachineConfigPatcher.Apply(text, s_patches).Text : string.Empty;
        long before = GC.GetAllocatedBytesForCurrentThread();
        switch (step)
        {
            case "patch":
                _ = MachineConfigPatcher.Apply(text, s_patches);
                break;
            case "forms":
                _ = PatchForms.Adapt(text, s_patches);
                break;
            case "check":
                _ = ConfigValidator.Check(text, after, "node");
                break;
            case "diff":
                _ = UnifiedDiff.Create(text, after);
                break;
            case "secrets":
                _ = ConfigSecrets.Find(text);
                break;
            default:
                _ = ConfigSecrets.Mask(text, text);
                break;
        }

        return GC.GetAllocatedBytesForCurrentThread() - before;
    }

    private static string Documents(int length)
    {
        var text = new StringBuilder(Main);
        for (int i = 0; text.Length < length; i++)
        {
            text.Append("---\n# rule ")
                .Append(i)
                .Append(" of many\napiVersion: v1alpha1\nkind: NetworkRuleConfig\nname: rule-")
                .Append(i)
                .Append("\nportSelector:\n    ports:\n        - ")
                .Append(1000 + i)
                .Append(" # a port\n    protocol: tcp\ningress:\n    - subnet: 10.0.0.0/8\n");
        }

        return text.ToString();
    }
}
