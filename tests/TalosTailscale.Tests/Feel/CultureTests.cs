using System.Collections;
using System.Globalization;
using TalosTailscale.Tests.Engine;

namespace TalosTailscale.Tests.Feel;

/// <summary>
/// Sessions whose culture writes numbers with a comma (German) or has two kinds of i (Turkish), and folders with names
/// of more than ASCII.
/// </summary>
public sealed class CultureTests
{
    public static TheoryData<string> Cultures => ["tr-TR", "de-DE"];

    [Theory, MemberData(nameof(Cultures))]
    public Task Names_are_found_in_any_case(string culture) => InAsync(culture, session =>
        {
            // In Turkish the capital of i is İ, and the small letter of I is ı.
            Assert.Equal("ryzen", session.Invoke("(Get-TsNode RYZEN).Name").Single<string>());
            Assert.Equal(
                "talos-192-168-1-203",
                session.Invoke("(Get-TsNode TALOS-192-168-1-203).KubernetesName").Single<string>()
            );
            Assert.Equal(2, session.Invoke("Get-TalosService -Node ryzen -Id KUBELET, APID").Output.Count);
            Assert.NotEmpty(session.Invoke("Get-TalosResource -Node ryzen -Type MACHINESTATUS").Output);
        });

    [Theory, MemberData(nameof(Cultures))]
    public Task Numbers_in_files_and_views_are_the_same_everywhere(string culture) => InAsync(culture, session =>
        {
            Assert.Equal("1.5 KiB", session.Invoke("[TalosTailscale.Sizes]::Text(1536)").Single<string>());
            PowerShellResult result = session.Invoke(
                "Set-TalosMachinePatch -Node altra -Patch @{ machine = @{ sysctls = @{ a = '1'; b = 1.5 } } } -ServiceTimeout 0 -WhatIf"
            );
            result.AssertNoErrors();
            Assert.Contains("1.5", Assert.Single(result.OutputOf<MachinePatchResult>()).Diff, StringComparison.Ordinal);
        });

    [Theory, MemberData(nameof(Cultures))]
    public Task The_runbook_renders_patches_and_checks(string culture) => InAsync(culture, session =>
        {
            PowerShellResult result = session.Invoke(
                "param($k) Get-TsNode ampone | New-TsExtensionServiceConfig -AuthKeyReference $k -PassThru | Set-TalosMachinePatch -ServiceTimeout 0",
                ("k", session.KeyReference)
            );
            result.AssertNoErrors();
            Assert.True(Assert.Single(result.OutputOf<MachinePatchResult>()).Applied);
            PowerShellResult checks = session.Invoke(
                "Test-TsNode -Node ampone -Check api, VERSION, Stage, nodeaddress"
            );
            checks.AssertNoErrors();
            Assert.NotEmpty(checks.Output);
            Assert.Equal(
                Schematic,
                session
                    .Invoke("New-TalosSchematic -Extension siderolabs/tailscale -Offline")
                    .OutputOf<TalosSchematic>()
                    .Single()
                    .Id
            );
        });

    [Theory]
    [InlineData("Größe und Maß")]
    [InlineData("地址 日本語")]
    [InlineData("емблема [1] $x")]
    public async Task Folders_may_have_any_name(string name)
    {
        await using LabSession session = await LabSession.StartAsync();
        string folder = Directory.CreateDirectory(Path.Combine(session.Client.Folder, name)).FullName;
        string devices = Path.Combine(folder, "devices");
        LabSession.CopyFolder(session.Devices, devices);

        PowerShellResult rendered = session.Invoke(
            """
            param($devices, $key)
            Get-TsNode ampone -Inventory $devices | New-TsExtensionServiceConfig -AuthKeyReference $key -Inventory $devices -PassThru
            """,
            ("devices", devices),
            ("key", session.KeyReference)
        );
        Assert.StartsWith(folder, rendered.Single<TsExtensionServiceConfig>().Path, StringComparison.Ordinal);

        PowerShellResult image = session.Invoke(
            """
            param($folder)
            $ExecutionContext.SessionState.Path.SetLocation([WildcardPattern]::Escape($folder)) | Out-Null
            $image = New-TalosSchematic | Save-TalosImage -Node ampone -Kind Uki -Destination ./talos.efi
            Get-Uki -LiteralPath $image.Path -NoHash
            """,
            ("folder", folder)
        );
        Assert.Equal(Path.Combine(folder, "talos.efi"), image.Single<UkiInfo>().Path);
    }

    private const string Schematic = "4a0d65c669d46663f377e7161e50cfd570c401f26fd9e7bda34a0216b6f1922b";

    private static async Task InAsync(string culture, Action<CultureSession> test)
    {
        await using LabSession session = await LabSession.StartAsync();
        test(new CultureSession(session, culture));
    }

    /// <summary>Runs each script on a thread with the culture; what is awaited inherits it.</summary>
    private sealed class CultureSession(LabSession session, string culture)
    {
        public string KeyReference => session.KeyReference;

        public PowerShellResult Invoke(string script, params (string Name, object? Value)[] values) =>
            session.Invoke(
                """
                param($culture, $script, $values)
                [cultureinfo]::CurrentCulture = [cultureinfo]::CurrentUICulture = $culture
                if (1.5.ToString() -ne '1,5') { throw 'The culture is not in effect.' }
                . ([scriptblock]::Create($script)) @values
                """,
                ("culture", CultureInfo.GetCultureInfo(culture)),
                ("script", script),
                ("values", new Hashtable(values.ToDictionary(value => value.Name, value => value.Value)))
            );
    }
}
