using TalosTailscale.Core.Boot;
using TalosTailscale.Core.Images;

namespace TalosTailscale.Lab.Nodes;

/// <summary>What comes up when power comes on: the file of the ESP that systemd-boot picks, and what is in it.</summary>
/// <param name="FileName">The file's name in <c>EFI/Linux</c>.</param>
/// <param name="Uki">What it holds.</param>
internal sealed record LabBootChoice(string FileName, UkiInfo Uki);

/// <summary>Reads a node's ESP as firmware, systemd-boot and Talos's own probe do.</summary>
internal static class LabFirmware
{
    /// <summary>The folder of the UKIs.</summary>
    internal static string LinuxFolder(LabNode node) => Path.Combine(node.EspDirectory, "EFI", "Linux");

    /// <summary>What systemd-boot starts when nobody touches the menu; null, with the console's text, when nothing can start.</summary>
    internal static async Task<(LabBootChoice? Choice, string Console)> SelectAsync(
        LabNode node,
        CancellationToken cancellationToken
    )
    {
        var ukis = await ReadAllAsync(node, cancellationToken);
        var conf = Path.Combine(node.EspDirectory, "loader", "loader.conf");
        var state = new LoaderState
        {
            OneShot = node.LoaderVariables.OneShot,
            Default = node.LoaderVariables.Default,
            LoaderConf = File.Exists(conf) ? await File.ReadAllTextAsync(conf, cancellationToken) : null,
        };
        node.LoaderVariables.OneShot = null;
        var prediction = BootPredictor.Predict(ukis.Select(u => ToBootFile(u.Key, u.Value)), state);
        if (prediction.Entry is not { } entry)
            return (null, "systemd-boot: no loader entries found");
        var uki = ukis[entry.FileName]!;
        if (uki.Architecture != node.Architecture)
            return (null, $"systemd-boot: Error loading {entry.FileName}: Unsupported");
        if (node.Options.SecureBoot && !uki.Signed)
            return (null, $"systemd-boot: Error loading {entry.FileName}: Security violation");
        return (new(entry.FileName, uki), "");
    }

    /// <summary>
    /// The file that Talos takes for the current one: what LoaderEntryDefault names, else LoaderEntrySelected, where
    /// such a file exists (bootloader/sdboot). Null when neither does.
    /// </summary>
    internal static string? Probe(LabNode node)
    {
        var folder = LinuxFolder(node);
        var files = Directory.Exists(folder)
            ? Directory.GetFiles(folder).Select(f => Path.GetFileName(f)).Where(IsUkiName).ToArray()
            : [];
        return Named(node.LoaderVariables.Default) ?? Named(node.LoaderVariables.Selected);

        string? Named(string? entry) => files.FirstOrDefault(f => f.Equals(entry, StringComparison.OrdinalIgnoreCase));
    }

    /// <summary>Whether systemd-boot and Talos take the file for a UKI, by its name.</summary>
    internal static bool IsUkiName(string name) => name.EndsWith(".efi", StringComparison.OrdinalIgnoreCase);

    /// <summary>Reads one UKI; null when the file is none.</summary>
    internal static async Task<UkiInfo?> ReadAsync(string path, CancellationToken cancellationToken)
    {
        var stream = File.OpenRead(path);
        await using (stream)
        {
            try
            {
                return await UkiReader.ReadAsync(
                    stream,
                    new UkiReadOptions { Path = path, Hash = false },
                    cancellationToken
                );
            }
            catch (TsException)
            {
                // Firmware skips what is no UKI; so does this.
                return null;
            }
        }
    }

    // What an installation put there is known, as long as nobody has touched the file: a fleet boots one UKI a
    // thousand times. The factory gives all files one time, and versions may be of one size: the name tells them apart.
    private static async Task<UkiInfo?> ReadKnownAsync(LabNode node, string path, CancellationToken cancellationToken)
    {
        var file = new System.IO.FileInfo(path);
        var key = (file.Name, file.Length, file.LastWriteTimeUtc);
        if (node.Cluster.KnownUkis.TryGetValue(key, out var known))
            return known is null ? null : known with { Name = file.Name, Path = path };
        return node.Cluster.KnownUkis[key] = await ReadAsync(path, cancellationToken);
    }

    private static async Task<Dictionary<string, UkiInfo?>> ReadAllAsync(
        LabNode node,
        CancellationToken cancellationToken
    )
    {
        var ukis = new Dictionary<string, UkiInfo?>(StringComparer.OrdinalIgnoreCase);
        var folder = LinuxFolder(node);
        if (!Directory.Exists(folder))
            return ukis;
        foreach (var path in Directory.GetFiles(folder).Where(IsUkiName))
            ukis[Path.GetFileName(path)] = await ReadKnownAsync(node, path, cancellationToken);
        return ukis;
    }

    private static BootFile ToBootFile(string name, UkiInfo? uki) =>
        new()
        {
            Name = name,
            OsRelease = uki is null
                ? null
                : $"ID=talos\nVERSION_ID={uki.Version}\nPRETTY_NAME=\"Talos ({uki.Version})\"\n",
            Profiles = uki is null ? [] : [.. uki.Profiles.Select(p => $"ID={p.Id}\nTITLE={p.Title}\n")],
        };
}
