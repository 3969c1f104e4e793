using System.Management.Automation;
using System.Management.Automation.Runspaces;

namespace TalosTailscale.Tests.Engine;

/// <summary>What people type as a path, by the rules of the session.</summary>
public sealed class FileSystemPathTests
{
    [Theory]
    [InlineData("Get-Uki nodrive:/x.efi", "PathNotFound")]
    [InlineData("Get-Uki noprovider::x.efi", "PathNotFound")]
    [InlineData("Get-Uki -LiteralPath noprovider::x.efi", "PathNotFound")]
    [InlineData("Get-Uki C:\\x.efi", "PathNotFound")]
    [InlineData("Get-Uki \\\\server\\share\\x.efi", "PathNotFound")]
    [InlineData("Get-Uki 'a['", "PathNotFound")]
    [InlineData("Get-Uki Env:PATH", "PathNotFileSystem")]
    [InlineData("Get-Uki -LiteralPath Env:PATH", "PathNotFileSystem")]
    [InlineData("Export-Uki nodrive:/x.iso", "PathNotFound")]
    [InlineData("Set-TalosMachinePatch -Path noprovider::c.yaml -Patch 'a: b'", "PathNotFound")]
    public void A_path_that_leads_nowhere_is_an_error_that_names_it(string script, string error)
    {
        Assert.SkipWhen(OperatingSystem.IsWindows() && script.Contains('\\'), "There these are paths like others.");
        using PowerShellSession session = PowerShellSession.Create();

        session.Invoke(script).AssertError(error);
    }

    [Theory]
    [InlineData("lab:/patch.yaml")]
    [InlineData("lab:\\patch.yaml")]
    [InlineData("lab:/pat*.yaml")]
    [InlineData("@lab:/patch.yaml")]
    [InlineData("Microsoft.PowerShell.Core\\FileSystem::{0}/patch.yaml")]
    public void A_file_is_found_by_drive_by_provider_and_by_wildcard(string patch)
    {
        using var folder = new TemporaryFolder();
        folder.Write("patch.yaml", "machine:\n  type: worker\n");
        string config = folder.Write("config.yaml", "version: v1alpha1\nmachine:\n  type: controlplane\n");
        using PowerShellSession session = PowerShellSession.Create();
        SessionStateProxy state = session.Runspace.SessionStateProxy;
        state.Drive.New(
            new PSDriveInfo("lab", state.Path.CurrentFileSystemLocation.Provider, folder.Path, "", null),
            "global"
        );

        PowerShellResult result = session.Invoke(
            "param($c, $p) Set-TalosMachinePatch -Path $c -Patch $p",
            ("c", config),
            ("p", patch.Replace("{0}", folder.Path, StringComparison.Ordinal))
        );

        result.AssertNoErrors();
        Assert.Contains("type: worker", result.AllText() + File.ReadAllText(config), StringComparison.Ordinal);
    }
}
