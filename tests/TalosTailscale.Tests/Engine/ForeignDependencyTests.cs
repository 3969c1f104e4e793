using System.Diagnostics;
using TalosTailscale.Lab;

namespace TalosTailscale.Tests.Engine;

public sealed class ForeignDependencyTests
{
    [Fact]
    public async Task Cmdlets_work_after_other_versions_of_their_dependencies_were_loaded()
    {
        CancellationToken cancel = TestContext.Current.CancellationToken;
        await using LabCluster lab = await LabCluster.StartAsync(cancellationToken: cancel);
        LabClientFiles client = lab.WriteClientFiles();
        string folder = AppContext.BaseDirectory.Replace(
            "TalosTailscale.Tests",
            "TalosTailscale.ForeignDependencies",
            StringComparison.Ordinal
        );
        const string script = """
            (Get-TsNode ampone).Name
            (Get-TalosService -Node ampone -Name apid).State
            ([System.AppDomain]::CurrentDomain.GetAssemblies().GetName() | Where-Object Name -eq 'YamlDotNet').Count
            """;
        var start = new ProcessStartInfo("dotnet")
        {
            ArgumentList =
            {
                Path.Combine(folder, "TalosTailscale.ForeignDependencies.dll"),
                Repository.Manifest,
                script,
            },
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        foreach ((string name, string value) in client.Environment)
            start.Environment[name] = value;
        start.Environment["TALOSTAILSCALE_DEVICES"] = Repository.Devices;

        using Process process = Process.Start(start)!;
        Task<string> output = process.StandardOutput.ReadToEndAsync(cancel);
        Task<string> error = process.StandardError.ReadToEndAsync(cancel);
        await process.WaitForExitAsync(cancel);

        Assert.True(process.ExitCode == 0, await error);
        string[] lines = (await output).Split(
            '\n',
            StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries
        );
        Assert.Equal("foreign YamlDotNet 13.0.0.0 (16 bytes)", lines[0]);
        Assert.Equal("foreign Google.Protobuf 3.25.1.0", lines[1]);
        Assert.Equal(["ampone", "Running", "2"], lines[2..]);
    }
}
