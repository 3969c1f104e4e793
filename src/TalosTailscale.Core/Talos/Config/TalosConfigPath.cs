namespace TalosTailscale.Core.Talos;

/// <summary>Where a talosconfig is looked for (siderolabs/talos pkg/machinery/client/config/path.go).</summary>
internal static class TalosConfigPath
{
    // The talosconfig of a pod that uses the Talos API from within Kubernetes.
    private const string ServiceAccountPath = "/var/run/secrets/talos.dev/config";

    /// <summary>The files to try, first one first.</summary>
    /// <param name="environment">Reads an environment variable.</param>
    /// <param name="home">The user's home folder.</param>
    internal static IEnumerable<string> Candidates(Func<string, string?> environment, string home)
    {
        string? file = environment("TALOSCONFIG");
        if (!string.IsNullOrEmpty(file))
            yield return file;
        string? folder = environment("TALOS_HOME");
        yield return !string.IsNullOrEmpty(folder) && Path.IsPathRooted(folder)
            ? Path.Combine(folder, "config")
            : Path.Combine(home, ".talos", "config");
        yield return ServiceAccountPath;
    }

    internal static string Find(string? path, Func<string, string?> environment, string home)
    {
        if (!string.IsNullOrEmpty(path))
        {
            return File.Exists(path)
                ? path
                : throw TalosErrors.TalosConfigNotFound.New($"The talosconfig '{path}' does not exist.", path);
        }

        string[] tried = [.. Candidates(environment, home)];
        return Array.Find(tried, File.Exists)
            ?? throw TalosErrors.TalosConfigNotFound.New(
                $"No talosconfig was found; looked for '{string.Join("', '", tried)}'.",
                tried[0]
            );
    }
}
