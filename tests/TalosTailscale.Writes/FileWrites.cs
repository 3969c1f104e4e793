using System.Text;
using TalosTailscale.Core.ImageFactory;
using TalosTailscale.Core.Images;
using TalosTailscale.Core.Inventory;
using TalosTailscale.Core.MachineConfig;
using TalosTailscale.Core.Reporting;
using TalosTailscale.Core.Rollout;
using TalosTailscale.Core.Tailnet;
using TalosTailscale.Core.Talos;

namespace TalosTailscale.Writes;

/// <summary>Writes files as the cmdlets do: in a process that is killed meanwhile, and in that of the test, as the next run.</summary>
internal static class FileWrites
{
    /// <summary>Writes.</summary>
    /// <param name="arguments">What is written, the folder, the key; for a download the address of the factory.</param>
    /// <returns>False where there is nothing of that name.</returns>
    public static async Task<bool> RunAsync(string[] arguments)
    {
        (string folder, string key) = (arguments[1], arguments[2]);
        Task? writing = arguments[0] switch
        {
            "render" => RenderAsync(folder, key),
            "patch" => PatchAsync(folder, key),
            "address" => AddressAsync(Path.Combine(folder, "talosconfig")),
            "download" => DownloadAsync(folder, new Uri(arguments[3])),
            "journal" => JournalAsync(folder),
            _ => null,
        };
        await (writing ?? Task.CompletedTask);
        return writing is not null;
    }

    private static Task RenderAsync(string folder, string key) =>
        RenderedExtensionService
            .Create(
                new TsNode { Name = "n1", Address = "10.0.0.1" },
                ExtensionServiceConfigTemplate.Default(),
                new ExtensionServiceSettings(),
                AuthKey.Create(key, "env:X"),
                Path.Combine(folder, "n1", "manifests", "tailscale-extension-service.yaml"),
                SilentReporter.Instance
            )
            .WriteAsync(false, SilentReporter.Instance, default);

    // The backup of what was, and what was made of it.
    private static async Task PatchAsync(string folder, string key)
    {
        var origin = new MachineConfigOrigin { Node = "n1", Time = DateTimeOffset.UnixEpoch };
        await MachineConfigBackup.WriteAsync(Path.Combine(folder, "backups"), origin, $"token: {key}\n");
        MachineConfigBackup.Prune(Path.Combine(folder, "backups"), origin);
        await PrivateFile.ReplaceAsync(
            Path.Combine(folder, "patched.yaml"),
            ConfigText.Encode($"token: {key}\n"),
            default
        );
    }

    // A talosconfig holds the key of its user.
    private static async Task AddressAsync(string path)
    {
        byte[] before = await File.ReadAllBytesAsync(path);
        string after = Encoding.UTF8.GetString(before).Replace("10.0.0.1", "10.0.0.2", StringComparison.Ordinal);
        await FileReplacement.ReplaceAsync(path, before, Encoding.UTF8.GetBytes(after), null, default);
    }

    private static async Task DownloadAsync(string folder, Uri factory)
    {
        Schematic schematic = Schematic.FromExtensions([Schematic.TailscaleExtension]);
        var choice = new ImageChoice
        {
            Kind = TalosImageKind.Uki,
            Version = VersionTag.Parse("v1.12.4"),
            Architecture = TalosArchitecture.Arm64,
            SchematicId = SchematicId.Parse(schematic.Id),
            Schematic = schematic,
        };
        using var client = new ImageFactoryClient(factory);
        var source = new ImageSource(client, SilentReporter.Instance);
        await source.RegisterAsync(choice, default);
        await source.SaveAsync(choice, schematic, Path.Combine(folder, "image.efi"), false, default);
    }

    private static async Task JournalAsync(string folder)
    {
        await using var journal = await RolloutJournal.OpenAsync(Path.Combine(folder, "c.jsonl"), default);
        foreach (RolloutEvent one in (RolloutEvent[])[RolloutEvent.Begun, RolloutEvent.Done])
            await journal.WriteAsync(
                new RolloutEntry
                {
                    Key = "m1",
                    Node = "n1",
                    Event = one,
                    Action = TsRolloutAction.Activate,
                }
            );
    }
}
