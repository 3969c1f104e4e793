using System.Diagnostics;

namespace TalosTailscale.Tests.Engine;

public sealed class StartupTests
{
    [Fact]
    public async Task The_import_loads_no_dependency()
    {
        CancellationToken cancel = TestContext.Current.CancellationToken;
        string folder = AppContext.BaseDirectory.Replace(
            "TalosTailscale.Tests",
            "TalosTailscale.ForeignDependencies",
            StringComparison.Ordinal
        );
        const string script = """
            $context = [System.Runtime.Loader.AssemblyLoadContext]::All.Where({ $_.Name -eq 'TalosTailscale' })
            $context.Assemblies.ForEach({ $_.GetName().Name })
            """;
        // A process of its own: here other tests have used the module already.
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

        using Process process = Process.Start(start)!;
        Task<string> output = process.StandardOutput.ReadToEndAsync(cancel);
        Task<string> error = process.StandardError.ReadToEndAsync(cancel);
        await process.WaitForExitAsync(cancel);

        Assert.True(process.ExitCode == 0, await error);
        string[] lines = (await output).Split(
            '\n',
            StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries
        );
        string[] ours = [.. lines.Where(line => !line.StartsWith("foreign ", StringComparison.Ordinal))];
        Assert.Contains("TalosTailscale", ours);
        Assert.DoesNotContain(ours, name => !name.StartsWith("TalosTailscale", StringComparison.Ordinal));
    }
}
