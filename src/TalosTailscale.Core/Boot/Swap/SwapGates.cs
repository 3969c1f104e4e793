using System.Globalization;
using TalosTailscale.Core.Images;
using TalosTailscale.Core.Tailnet;
using TalosTailscale.Core.Talos;

namespace TalosTailscale.Core.Boot.Swap;

/// <summary>The gates of a swap: pure functions of what was read. All are evaluated, whatever one of them says.</summary>
internal static class SwapGates
{
    private static readonly string[] s_sections = [".osrel", ".cmdline", ".linux", ".initrd"];

    private static readonly Gate[] s_gates =
    [
        new(UkiSwapGate.Complete, SwapErrors.UkiIncomplete, false, Complete),
        new(UkiSwapGate.Architecture, SwapErrors.UkiArchitectureMismatch, false, Architecture),
        new(UkiSwapGate.HaltFlag, SwapErrors.UkiHaltsIfInstalled, false, HaltFlag),
        new(UkiSwapGate.WipeFlag, SwapErrors.UkiWipesDisk, false, WipeFlag),
        new(UkiSwapGate.Space, BootErrors.EspFull, false, Space),
        new(UkiSwapGate.Version, SwapErrors.UkiVersionMismatch, true, Version),
        new(UkiSwapGate.ResetProfile, SwapErrors.UkiHasResetProfile, true, ResetProfile),
        new(UkiSwapGate.Variant, SwapErrors.UkiVariantMismatch, true, Variant),
        new(UkiSwapGate.Signer, SwapErrors.UkiSignerMismatch, true, Signer),
        new(UkiSwapGate.PcrKey, SwapErrors.UkiPcrKeyMismatch, true, PcrKey),
        new(UkiSwapGate.Extensions, SwapErrors.UkiExtensionsLost, true, Extensions),
        new(UkiSwapGate.Tailscale, SwapErrors.UkiWithoutTailscale, true, Tailscale),
        new(UkiSwapGate.ServiceConfig, SwapErrors.ServiceConfigMissing, true, x =>
            ServiceConfigGate.Judge(x.Facts.ServiceConfigActive, x.Facts.ServiceConfigPersistent)
        ),
        new(UkiSwapGate.Subnets, SwapErrors.NodeSubnetsMissing, true, Subnets),
        new(UkiSwapGate.LanInTailnetRange, TailnetErrors.LanInTailnetRange, true, LanInTailnetRange),
        new(UkiSwapGate.Stage, SwapErrors.NodeNotRunning, true, Stage),
        new(UkiSwapGate.UkiBoot, SwapErrors.NodeNotUkiBooted, true, UkiBoot),
        new(UkiSwapGate.NextBoot, SwapErrors.NextBootIsAnother, true, NextBoot),
        new(UkiSwapGate.Quorum, SwapErrors.QuorumAtRisk, true, Quorum),
        new(UkiSwapGate.ControlPlane, SwapErrors.LastControlPlane, true, ControlPlane),
    ];

    /// <summary>The gates that nothing skips.</summary>
    internal static bool CanSkip(UkiSwapGate gate) => Array.Exists(s_gates, g => g.Name == gate && g.CanSkip);

    /// <summary>The kind of error that a refusal is.</summary>
    internal static TsError ErrorOf(UkiSwapGate gate) => s_gates.First(g => g.Name == gate).Error;

    /// <summary>Evaluates all gates, in the order of the table.</summary>
    /// <param name="input">What was read.</param>
    /// <param name="skip">Gates whose refusal is overridden, but for those that nothing skips.</param>
    internal static IReadOnlyList<UkiSwapGateResult> Evaluate(SwapGateInput input, IReadOnlySet<UkiSwapGate> skip) =>
        [.. s_gates.Select(gate => gate.Evaluate(input, skip))];

    /// <summary>The refusals among the results, in their order, as errors.</summary>
    /// <param name="results">What the gates said.</param>
    /// <param name="refused">What is not done therefore, as a clause.</param>
    /// <param name="node">The node.</param>
    internal static IEnumerable<TsException> Refusals(
        IReadOnlyList<UkiSwapGateResult> results,
        string refused,
        string node
    ) =>
        from gate in results
        where gate.Status is UkiSwapGateStatus.Refused or UkiSwapGateStatus.Unknown
        let error = gate.Status == UkiSwapGateStatus.Unknown ? SwapErrors.GateUnknown : ErrorOf(gate.Gate)
        select error.New($"{refused} (gate {gate.Gate}): {gate.Evidence}.", node, recommendedAction: gate.Advice);

    private static GateVerdict Complete(SwapGateInput x)
    {
        string[] missing = [.. s_sections.Where(n => !x.Uki.Sections.Any(s => s.Name == n && s.Size > 0))];
        return GateVerdict.Of(
            missing.Length == 0,
            missing.Length == 0 ? "all sections are there" : $"missing: {string.Join(", ", missing)}"
        );
    }

    private static GateVerdict Architecture(SwapGateInput x) =>
        GateVerdict.By(x.Facts.Architecture, node =>
            GateVerdict.Of(x.Uki.Architecture == node, Compare("UKI", x.Uki.Architecture, "node", node))
        );

    private static GateVerdict HaltFlag(SwapGateInput x) =>
        GateVerdict.Of(
            !x.Uki.HaltsIfInstalled,
            $"the command line has {(x.Uki.HaltsIfInstalled ? "" : "no ")}talos.halt_if_installed"
        );

    private static GateVerdict WipeFlag(SwapGateInput x) =>
        KernelCommandLine.ValuesOf(x.Uki.CommandLine, "talos.experimental.wipe").FirstOrDefault() is { } wipe
            ? GateVerdict.Of(false, $"the main command line has talos.experimental.wipe={wipe}")
            : GateVerdict.Of(true, "the main command line wipes nothing");

    private static GateVerdict Space(SwapGateInput x) =>
        x.NamesWithoutRoom > 0
            ? GateVerdict.Of(
                false,
                string.Create(
                    CultureInfo.InvariantCulture,
                    $"EFI/Linux has {x.FreeSlots} free name slots, {x.NamesWithoutRoom} needed in one piece each; a folder that grows breaks off when the power goes"
                )
            )
            : GateVerdict.Of(
                x.Available >= x.Needed,
                string.Create(CultureInfo.InvariantCulture, $"{x.Available} bytes free, {x.Needed} needed")
            );

    private static GateVerdict Version(SwapGateInput x) =>
        GateVerdict.By(x.Facts.TalosVersion, node =>
            GateVerdict.Of(Same(x.Uki.Version, node), Compare("UKI", x.Uki.Version, "node", node))
        );

    private static GateVerdict ResetProfile(SwapGateInput x) =>
        x.Uki.Profiles.FirstOrDefault(p => p.Id == "reset") is { } reset
            ? GateVerdict.Of(false, $"menu entry '{reset.Title ?? reset.Id}'")
            : GateVerdict.Of(true, "no entry 'reset'");

    // By signature and PCR key. The word lockdown=confidentiality tells the variant before Talos 1.14 only.
    private static GateVerdict Variant(SwapGateInput x) =>
        GateVerdict.By(x.Facts.SecureBoot, on =>
            on
                ? GateVerdict.Of(IsSigned(x.Uki), $"Secure Boot is on, the UKI is {Signed(IsSigned(x.Uki))}")
                : GateVerdict.By(x.Facts.SealedVolumes, volumes =>
                    volumes.Count == 0
                        ? GateVerdict.Of(
                            true,
                            $"Secure Boot is off and nothing is sealed: {Signed(IsSigned(x.Uki))} is as good"
                        )
                        : GateVerdict.By(x.Facts.PcrKeyFingerprint, key =>
                        {
                            bool now = key.Length > 0 || (x.Current is { } current && IsSigned(current));
                            return GateVerdict.Of(
                                now == IsSigned(x.Uki),
                                $"{string.Join(", ", volumes)} sealed; UKI: {Signed(IsSigned(x.Uki))}, node: {Signed(now)}"
                            );
                        })
                )
        );

    private static bool IsSigned(UkiInfo uki) => uki.Variant == UkiVariant.SecureBoot;

    private static string Signed(bool signed) => signed ? "signed" : "unsigned";

    private static GateVerdict Signer(SwapGateInput x) =>
        x.Uki.SignatureStatus is UkiSignatureStatus.DigestMismatch or UkiSignatureStatus.Invalid
            ? GateVerdict.Of(false, $"the signature is {x.Uki.SignatureStatus}")
            : GateVerdict.By(x.Facts.SecureBoot, on => !on ? GateVerdict.Of(true, "Secure Boot is off")
                : x.Uki.Signer is not { } signer ? GateVerdict.Of(false, "the UKI is not signed")
                : x.Current?.Signer is not { } current
                    ? GateVerdict.Unknown(
                        new FactLoss("The signer of the current image", "the booted entry is not there or not signed")
                    )
                : SameSigners(
                    SignersOf(x.Current),
                    SignersOf(x.Uki),
                    Compare("UKI", signer.Subject, "current image", current.Subject)
                ));

    // One signature that leads to a certificate in db is enough for the firmware (edk2). The image that boots has one,
    // but where it has several nobody knows which: only all of them are proof, and none of them is a refusal.
    private static GateVerdict SameSigners(HashSet<string> current, HashSet<string> next, string evidence) =>
        current.IsSubsetOf(next) ? GateVerdict.Of(true, evidence)
        : current.Overlaps(next)
            ? GateVerdict.Unknown(
                new FactLoss("The signature that the firmware takes", $"some signers differ ({evidence})")
            )
        : GateVerdict.Of(false, evidence);

    private static HashSet<string> SignersOf(UkiInfo uki)
    {
        HashSet<string> holding =
        [
            .. uki
                .Signatures.Where(s => s.Status is UkiSignatureStatus.Valid or UkiSignatureStatus.NotChecked)
                .Select(s => s.Signer!.Sha256),
        ];
        return holding.Count > 0 ? holding : [uki.Signer!.Sha256];
    }

    private static GateVerdict PcrKey(SwapGateInput x) =>
        GateVerdict.By(x.Facts.SealedVolumes, volumes =>
            volumes.Count == 0
                ? GateVerdict.NotApplicable("no volume is sealed to the TPM")
                : GateVerdict.By(x.Facts.PcrKeyFingerprint, fingerprint =>
                {
                    string now = fingerprint.Length > 0 ? fingerprint : x.Current?.PcrKeyFingerprint ?? "";
                    return GateVerdict.Of(
                        Same(now, x.Uki.PcrKeyFingerprint ?? "none"),
                        $"{string.Join(", ", volumes)} sealed; {Compare("UKI", x.Uki.PcrKeyFingerprint, "node", now)}"
                    );
                })
        );

    private static GateVerdict Extensions(SwapGateInput x) =>
        GateVerdict.By(x.Facts.Extensions, running => GateVerdict.By(ExtensionsOf(x.Uki), _ =>
            {
                string[] lost = [.. running.Where(name => !x.Uki.HasExtension(name))];
                return GateVerdict.Of(
                    lost.Length == 0,
                    lost.Length == 0 ? "none is lost" : $"lost: {string.Join(", ", lost)}"
                );
            }));

    private static GateVerdict Tailscale(SwapGateInput x) =>
        GateVerdict.By(ExtensionsOf(x.Uki), extensions =>
            GateVerdict.Of(
                x.Uki.HasExtension("tailscale"),
                $"extensions: {string.Join(", ", extensions.Where(e => !e.IsSchematic))}"
            )
        );

    private static GateVerdict Subnets(SwapGateInput x) =>
        GateVerdict.By(x.Facts.NodeSubnets, node =>
            GateVerdict.By(x.Facts.IsControlPlane, controlPlane =>
                GateVerdict.By(controlPlane ? x.Facts.EtcdSubnets : true, etcd =>
                {
                    string[] missing =
                    [
                        .. node ? Array.Empty<string>() : [x.Facts.NodeSubnetsPlace],
                        .. etcd ? Array.Empty<string>() : ["cluster.etcd.advertisedSubnets"],
                    ];
                    return GateVerdict.Of(
                        missing.Length == 0,
                        missing.Length == 0 ? "set" : $"not set: {string.Join(", ", missing)}"
                    );
                })
            )
        );

    private static GateVerdict LanInTailnetRange(SwapGateInput x) =>
        GateVerdict.By(x.Facts.LansInTailnetRange, lans =>
            lans.Count == 0
                ? GateVerdict.Of(true, "no network of the node lies in 100.64.0.0/10")
                : GateVerdict.By(x.Facts.LeavesLan, leaves =>
                    GateVerdict.Of(
                        leaves,
                        $"{string.Join(", ", lans)}; TS_EXTRA_ARGS has {(leaves ? "" : "neither ")}--netfilter-mode=nodivert {(leaves ? "or" : "nor")} off"
                    )
                )
        );

    private static GateVerdict Stage(SwapGateInput x) =>
        GateVerdict.By(x.Facts.Stage, stage =>
            GateVerdict.Of(stage == "running", $"stage '{stage}', expected 'running'")
        );

    private static GateVerdict UkiBoot(SwapGateInput x) =>
        GateVerdict.By(x.Facts.BootedWithUki, booted =>
            GateVerdict.Of(booted, booted ? "booted with a UKI" : "not booted with a UKI")
        );

    private static GateVerdict NextBoot(SwapGateInput x) => GateVerdict.By(x.Facts.BootedEntry, booted =>
        {
            if (x.TargetName is null)
                return GateVerdict.Of(false, $"'{booted}' is booted, but it is not in EFI/Linux");
            BootPrediction next = x.Esp.NextBoot;
            bool same = Same(next.Entry?.FileName, x.TargetName) && next.Entry?.Profile == 0;

            // Where there is one entry, no variable can choose another.
            if (same && next.Order.Count == 1)
                return GateVerdict.Of(true, $"booted: '{x.TargetName}', the only entry");
            return GateVerdict.By(Chooser(x), _ =>
                GateVerdict.Of(same, $"booted: '{x.TargetName}', next: '{next}' ({next.Reason})")
            );
        });

    // An older boot manager passes over 'preferred'; which one it is has to be known where that decides.
    private static Fact<LoaderState> Chooser(SwapGateInput x) =>
        x.Facts.Variables.Then<LoaderState>(state =>
            state.Info is null
            && x.Esp.NextBoot.Reason is BootReason.PreferredVariable or BootReason.LoaderConfPreferred
                ? new FactLoss(
                    "Which boot manager chooses",
                    "an entry is preferred, and LoaderInfo, which tells whether it knows of that, is not set",
                    "Get-TalosEsp shows what is preferred; make sure that the boot manager is systemd-boot 260 or later."
                )
                : state
        );

    private static GateVerdict Quorum(SwapGateInput x) =>
        OfRestart(x, () =>
            GateVerdict.By(x.Facts.Etcd, votes =>
                votes.Restart == EtcdRestart.OnlyMember
                    ? GateVerdict.Of(true, "the only voting member of etcd; asked before it restarts")
                    : GateVerdict.Of(
                        votes.Restart == EtcdRestart.Allowed,
                        $"{votes.HealthyOthers} of the other {votes.Others} members healthy, {votes.Needed} needed"
                    )
            )
        );

    private static GateVerdict ControlPlane(SwapGateInput x) =>
        OfRestart(x, () =>
            GateVerdict.By(x.Facts.OtherReadyControlPlanes, ready =>
                ready > 0
                    ? GateVerdict.Of(true, $"{ready} other control planes Ready")
                    : GateVerdict.By(x.Facts.OtherControlPlanes, others =>
                        GateVerdict.By(x.Facts.Etcd, votes =>
                            others == 0 && votes.Restart == EtcdRestart.OnlyMember
                                ? GateVerdict.Of(true, "the only control plane; asked before it restarts")
                                : GateVerdict.Of(false, "0 other control planes Ready")
                        )
                    )
            )
        );

    // What concerns only a control plane that restarts.
    private static GateVerdict OfRestart(SwapGateInput x, Func<GateVerdict> judge) =>
        !x.Reboot
            ? GateVerdict.NotApplicable("no reboot asked for")
            : GateVerdict.By(x.Facts.IsControlPlane, controlPlane =>
                controlPlane ? judge() : GateVerdict.NotApplicable("not a control plane")
            );

    private static Fact<IReadOnlyList<UkiExtension>> ExtensionsOf(UkiInfo uki) =>
        uki.ExtensionsRead
            ? Fact.Of(uki.Extensions)
            : new FactLoss(
                "What extensions the UKI has",
                "they were not read of the image, and no Image Factory told them",
                "Give the image as a file with -Path, whose extensions are read."
            );

    private static bool Same(string? a, string? b) => string.Equals(a, b, StringComparison.OrdinalIgnoreCase);

    private static string Compare(string one, object? a, string other, object? b) =>
        $"{one}: {a ?? "(none)"}, {other}: {b ?? "(none)"}";

    private sealed record Gate(UkiSwapGate Name, TsError Error, bool CanSkip, Func<SwapGateInput, GateVerdict> Check)
    {
        internal UkiSwapGateResult Evaluate(SwapGateInput input, IReadOnlySet<UkiSwapGate> skip)
        {
            GateVerdict verdict = Check(input);
            bool refuses = verdict.Status is UkiSwapGateStatus.Refused or UkiSwapGateStatus.Unknown;
            return new UkiSwapGateResult(
                Name,
                refuses && CanSkip && skip.Contains(Name) ? UkiSwapGateStatus.Skipped : verdict.Status,
                verdict.Evidence,
                (verdict.Loss is null ? Error : SwapErrors.GateUnknown).Id,
                verdict.Loss is { } loss ? Advice(loss) : Error.RecommendedAction,
                CanSkip
            );
        }

        private string Advice(FactLoss loss)
        {
            string skip = $"'-SkipGate {Name}' goes on without knowing.";
            return !CanSkip ? loss.Advice ?? SwapErrors.GateUnknown.RecommendedAction
                : loss.Advice is null ? skip
                : $"{loss.Advice} {skip}";
        }
    }
}
