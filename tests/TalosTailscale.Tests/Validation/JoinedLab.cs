using System.Text;
using TalosTailscale.Core.MachineConfig;
using TalosTailscale.Core.Talos;
using TalosTailscale.Lab;
using TalosTailscale.Tests.Engine;

namespace TalosTailscale.Tests.Validation;

/// <summary>
/// A lab whose nodes carry the extension and have the runbook's patches: what is left after the runbook's steps.
/// </summary>
internal static class JoinedLab
{
    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    /// <summary>Starts it.</summary>
    /// <param name="change">Changes the lab's options.</param>
    /// <param name="further">Variables of the extension that are to differ; the key too.</param>
    /// <param name="until">When a node counts as done; null for running.</param>
    public static async Task<LabSession> StartAsync(
        Action<LabOptions>? change = null,
        IReadOnlyDictionary<string, string>? further = null,
        Func<LabNode, bool>? until = null
    )
    {
        var options = new LabOptions();
        change?.Invoke(options);
        var lab = await LabSession.StartAsync(options);
        await ConfigureAsync(lab, further);
        await Task.WhenAll(
            lab.Lab.Nodes.Select(node => ActivateAsync(lab, node, until ?? (n => n.Stage == LabStage.Running)))
        );
        return lab;
    }

    /// <summary>Puts a UKI with the extension on the ESP and boots it.</summary>
    public static async Task ActivateAsync(LabSession lab, LabNode node, Func<LabNode, bool> until, bool halt = false)
    {
        await lab
            .Lab.Part<ILabUkiMaker>()!
            .WriteUkiAsync(
                new LabUkiRequest(
                    node.TalosVersion,
                    node.Architecture,
                    ["siderolabs/tailscale"],
                    SecureBoot: false,
                    halt
                ),
                Path.Combine(node.EspDirectory, "EFI", "Linux", $"Talos-{node.TalosVersion}.efi"),
                Stop
            );
        var before = node.BootId;
        node.PowerCycle();
        await node.WhenAsync(n => n.BootId != before && until(n), Stop);
    }

    /// <summary>Applies the rendered service config and the DNS patch to every node, by the Talos API.</summary>
    /// <param name="lab">The lab.</param>
    /// <param name="further">Variables that are to differ; the key too.</param>
    public static async Task ConfigureAsync(LabSession lab, IReadOnlyDictionary<string, string>? further = null)
    {
        await using var client = TalosClient.Connect(
            TalosConfigFile.Load(lab.Client.Environment["TALOSCONFIG"]).Context(),
            new TalosClientOptions()
        );
        foreach (var node in lab.Lab.Nodes)
            await ApplyAsync(client.Node(node.Address, node.Name), ServicePatch(lab, node.Name, further), DnsPatch())
                .WaitAsync(Stop);
    }

    public static async Task ApplyAsync(TalosNodeClient node, params string[] patches)
    {
        var (_, config) = await node.MachineConfigAsync();
        var patched = MachineConfigPatcher.Apply(
            config,
            [.. patches.Select((text, i) => new ConfigPatch(text, $"patch {i}"))]
        );
        await node.ApplyConfigurationAsync(Encoding.UTF8.GetBytes(patched.Text), TalosApplyMode.NoReboot);
    }

    private static string DnsPatch() =>
        "machine:\n  network:\n    nameservers:\n      - 100.100.100.100\n      - 192.168.1.1\n";

    private static string ServicePatch(LabSession lab, string node, IReadOnlyDictionary<string, string>? further)
    {
        var environment = new Dictionary<string, string>
        {
            ["TS_AUTHKEY"] = lab.Lab.Options.AuthKey,
            ["TS_HOSTNAME"] = node,
            ["TS_ACCEPT_DNS"] = "false",
            ["TS_AUTH_ONCE"] = "true",
        };
        foreach (var (name, value) in further ?? new Dictionary<string, string>())
            environment[name] = value;
        return "apiVersion: v1alpha1\nkind: ExtensionServiceConfig\nname: tailscale\nenvironment:\n"
            + string.Concat(environment.Select(pair => $"  - {pair.Key}={pair.Value}\n"));
    }
}
