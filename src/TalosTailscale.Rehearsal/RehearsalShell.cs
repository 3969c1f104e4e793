using System.Reflection;
using Microsoft.PowerShell;

namespace TalosTailscale.Rehearsal;

/// <summary>PowerShell itself, as <c>pwsh</c> is, in the process of the lab.</summary>
internal static class RehearsalShell
{
    /// <summary>Opens a prompt and comes back when it is left.</summary>
    public static int Prompt()
    {
        // PSReadLine, the line editing, is no part of the SDK but of the tool that the checkout pins.
        if (ToolModules is { } modules)
            Environment.SetEnvironmentVariable(
                "PSModulePath",
                string.Join(Path.PathSeparator, [modules, Environment.GetEnvironmentVariable("PSModulePath")])
            );
        return Start("-NoExit", "-File", Script("prompt.ps1"));
    }

    /// <summary>Plays what stands on the stage.</summary>
    /// <param name="mustCheck">True when it counts as passed only if it wrote checks.</param>
    /// <returns>0 only when nothing failed, or the script's own exit code.</returns>
    public static int Play(bool mustCheck)
    {
        int exitCode = Start("-NonInteractive", "-File", Script("play.ps1"));
        if (!RehearsalStage.Current.Ended)
            return exitCode;
        return RehearsalStage.Current.Tally.Passed(mustCheck) ? 0 : 1;
    }

    public static string Script(string name) => Path.Combine(AppContext.BaseDirectory, "Scripts", name);

    private static int Start(params string[] arguments) =>
        ConsoleShell.Start("", "", ["-NoLogo", "-NoProfile", .. arguments]);

    private static string? ToolModules =>
        typeof(RehearsalShell)
            .Assembly.GetCustomAttributes<AssemblyMetadataAttribute>()
            .Where(metadata => metadata.Key == "PowerShellModules")
            .Select(metadata => metadata.Value)
            .FirstOrDefault(Directory.Exists);
}
