using System.Management.Automation;
using System.Management.Automation.Language;
using System.Reflection;
using System.Text.RegularExpressions;
using TalosTailscale.Commands;
using TalosTailscale.Tests.Engine;

namespace TalosTailscale.Tests.Contract;

/// <summary>
/// Every public parameter is used by a test through its cmdlet: by name, by its place or from a pipeline, in the scripts
/// of the tests and of the acceptance suite. A parameter that several cmdlets inherit counts once, where it is declared.
/// </summary>
public sealed partial class ParameterContractTests(ITestOutputHelper output)
{
    // Given to every cmdlet by the sessions of the tests: without their effect no test that needs a lab passes.
    private static readonly string[] s_defaults =
    [
        "TalosConfig",
        "KubeConfig",
        "FactoryUri",
        "ApiUri",
        "Socket",
        "Inventory",
        "BackupFolder",
    ];

    // In scripts that tests put together of parts, where no part has both the cmdlet and the parameter.
    private static readonly (string Parameter, string Test)[] s_elsewhere =
    [
        ("RemoveTalosEtcdMemberCommand.ContinueOnError", "Feel/NodeAfterNodeTests.cs"),
        ("RestartTalosNodeCommand.ContinueOnError", "Feel/NodeAfterNodeTests.cs"),
        ("UkiSwapCmdlet.ContinueOnError", "Feel/NodeAfterNodeTests.cs"),
        ("UpdateTalosNodeCommand.ContinueOnError", "Feel/NodeAfterNodeTests.cs"),
        ("UkiSwapCmdlet.Force", "Feel/OnlyControlPlaneTests.cs"),
        ("UpdateTalosNodeCommand.Force", "Feel/OnlyControlPlaneTests.cs"),
    ];

    [Fact]
    public void Each_is_used_by_a_test_through_its_cmdlet()
    {
        Dictionary<string, Type> cmdlets = typeof(TsCmdlet)
            .Assembly.GetExportedTypes()
            .Where(t => t.GetCustomAttribute<CmdletAttribute>() is not null)
            .ToDictionary(NameOf, StringComparer.OrdinalIgnoreCase);
        HashSet<string> all = [.. cmdlets.Values.SelectMany(Parameters).Select(KeyOf)];
        HashSet<string> used = [.. all.Where(key => s_defaults.Contains(key.Split('.')[1], StringComparer.Ordinal))];
        foreach (
            string script in Scripts()
                .Where(s => cmdlets.Keys.Any(c => s.Contains(c, StringComparison.OrdinalIgnoreCase)))
        )
        foreach (Ast found in Parser.ParseInput(script, out _, out _).FindAll(a => a is CommandAst, true))
        {
            var command = (CommandAst)found;
            if (command.GetCommandName() is { } name && cmdlets.TryGetValue(name, out Type? type))
                used.UnionWith(Used(command, [.. Parameters(type)]).Select(KeyOf));
        }

        Assert.All(s_elsewhere, one => Assert.Contains("-" + one.Parameter.Split('.')[1], Source(one.Test)));
        used.UnionWith(s_elsewhere.Select(one => one.Parameter));
        string[] unseen = [.. all.Except(used).Order(StringComparer.Ordinal)];
        output.WriteLine($"{all.Count} public parameters by declaration, {all.Count - unseen.Length} used by a test.");
        Assert.Empty(unseen);
        Assert.Empty(s_elsewhere.Select(one => one.Parameter).Except(all));
    }

    private static string Source(string test) =>
        File.ReadAllText(Path.Combine(Repository.Root, "tests", "TalosTailscale.Tests", test));

    private static IEnumerable<PropertyInfo> Used(CommandAst command, PropertyInfo[] parameters)
    {
        int places = 0;
        bool isValue = false;
        foreach (CommandElementAst element in command.CommandElements.Skip(1))
        {
            if (element is CommandParameterAst given)
            {
                PropertyInfo[] named =
                [
                    .. parameters.Where(p => Names(p).Contains(given.ParameterName, StringComparer.OrdinalIgnoreCase)),
                ];
                foreach (PropertyInfo one in named)
                    yield return one;
                isValue = given.Argument is null && named.All(p => p.PropertyType != typeof(SwitchParameter));
                continue;
            }

            if (!isValue)
                places++;
            isValue = false;
        }

        bool piped = command.Parent is PipelineAst pipeline && pipeline.PipelineElements[0] != command;
        foreach (PropertyInfo parameter in parameters)
            if (
                parameter
                    .GetCustomAttributes<ParameterAttribute>()
                    .Any(a => (a.Position >= 0 && a.Position < places) || (piped && a.ValueFromPipeline))
            )
                yield return parameter;
    }

    private static IEnumerable<string> Names(PropertyInfo parameter) =>
        (parameter.GetCustomAttribute<AliasAttribute>()?.AliasNames ?? []).Prepend(parameter.Name);

    private static IEnumerable<PropertyInfo> Parameters(Type type) =>
        type.GetProperties().Where(p => p.GetCustomAttributes<ParameterAttribute>().Any());

    private static string KeyOf(PropertyInfo parameter) => $"{parameter.DeclaringType!.Name}.{parameter.Name}";

    private static string NameOf(Type type) =>
        type.GetCustomAttribute<CmdletAttribute>() is { } cmdlet ? $"{cmdlet.VerbName}-{cmdlet.NounName}" : "";

    // Texts in the sources of the tests, of which those that are scripts are found by their commands; and the scripts.
    private static IEnumerable<string> Scripts()
    {
        string tests = Path.Combine(Repository.Root, "tests");
        foreach (string file in Directory.EnumerateFiles(tests, "*.ps*1", SearchOption.AllDirectories))
            yield return File.ReadAllText(file);
        string own = Path.Combine(tests, "TalosTailscale.Tests");
        foreach (string file in Directory.EnumerateFiles(own, "*.cs", SearchOption.AllDirectories))
        {
            if (Path.GetRelativePath(own, file).Split(Path.DirectorySeparatorChar)[0] is "bin" or "obj")
                continue;
            foreach (Match text in Literal().Matches(File.ReadAllText(file)))
                yield return text.Groups["raw"].Success
                    ? text.Groups["raw"].Value
                    : Hole().Replace(text.Groups["text"].Value.Replace("\\\"", "\"", StringComparison.Ordinal), "x");
        }
    }

    [GeneratedRegex("\"\"\"(?<raw>.*?)\"\"\"|\"(?<text>(?:[^\"\\\\\\n]|\\\\.)*)\"", RegexOptions.Singleline)]
    private static partial Regex Literal();

    [GeneratedRegex(@"\{[^{}]*\}")]
    private static partial Regex Hole();
}
