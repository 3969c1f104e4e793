using TalosTailscale;
using TalosTailscale.Core.ImageFactory;
using TalosTailscale.Core.Images;
using TalosTailscale.Core.MachineConfig;
using TalosTailscale.Core.Reporting;
using TalosTailscale.Core.Rollout;
using TalosTailscale.Core.Tailnet;
using TalosTailscale.Core.Talos;

// Arguments: what is written, the folder, the key; for a download the address of the factory.
string folder = args[1];
string key = args[2];
switch (args[0])
{
    case "render":
        var node = new TsNode { Name = "n1", Address = "10.0.0.1" };
        await RenderedExtensionService
            .Create(
                node,
                ExtensionServiceConfigTemplate.Default(),
                new ExtensionServiceSettings(),
                AuthKey.Create(key, "env:X"),
                Path.Combine(folder, "n1", "manifests", "tailscale-extension-service.yaml"),
                SilentReporter.Instance
            )
            .WriteAsync(false, SilentReporter.Instance, default);
        break;
    case "patch":
        var origin = new MachineConfigOrigin { Node = "n1", Time = DateTimeOffset.UnixEpoch };
        await MachineConfigBackup.WriteAsync(Path.Combine(folder, "backups"), origin, $"token: {key}\n");
        MachineConfigBackup.Prune(Path.Combine(folder, "backups"), origin);
        await PrivateFile.ReplaceAsync(
            Path.Combine(folder, "patched.yaml"),
            ConfigText.Encode($"token: {key}\n"),
            default
        );
        break;
    case "download":
        Schematic schematic = Schematic.FromExtensions([Schematic.TailscaleExtension]);
        using (var client = new ImageFactoryClient(new Uri(args[3])))
        {
            var choice = new ImageChoice
            {
                Kind = TalosImageKind.Uki,
                Version = VersionTag.Parse("v1.12.4"),
                Architecture = TalosArchitecture.Arm64,
                SchematicId = SchematicId.Parse(schematic.Id),
                Schematic = schematic,
            };
            var source = new ImageSource(client, SilentReporter.Instance);
            await source.RegisterAsync(choice, default);
            await source.SaveAsync(choice, schematic, Path.Combine(folder, "image.efi"), false, default);
        }

        break;
    case "journal":
        await using (var journal = await RolloutJournal.OpenAsync(Path.Combine(folder, "c.jsonl"), default))
        {
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

        break;
    default:
        return 2;
}

return 0;
