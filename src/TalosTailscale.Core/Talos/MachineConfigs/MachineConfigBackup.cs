using System.Globalization;
using TalosTailscale.Core.MachineConfig;

namespace TalosTailscale.Core.Talos;

/// <summary>Files with a node's configuration as it was before a change. They hold the cluster's secrets.</summary>
public static class MachineConfigBackup
{
    /// <summary>What the names end with; ignored by git where the module's own ignore file is used.</summary>
    public const string Suffix = ".machineconfig.bak.yaml";

    /// <summary>
    /// The folder where none is given: the one that TALOSTAILSCALE_BACKUPS names, else TalosTailscale/backups below the
    /// user's local application data. Not below <c>devices/</c>, which is under version control as a rule.
    /// </summary>
    public static string DefaultFolder =>
        Environment.GetEnvironmentVariable("TALOSTAILSCALE_BACKUPS") is { Length: > 0 } given
            ? Path.GetFullPath(given)
            : Path.Combine(
                Environment.GetFolderPath(
                    Environment.SpecialFolder.LocalApplicationData,
                    Environment.SpecialFolderOption.DoNotVerify
                ),
                "TalosTailscale",
                "backups"
            );

    /// <summary>Writes a backup, readable and writable by its owner alone from the first byte on.</summary>
    /// <param name="folder">The folder; made when it is not there.</param>
    /// <param name="node">The node's name.</param>
    /// <param name="text">The configuration.</param>
    /// <param name="time">When it was read.</param>
    /// <param name="cancellation">Stops writing.</param>
    /// <returns>The file, absolute.</returns>
    public static async Task<string> WriteAsync(
        string folder,
        string node,
        string text,
        DateTimeOffset time,
        CancellationToken cancellation = default
    )
    {
        ArgumentException.ThrowIfNullOrEmpty(folder);
        ArgumentException.ThrowIfNullOrEmpty(node);
        Directory.CreateDirectory(folder);
        string stamp = time.UtcDateTime.ToString("yyyyMMdd'T'HHmmss'Z'", CultureInfo.InvariantCulture);
        string name = string.Concat(node.Select(c => char.IsLetterOrDigit(c) || c is '-' or '_' or '.' ? c : '_'));
        for (int i = 0; ; i++)
        {
            string path = Path.GetFullPath(
                Path.Combine(folder, i == 0 ? $"{name}-{stamp}{Suffix}" : $"{name}-{stamp}-{i}{Suffix}")
            );
            try
            {
                await PrivateFile.CreateAsync(path, ConfigText.Encode(text), cancellation).ConfigureAwait(false);
                return path;
            }
            catch (IOException) when (File.Exists(path) && i < 1000)
            {
                // Two changes in one second: the next number.
            }
        }
    }
}
