using System.Management.Automation;
using System.Reflection;

namespace TalosTailscale.Tests.Engine;

public sealed class ModuleTests
{
    [Fact]
    public void Every_exported_cmdlet_is_there_and_every_cmdlet_is_exported()
    {
        using var session = PowerShellSession.Create();
        var module = session.Invoke("Get-Module TalosTailscale").Single<PSModuleInfo>();
        PowerShellResult manifest = session.Invoke(
            "param($m) (Test-ModuleManifest $m).ExportedCmdlets.Keys",
            ("m", Repository.Manifest)
        );

        Assert.Equal(manifest.Output.Select(name => name.ToString()).Order(), module.ExportedCmdlets.Keys.Order());
        Assert.NotEmpty(module.ExportedCmdlets);
    }

    [Fact]
    public void A_second_import_exports_the_same_cmdlets()
    {
        using var session = PowerShellSession.Create();
        PowerShellResult first = session.Invoke("(Get-Module TalosTailscale).ExportedCmdlets.Keys");
        PowerShellResult second = session.Invoke(
            "param($m) Import-Module $m -Force; (Get-Module TalosTailscale).ExportedCmdlets.Keys",
            ("m", Repository.Manifest)
        );
        PowerShellResult third = session.Invoke(
            "param($m) Remove-Module TalosTailscale; Import-Module $m; (Get-Module TalosTailscale).ExportedCmdlets.Keys",
            ("m", Repository.Manifest)
        );

        Assert.NotEmpty(first.Output);
        Assert.Equal(first.Output.Select(o => o.ToString()), second.Output.Select(o => o.ToString()));
        Assert.Equal(first.Output.Select(o => o.ToString()), third.Output.Select(o => o.ToString()));
    }

    [Fact]
    public void The_manifest_has_the_version_of_the_assemblies()
    {
        using var session = PowerShellSession.Create();
        var module = session.Invoke("Get-Module TalosTailscale").Single<PSModuleInfo>();
        var assembly = AssemblyName.GetAssemblyName(
            Path.Combine(Repository.Root, "module", "bin", "TalosTailscale.dll")
        );

        Assert.Equal(
            module.Version,
            new Version(assembly.Version!.Major, assembly.Version.Minor, assembly.Version.Build)
        );
    }
}
