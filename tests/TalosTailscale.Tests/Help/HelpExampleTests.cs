using System.Management.Automation;
using System.Management.Automation.Language;
using System.Net;
using TalosTailscale.Build.Help;
using TalosTailscale.Tests.Engine;

namespace TalosTailscale.Tests.Help;

/// <summary>Every example of every page, typed into a session that stands before a lab of its own.</summary>
public sealed class HelpExampleTests
{
    // What the examples use of PowerShell's own modules, which the embedded engine does not bring.
    private const string StandIns = """
        function Format-List { process { $_ } }
        function Format-Table { process { $_ } }
        function Sort-Object { end { $input } }
        function Export-Csv { param($Path) end { $null = @($input) } }
        """;

    private static readonly IReadOnlyDictionary<string, HelpPage> s_pages = HelpFiles.Pages(
        Path.Combine(Repository.Root, "docs", "help")
    );

    public static TheoryData<string> Pages => [.. s_pages.Keys.Order(StringComparer.Ordinal)];

    [Theory, MemberData(nameof(Pages))]
    public async Task The_examples_run(string name)
    {
        await using LabSession session = await LabSession.StartAsync();
        Environment.SetEnvironmentVariable("TAILSCALE_AUTHKEY", session.Lab.Options.AuthKey);
        string folder = Directory.CreateDirectory(Path.Combine(session.Client.Folder, "here")).FullName;
        File.WriteAllText(Path.Combine(folder, "authkey"), session.Lab.Options.AuthKey);
        string token = session.Client.Environment["TAILSCALE_API_KEY"];
        session
            .Invoke(
                $$"""
                param($folder, $token)
                [Environment]::CurrentDirectory
                $ExecutionContext.SessionState.Path.SetLocation($folder) | Out-Null
                $ApiToken = $token
                $ConfirmPreference = 'None'
                {{StandIns}}
                """,
                ("folder", folder),
                ("token", new NetworkCredential("", token).SecurePassword)
            )
            .AssertNoErrors();

        foreach (HelpExample example in s_pages[name].Examples)
        {
            Assert.Empty(
                session.Invoke(example.Before).Errors.Select(error => $"before '{example.Title}': {Describe(error)}")
            );
            PowerShellResult result = session.Invoke(example.Code);
            bool mayFail = session.Invoke("$MayFail; $MayFail = $false").Output is [{ BaseObject: true }];
            Assert.True(
                mayFail || result.Errors.Count == 0,
                $"'{example.Title}': " + string.Join(" | ", result.Errors.Select(Describe))
            );
            if (DeclaredOutputs(example.Code) is { } declared)
                Assert.All(result.Output, value => Assert.Contains(value.BaseObject.GetType(), declared));
            // A wrong name or parameter is a mistake in the page even where the lab has nothing to work on.
            Assert.DoesNotContain(result.Errors, error =>
                error.Exception is ParameterBindingException or CommandNotFoundException
            );
        }
    }

    // What the one command of an example, or the last of its pipeline, says that it writes.
    private static Type[]? DeclaredOutputs(string code)
    {
        ScriptBlockAst script = Parser.ParseInput(code, out _, out _);
        return
            script.EndBlock.Statements is [PipelineAst { PipelineElements: [.., CommandAst command] }]
            && ModuleCmdlet.All.FirstOrDefault(cmdlet => cmdlet.Name == command.GetCommandName()) is { } cmdlet
            ? [.. cmdlet.Outputs]
            : null;
    }

    private static string Describe(ErrorRecord error) => $"{error.FullyQualifiedErrorId}: {error.Exception.Message}";
}
