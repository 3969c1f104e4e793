using System.Text.RegularExpressions;
using TalosTailscale.Lab;
using TalosTailscale.Tests.Engine;

namespace TalosTailscale.Tests.Acceptance;

/// <summary>
/// The scenarios of tests/acceptance, which operators run with Pester against a real cluster: read from the same files,
/// and run here through the embedded engine against the lab.
/// </summary>
public sealed partial class AcceptanceTests
{
    private static readonly string s_folder = Path.Combine(Repository.Root, "tests", "acceptance");

    private sealed record Scenario(string File, string Title, string Each, string Name, bool Changes);

    private static IReadOnlyList<Scenario> Scenarios { get; } =
    [
        .. Directory
            .EnumerateFiles(s_folder, "*.Tests.ps1")
            .Order(StringComparer.Ordinal)
            .SelectMany(file =>
                It()
                    .Matches(File.ReadAllText(file))
                    .Select(match => new Scenario(
                        Path.GetFileName(file),
                        match.Groups["title"].Value,
                        match.Groups["each"].Value,
                        match.Groups["name"].Value,
                        match.Groups["body"].Value.Contains("Test-Allowed", StringComparison.Ordinal)
                    ))
            ),
    ];

    [Fact]
    public void Every_scenario_is_in_a_Pester_file_and_every_chapter_has_one()
    {
        using PowerShellSession session = PowerShellSession.Create();
        PowerShellResult exported = session.Invoke(
            "param($m) (Import-Module $m -PassThru).ExportedFunctions.Keys",
            ("m", Path.Combine(s_folder, "Acceptance.psm1"))
        );

        exported.AssertNoErrors();
        Assert.Equal(
            exported.OutputOf<string>().Where(name => name.StartsWith("Assert-", StringComparison.Ordinal)).Order(),
            Scenarios.Select(one => one.Name).Distinct().Order()
        );
        Assert.Equal(
            [
                "0-Inventory",
                "1-Render",
                "2-Patch",
                "3A-Swap",
                "3B-Upgrade",
                "4-Validation",
                "5-FailureModes",
                "6-PostChange",
            ],
            Scenarios.Select(one => one.File.Split('.')[0]).Distinct()
        );
    }

    [Fact]
    public async Task Every_scenario_passes_on_the_lab_in_the_order_of_the_runbook()
    {
        await using LabSession lab = await LabSession.StartAsync();
        string settings = await SettingsAsync(lab, "'Render', 'MachineConfig', 'HelperPod', 'Activate', 'Pull'");

        List<string> failures = [];
        foreach (Scenario scenario in Scenarios)
            failures.AddRange(Run(lab, settings, scenario));

        Assert.Empty(failures);
        Assert.Empty(lab.Pods);
    }

    [Fact]
    public async Task Without_leave_nothing_is_changed_and_what_is_not_there_fails()
    {
        await using LabSession lab = await LabSession.StartAsync();
        string settings = await SettingsAsync(lab, "");
        string before = State(lab);

        List<string> failures = [];
        foreach (Scenario scenario in Scenarios.Where(one => !one.Changes))
            failures.AddRange(Run(lab, settings, scenario));

        Assert.Equal(before, State(lab));
        foreach (string name in (string[])["Assert-Extension", "Assert-Service", "Assert-AllCheck"])
            Assert.Equal(3, failures.Count(failure => failure.StartsWith(name + " ", StringComparison.Ordinal)));
        foreach (
            string name in (string[])
                ["Assert-NodeIdentity", "Assert-RenderPlan", "Assert-PatchPlan", "Assert-NoDrift", "Assert-EtcdMember"]
        )
            Assert.DoesNotContain(failures, failure => failure.StartsWith(name + " ", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("@{ Nodse = @('ryzen') }", "Nodse")]
    [InlineData("@{ Allow = @('Everything') }", "Everything")]
    [InlineData("@{ Nodes = @(Get-Command) }", "dynamic expression")]
    [InlineData("@{ Nodes = ", "'")]
    public async Task Settings_that_say_something_else_are_refused(string text, string fragment)
    {
        string path = Path.Combine(Directory.CreateTempSubdirectory("ts-test-").FullName, "settings.psd1");
        await File.WriteAllTextAsync(path, text, TestContext.Current.CancellationToken);
        using PowerShellSession session = PowerShellSession.Create();

        PowerShellResult result = session.Invoke(
            "param($m, $s) Import-Module $m; New-AcceptanceSuite -Settings $s",
            ("m", Path.Combine(s_folder, "Acceptance.psm1")),
            ("s", path)
        );

        Directory.Delete(Path.GetDirectoryName(path)!, recursive: true);
        Assert.NotNull(result.Terminating);
        Assert.Contains(fragment, result.Terminating.Exception.Message, StringComparison.OrdinalIgnoreCase);
    }

    private static IEnumerable<string> Run(LabSession lab, string settings, Scenario scenario)
    {
        string nodes = scenario.Each switch
        {
            "nodes" => "$suite.Node",
            "swapped" => "$suite.Node | Where-Object { $_.Activation -ne 'Upgrade' }",
            "upgraded" => "$suite.Node | Where-Object { $_.Activation -ne 'UkiSwap' }",
            _ => "",
        };
        string call =
            nodes.Length == 0
                ? $"try {{ {scenario.Name} $suite }} catch {{ \"{scenario.Name} $_\" }}"
                : $"foreach ($node in {nodes}) {{ try {{ {scenario.Name} $suite $node }} catch {{ \"{scenario.Name} $($node): $_\" }} }}";
        PowerShellResult result = lab.Invoke(
            $"param($m, $s) Import-Module $m; $suite = New-AcceptanceSuite -Settings $s; {call}",
            ("m", Path.Combine(s_folder, "Acceptance.psm1")),
            ("s", settings)
        );
        return result.Output.Select(value => value.ToString());
    }

    private static async Task<string> SettingsAsync(LabSession lab, string allow)
    {
        IReadOnlyDictionary<string, string> client = lab.Client.Environment;
        string path = Path.Combine(lab.Client.Folder, "acceptance.psd1");
        await File.WriteAllTextAsync(
            path,
            $$"""
            @{
                TalosConfig = '{{client["TALOSCONFIG"]}}'
                KubeConfig = '{{client["KUBECONFIG"]}}'
                Inventory = 'devices'
                BackupFolder = 'backups'
                WorkFolder = 'images'
                FactoryUri = '{{client["TALOSTAILSCALE_FACTORY"]}}'
                Socket = '{{client["TS_SOCKET"]}}'
                AuthKeyReference = '{{lab.KeyReference}}'
                RegistryImage = '{{lab.Lab.Options.RegistryHost}}/lab/registry-smoketest:1'
                Allow = @({{allow}})
            }
            """,
            TestContext.Current.CancellationToken
        );
        return path;
    }

    private static string State(LabSession lab) =>
        string.Join(
            '\n',
            lab.Lab.Nodes.SelectMany(node =>
                    Directory
                        .EnumerateFiles(node.EspDirectory, "*", SearchOption.AllDirectories)
                        .Select(file => $"{file} {new FileInfo(file).Length}")
                        .Prepend(node.ActiveConfig.Text)
                        .Append(node.BootId.ToString())
                )
                .Concat(lab.Pods)
                .Concat(lab.Lab.Etcd.Members.Select(member => member.ToString()))
                .Concat(
                    Directory
                        .EnumerateFiles(lab.Devices, "*", SearchOption.AllDirectories)
                        .Order(StringComparer.Ordinal)
                        .Select(file => file + File.ReadAllText(file))
                )
        );

    [GeneratedRegex(
        @"^    It '(?<title>(?:[^']|'')+)'(?: -ForEach \$(?<each>\w+))? \{\n(?<body>(?:.*\n)*?)        (?<name>Assert-\w+) \$suite",
        RegexOptions.Multiline
    )]
    private static partial Regex It();
}
