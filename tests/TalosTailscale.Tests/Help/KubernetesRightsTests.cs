using System.Text.RegularExpressions;
using TalosTailscale.Lab.Kubernetes;
using TalosTailscale.Tests.Engine;

namespace TalosTailscale.Tests.Help;

/// <summary>The Notes of a cmdlet's help list the Kubernetes verbs that it makes use of on the lab: none too few, none too many.</summary>
public sealed partial class KubernetesRightsTests
{
    [Theory]
    [InlineData("Get-TalosEsp", "Get-TalosEsp ampone")]
    [InlineData("Test-TsCluster", "Test-TsCluster")]
    [InlineData("Test-TsNode", "Test-TsNode ampone")]
    [InlineData("Get-TalosService", "Get-TalosService ampone")]
    [InlineData("Get-TalosExtension", "Get-TalosExtension ampone")]
    [InlineData("Get-TalosEtcdMember", "Get-TalosEtcdMember")]
    [InlineData("Wait-TalosNode", "Wait-TalosNode ampone")]
    public async Task Notes_list_what_is_used(string cmdlet, string script)
    {
        await using LabSession lab = await LabSession.StartAsync();
        LabKubernetesApi api = lab.Lab.Part<LabKubernetesPart>()!.Api;
        api.Faults.Used.Clear();
        lab.Invoke(script);
        // Of a pod that is late events are read too.
        IEnumerable<string> used = api.Faults.Used.Keys.Where(right => right != "list events");
        Assert.Equal(
            Listed(cmdlet).Where(right => right != "list events").Order(StringComparer.Ordinal),
            used.Order(StringComparer.Ordinal)
        );
    }

    private static HashSet<string> Listed(string cmdlet)
    {
        string page = File.ReadAllText(Path.Combine(Repository.Root, "docs", "help", cmdlet + ".md"));
        string notes = page[page.IndexOf("## Notes", StringComparison.Ordinal)..];
        var rights = new HashSet<string>(StringComparer.Ordinal);
        if (VerbsRegex().Match(notes) is not { Success: true } verbs)
            return rights;
        foreach (string part in verbs.Groups["list"].Value.Split(';'))
        {
            if (
                part.Contains("with `-", StringComparison.Ordinal)
                || part.Split(" on ") is not [var what, var where, ..]
            )
                continue;
            foreach (Match verb in CodeRegex().Matches(what))
            foreach (Match resource in CodeRegex().Matches(where))
                rights.Add($"{verb.Groups["code"]} {resource.Groups["code"]}");
        }

        return rights;
    }

    [GeneratedRegex("Kubernetes\\s+verbs:(?<list>.*?)\\.(?:\\s|$)", RegexOptions.Singleline)]
    private static partial Regex VerbsRegex();

    [GeneratedRegex("`(?<code>[^`]+)`")]
    private static partial Regex CodeRegex();
}
