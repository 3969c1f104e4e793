using TalosTailscale.Core.MachineConfig;

namespace TalosTailscale.Core.Talos;

/// <summary>A file with a node's configuration as it was before a change. It holds the cluster's secrets.</summary>
/// <param name="Path">The file, absolute.</param>
/// <param name="Origin">Of which machine it is; null where nothing tells.</param>
public sealed record MachineConfigBackup(string Path, MachineConfigOrigin? Origin)
{
    /// <summary>What the names end with; ignored by git where the module's own ignore file is used.</summary>
    public const string Suffix = ".machineconfig.bak.yaml";

    /// <summary>How many backups of a machine are kept: each holds the cluster's secrets.</summary>
    public const int Kept = 20;

    /// <summary>
    /// The folder where none is given: the one that TALOSTAILSCALE_BACKUPS names, else TalosTailscale/backups below the
    /// user's local application data. Not below <c>devices/</c>, which is under version control as a rule.
    /// </summary>
    public static string DefaultFolder =>
        Environment.GetEnvironmentVariable("TALOSTAILSCALE_BACKUPS") is { Length: > 0 } given
            ? System.IO.Path.GetFullPath(given)
            : System.IO.Path.Combine(
                Environment.GetFolderPath(
                    Environment.SpecialFolder.LocalApplicationData,
                    Environment.SpecialFolderOption.DoNotVerify
                ),
                "TalosTailscale",
                "backups"
            );

    /// <summary>The backups of a folder, newest first; none where there is no such folder.</summary>
    /// <param name="folder">The folder.</param>
    /// <returns>The files.</returns>
    public static IReadOnlyList<MachineConfigBackup> In(string folder)
    {
        ArgumentException.ThrowIfNullOrEmpty(folder);
        if (!Directory.Exists(folder))
            return [];
        return
        [
            .. Directory
                .EnumerateFiles(folder, "*" + Suffix)
                .Select(path => new MachineConfigBackup(path, MachineConfigOrigin.Read(path)))
                .OrderByDescending(backup => backup.Origin?.Time)
                .ThenByDescending(backup => backup.Path, StringComparer.Ordinal),
        ];
    }

    /// <summary>
    /// The newest backup of a node that was made before a patch. What was kept before going back is left out, so that going
    /// back a second time does not go forward again.
    /// </summary>
    /// <param name="node">The node, whose identity decides; the name only where a file has no identity.</param>
    /// <param name="folder">Where to look; null for <see cref="DefaultFolder"/>.</param>
    /// <param name="cancellation">Cancels the call to the node.</param>
    /// <returns>The backup.</returns>
    /// <exception cref="TsException"><see cref="MachineConfigErrors.BackupNotFound"/>.</exception>
    public static async Task<MachineConfigBackup> NewestAsync(
        TalosNodeClient node,
        string? folder,
        CancellationToken cancellation = default
    )
    {
        ArgumentNullException.ThrowIfNull(node);
        string place = folder ?? DefaultFolder;
        string? id = await node.NodeIdAsync(cancellation).ConfigureAwait(false);
        string?[] names = [node.Node, node.Address, await node.HostnameAsync(cancellation).ConfigureAwait(false)];
        return In(place)
            .FirstOrDefault(backup =>
                backup.Origin is { BeforeRestore: false } origin
                && (origin.NodeId is null ? origin.IsNamed(names) : origin.NodeId == id)
            )
            ?? throw MachineConfigErrors.BackupNotFound.New(
                $"'{place}' holds no backup of '{node.Node}' that was made before a patch.",
                node.Node
            );
    }

    /// <summary>Writes a backup, readable and writable by its owner alone from the first byte on.</summary>
    /// <param name="folder">The folder; made when it is not there.</param>
    /// <param name="origin">Of which machine it is.</param>
    /// <param name="text">The configuration.</param>
    /// <param name="cancellation">Stops writing.</param>
    /// <returns>The file, absolute.</returns>
    public static async Task<string> WriteAsync(
        string folder,
        MachineConfigOrigin origin,
        string text,
        CancellationToken cancellation = default
    )
    {
        ArgumentException.ThrowIfNullOrEmpty(folder);
        ArgumentNullException.ThrowIfNull(origin);
        Directory.CreateDirectory(folder);
        string stem = MachineConfigOrigin.FileStem(origin.Node, origin.Time);
        byte[] bytes = ConfigText.Encode(origin.Line + text);
        for (int i = 0; ; i++)
        {
            string name = i == 0 ? stem + Suffix : $"{stem}-{i}{Suffix}";
            string path = System.IO.Path.GetFullPath(System.IO.Path.Combine(folder, name));
            try
            {
                await PrivateFile.CreateAsync(path, bytes, cancellation).ConfigureAwait(false);
                return path;
            }
            catch (IOException) when (File.Exists(path) && i < 1000)
            {
                // Two changes in one second: the next number.
            }
        }
    }

    /// <summary>Removes the oldest backups of a machine beyond the newest <see cref="Kept"/>.</summary>
    /// <param name="folder">The folder.</param>
    /// <param name="origin">The machine.</param>
    /// <returns>How many were removed.</returns>
    public static int Prune(string folder, MachineConfigOrigin origin)
    {
        ArgumentNullException.ThrowIfNull(origin);
        MachineConfigBackup[] old =
        [
            .. In(folder)
                .Where(one =>
                    one.Origin is { } its
                    && (
                        its.NodeId is null || origin.NodeId is null
                            ? its.Node == origin.Node
                            : its.NodeId == origin.NodeId
                    )
                )
                .Skip(Kept),
        ];
        foreach (MachineConfigBackup backup in old)
            File.Delete(backup.Path);
        return old.Length;
    }

    /// <summary>Reads a backup.</summary>
    /// <param name="path">The file.</param>
    /// <param name="cancellation">Cancels reading.</param>
    /// <returns>The backup, and the configuration as it was on the node, to the letter.</returns>
    /// <exception cref="TsException"><see cref="MachineConfigErrors.ConfigNotUtf8"/>.</exception>
    public static async Task<(MachineConfigBackup Backup, string Config)> ReadAsync(
        string path,
        CancellationToken cancellation = default
    )
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        string name = System.IO.Path.GetFileName(path);
        string text = ConfigText.Decode(await File.ReadAllBytesAsync(path, cancellation).ConfigureAwait(false), name);
        (string config, MachineConfigOrigin? origin) = MachineConfigOrigin.Split(text, name);
        return (new MachineConfigBackup(path, origin), config);
    }

    /// <inheritdoc/>
    public override string ToString() => System.IO.Path.GetFileName(Path);
}
