using TalosTailscale.Tests.Engine;

namespace TalosTailscale.Tests.Runbook;

/// <summary>The auth key appears in the rendered file and in the node's config, and nowhere else.</summary>
public sealed class SecretTests
{
    [Fact]
    public async Task No_stream_and_no_file_but_two_holds_the_key()
    {
        await using LabSession session = await LabSession.StartAsync();
        string key = session.Lab.Options.AuthKey;
        string[] scripts =
        [
            RunbookTests.RenderAndPatch + " -WhatIf -Verbose -Debug",
            "param($key) Get-TsNode | New-TsExtensionServiceConfig -AuthKeyReference $key -PassThru -Verbose -Debug",
            RunbookTests.RenderAndPatch + " -Verbose -Debug",
            "param($key) Get-TsNode | Set-TalosMachinePatch -Verbose -Debug",
            """
                param($key)
                New-TalosSchematic -Extension siderolabs/tailscale |
                    Save-TalosImage -Node ampone -Kind Uki -Destination ([System.IO.Path]::GetDirectoryName($key.Substring(5))) |
                    Invoke-UkiSwap -Reboot -Wait -Confirm:$false -Verbose -Debug
                """,
            "Get-TsNode | Test-TsNode -Verbose -Debug",
            "Get-TalosLog -Node ampone -Verbose -Debug",
            "Get-TalosService -Node ampone -Verbose -Debug; Get-TalosExtension -Node ampone -Verbose -Debug",
            // A patch that the node refuses: its answer quotes the config.
            "'machine: {type: [' | Set-TalosMachinePatch -Node ampone -Verbose -Debug",
            "param($key) New-TsExtensionServiceConfig -Node nobody -AuthKeyReference $key -Verbose -Debug",
        ];

        foreach (string script in scripts)
        {
            PowerShellResult result = session.Invoke(
                script.StartsWith("param", StringComparison.Ordinal) ? script : "param($key) " + script,
                ("key", session.KeyReference)
            );
            Assert.False(Holds(result.AllText(), key), $"The key is in what '{script}' wrote.");
        }

        string[] allowed = ["authkey", "tailscale-extension-service.yaml"];
        foreach (string file in Directory.EnumerateFiles(session.Client.Folder, "*", SearchOption.AllDirectories))
        {
            if (
                allowed.Contains(Path.GetFileName(file))
                || file.EndsWith(".machineconfig.bak.yaml", StringComparison.Ordinal)
            )
                continue;
            Assert.False(Holds(File.ReadAllText(file), key), $"The key is in '{file}'.");
        }
    }

    // The secret half alone would do for a thief; the prefix and the id would not.
    private static bool Holds(string text, string key) =>
        text.Contains(key, StringComparison.Ordinal)
        || text.Contains(key[(key.LastIndexOf('-') + 1)..], StringComparison.Ordinal);
}
