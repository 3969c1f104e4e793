using TalosTailscale.Core.Boot;
using TalosTailscale.Core.Boot.Swap;
using TalosTailscale.Core.Images;
using TalosTailscale.Core.Talos;
using TalosTailscale.Lab.Images;

namespace TalosTailscale.Tests.Boot;

/// <summary>
/// A control plane of three that is about to restart, under Secure Boot, with a sealed volume and a second entry on its
/// partition: every gate has something to ask of it, and every one holds.
/// </summary>
internal static class GateBench
{
    private static readonly Lazy<Task<UkiInfo>> s_signed = new(() => UkiAsync(new LabUkiSpec { SecureBoot = true }));

    internal static SwapNodeFacts Facts =>
        EspFolder.Facts with
        {
            SecureBoot = true,
            KernelCommandLine = "talos.platform=metal lockdown=confidentiality",
            Extensions = Fact.Of<IReadOnlyList<string>>(["tailscale"]),
            SealedVolumes = Fact.Of<IReadOnlyList<string>>(["STATE"]),
            PcrKeyFingerprint = LabSigningKeys.Factory.PcrFingerprint,
            IsControlPlane = true,
            EtcdSubnets = true,
            LansInTailnetRange = Fact.Of<IReadOnlyList<string>>(["100.100.244.128/25"]),
            LeavesLan = true,
            Etcd = new EtcdVotes(3, 2, 2),
            OtherControlPlanes = 2,
            OtherReadyControlPlanes = 2,
            SchematicId = "",
            BootId = "0a1b2c3d-0000-4000-8000-000000000001",
        };

    internal static async Task<UkiInfo> UkiAsync(LabUkiSpec spec) =>
        (await EspFolder.SourceAsync(LabImages.Uki(spec))).Uki;

    /// <summary>What the gates look at; the new image and the current one are signed alike.</summary>
    internal static async Task<SwapGateInput> InputAsync(SwapNodeFacts facts, bool reboot = true)
    {
        UkiInfo signed = await s_signed.Value;
        LoaderState state = facts.Variables.TryGet(out LoaderState? known) ? known : LoaderState.Empty;
        BootFile[] files =
        [
            new()
            {
                Name = EspFolder.Entry,
                OsRelease = "ID=talos\nVERSION_ID=v1.12.4\n",
                Profiles = ["ID=main\n", "ID=other\n"],
            },
            new() { Name = "Talos-v1.12.3.efi", OsRelease = "ID=talos\nVERSION_ID=v1.12.3\n" },
        ];
        var esp = new EspInfo
        {
            Node = "ampone",
            Device = "/dev/nvme0n1p1",
            NextBoot = BootPredictor.Predict(files, state),
        };
        return new SwapGateInput(facts, esp, signed, signed, EspFolder.Entry, 1, 2, reboot);
    }

    internal static IReadOnlyList<UkiSwapGateResult> Evaluate(SwapGateInput input, params UkiSwapGate[] skip) =>
        SwapGates.Evaluate(input, skip.ToHashSet());

    internal static UkiSwapGateResult Of(this IReadOnlyList<UkiSwapGateResult> results, UkiSwapGate gate) =>
        results.Single(result => result.Gate == gate);
}
