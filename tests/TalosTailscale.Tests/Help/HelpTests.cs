using System.Management.Automation;
using TalosTailscale.Build.Help;
using TalosTailscale.Tests.Engine;

namespace TalosTailscale.Tests.Help;

/// <summary>The pages against the cmdlets as they are.</summary>
public sealed class HelpTests
{
    private static readonly string s_folder = Path.Combine(Repository.Root, "docs", "help");
    private static readonly IReadOnlyDictionary<string, HelpPage> s_pages = HelpFiles.Pages(s_folder);
    private static readonly SharedParameters s_shared = SharedParameters.Load(s_folder);

    public static TheoryData<string> Cmdlets => [.. ModuleCmdlet.All.Select(cmdlet => cmdlet.Name)];

    [Fact]
    public void Every_cmdlet_has_a_page_and_every_page_a_cmdlet() =>
        Assert.Equal(ModuleCmdlet.All.Select(cmdlet => cmdlet.Name), s_pages.Keys.Order(StringComparer.Ordinal));

    [Theory, MemberData(nameof(Cmdlets))]
    public void The_page_has_all_its_parts(string name)
    {
        HelpPage page = s_pages[name];
        Assert.Matches(@"^[A-Z][a-z]+s .+\.$", page.Synopsis);
        Assert.NotEmpty(page.Description);
        Assert.True(page.Examples.Count >= 2, "Two examples are the least.");
        Assert.All(page.Examples, example => Assert.NotEmpty(example.Code));
        Assert.Contains(page.Examples, example => example.Code.Contains(name, StringComparison.Ordinal));
        Assert.NotEmpty(page.Inputs);
        Assert.Contains(page.Notes, note => note.Contains("Talos role", StringComparison.Ordinal));
        Assert.Contains(page.Notes, note => note.Contains("Kubernetes", StringComparison.Ordinal));
        Assert.NotEmpty(page.Links);
    }

    [Theory, MemberData(nameof(Cmdlets))]
    public void Every_parameter_is_described_and_no_other(string name)
    {
        ModuleCmdlet cmdlet = ModuleCmdlet.All.Single(c => c.Name == name);
        HelpPage page = s_pages[name];
        Assert.DoesNotContain(cmdlet.Parameters.Keys, p => s_shared.Text(page, cmdlet, p) is not { Count: > 0 });
        Assert.Empty(page.Parameters.Keys.Except(cmdlet.Parameters.Keys));
        Assert.All(page.Parameters, p => Assert.EndsWith(".", p.Value[^1], StringComparison.Ordinal));
    }

    [Theory, MemberData(nameof(Cmdlets))]
    public void The_outputs_are_those_that_the_cmdlet_declares(string name)
    {
        ModuleCmdlet cmdlet = ModuleCmdlet.All.Single(c => c.Name == name);
        IEnumerable<string> declared = cmdlet.Outputs.Select(type => type == typeof(void) ? "None" : type.FullName!);
        Assert.Equal(declared.Distinct().Order(), s_pages[name].Outputs.Select(output => output.Type).Order());
    }

    [Theory, MemberData(nameof(Cmdlets))]
    public void Links_lead_somewhere(string name) =>
        Assert.DoesNotContain(s_pages[name].Links, link =>
            !s_pages.ContainsKey(link) && !File.Exists(Path.Combine(s_folder, link + ".md"))
        );

    [Fact]
    public void What_comes_from_the_code_is_up_to_date() =>
        Assert.Empty(
            HelpFiles
                .Updated(s_folder)
                .Where(page => File.ReadAllText(page.Path).ReplaceLineEndings("\n") != page.Text)
                .Select(page =>
                    $"{page.Path}: run 'dotnet run --project src/TalosTailscale.Build -- help-update docs/help'."
                )
        );

    [Fact]
    public void Shared_parameters_belong_to_classes_that_there_are() =>
        Assert.DoesNotContain(s_shared.Classes, name =>
            name != nameof(PSCmdlet)
            && !ModuleCmdlet.All.Any(cmdlet => Bases(cmdlet.Type).Any(type => type.Name == name))
        );

    private static IEnumerable<Type> Bases(Type type)
    {
        for (Type? at = type; at is not null; at = at.BaseType)
            yield return at;
    }
}
