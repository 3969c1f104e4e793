using System.Diagnostics;

namespace TalosTailscale.Tests.Engine;

/// <summary>Which of two files of one name is loaded: machine code for the system that runs, else the IL.</summary>
public sealed class MachineCodeTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("ts-images-").FullName;

    [Fact]
    public async Task An_assembly_in_the_folder_of_the_running_system_is_taken_and_the_others_from_beside_it()
    {
        Lay(ModuleLoadContext.RunningSystem, "TalosTailscale.dll");
        Assert.Equal(
            [$"{ModuleLoadContext.RunningSystem}/TalosTailscale.dll", "bin/TalosTailscale.Core.dll"],
            await LoadedAsync()
        );
    }

    [Fact]
    public async Task A_dependency_in_the_folder_of_the_running_system_is_taken()
    {
        Lay(ModuleLoadContext.RunningSystem, "TalosTailscale.Core.dll");
        Assert.Equal(
            ["bin/TalosTailscale.dll", $"{ModuleLoadContext.RunningSystem}/TalosTailscale.Core.dll"],
            await LoadedAsync()
        );
    }

    [Fact]
    public async Task The_folder_of_another_system_is_left_alone()
    {
        Lay(
            ModuleLoadContext.RunningSystem == "win-x64" ? "linux-x64" : "win-x64",
            "TalosTailscale.dll",
            "TalosTailscale.Core.dll"
        );
        Assert.Equal(["bin/TalosTailscale.dll", "bin/TalosTailscale.Core.dll"], await LoadedAsync());
    }

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    // The module without its dependencies, and IL in the place of machine code: which file is taken is all that is asked.
    private void Lay(string system, params string[] names)
    {
        string module = Directory.CreateDirectory(Path.Combine(_folder, "module")).FullName;
        string images = Directory.CreateDirectory(Path.Combine(module, "bin", system)).FullName;
        File.Copy(Repository.Manifest, Path.Combine(_folder, "TalosTailscale.psd1"));
        foreach (string file in Directory.EnumerateFiles(Path.Combine(Repository.Root, "module")))
            File.Copy(file, Path.Combine(module, Path.GetFileName(file)));
        foreach (
            string file in Directory.EnumerateFiles(
                Path.Combine(Repository.Root, "module", "bin"),
                "TalosTailscale*.dll"
            )
        )
            File.Copy(file, Path.Combine(module, "bin", Path.GetFileName(file)));
        foreach (string name in names)
            File.Copy(Path.Combine(module, "bin", name), Path.Combine(images, name));
    }

    private async Task<string[]> LoadedAsync()
    {
        CancellationToken cancel = TestContext.Current.CancellationToken;
        string program = AppContext.BaseDirectory.Replace(
            "TalosTailscale.Tests",
            "TalosTailscale.ForeignDependencies",
            StringComparison.Ordinal
        );
        const string script = """
            $context = [System.Runtime.Loader.AssemblyLoadContext]::All.Where({ $_.Name -eq 'TalosTailscale' })[0]
            foreach ($name in 'TalosTailscale', 'TalosTailscale.Core') { $context.LoadFromAssemblyName($name).Location }
            """;
        // A process of its own: here the module is loaded already.
        var start = new ProcessStartInfo("dotnet")
        {
            ArgumentList =
            {
                Path.Combine(program, "TalosTailscale.ForeignDependencies.dll"),
                Path.Combine(_folder, "TalosTailscale.psd1"),
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
        return
        [
            .. (await output)
                .Split('\n', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries)
                .Where(line => !line.StartsWith("foreign ", StringComparison.Ordinal))
                .Select(path => $"{Path.GetFileName(Path.GetDirectoryName(path))}/{Path.GetFileName(path)}"),
        ];
    }
}
