using System.Globalization;
using TalosTailscale.Core.Images;

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
        new(UkiSwapGate.Variant, SwapErrors.UkiVariantMismatch, true, Variant) { Facts = ["KernelCmdline"] },
        new(UkiSwapGate.Signer, SwapErrors.UkiSignerMismatch, true, Signer) { Facts = ["SecurityState"] },
        new(UkiSwapGate.PcrKey, SwapErrors.UkiPcrKeyMismatch, true, PcrKey)
        {
            Facts = ["VolumeStatuses", "SecurityState"],
        },
        new(UkiSwapGate.Extensions, SwapErrors.UkiExtensionsLost, true, Extensions) { Facts = ["ExtensionStatuses"] },
        new(UkiSwapGate.Tailscale, SwapErrors.UkiWithoutTailscale, true, Tailscale),
        new(UkiSwapGate.ServiceConfig, SwapErrors.ServiceConfigMissing, true, x =>
            ServiceConfigGate.Look(x.Facts.ServiceConfigActive, x.Facts.ServiceConfigPersistent)
        )
        {
            Facts = ["MachineConfig v1alpha1", "MachineConfig persistent"],
        },
        new(UkiSwapGate.Subnets, SwapErrors.NodeSubnetsMissing, true, Subnets)
        {
            Facts = ["MachineConfig v1alpha1", "MachineType"],
        },
        new(UkiSwapGate.Stage, SwapErrors.NodeNotRunning, true, Stage) { Facts = ["MachineStatus"] },
        new(UkiSwapGate.UkiBoot, SwapErrors.NodeNotUkiBooted, true, UkiBoot) { Facts = ["SecurityState"] },
        new(UkiSwapGate.NextBoot, SwapErrors.NextBootIsAnother, true, NextBoot) { Facts = ["BootedEntry"] },
        new(UkiSwapGate.Quorum, SwapErrors.QuorumAtRisk, true, Quorum)
        {
            Facts = ["MachineType", "etcd"],
            Spares = NoControlPlaneStops,
        },
        new(UkiSwapGate.ControlPlane, SwapErrors.LastControlPlane, true, ControlPlane)
        {
            Facts = ["MachineType", "Kubernetes nodes"],
            Spares = NoControlPlaneStops,
        },
    ];

    /// <summary>The gates that nothing skips.</summary>
    internal static bool CanSkip(UkiSwapGate gate) => Array.Exists(s_gates, g => g.Name == gate && g.CanSkip);

    /// <summary>The kind of error that a refusal is.</summary>
    internal static TsError ErrorOf(UkiSwapGate gate) => s_gates.First(g => g.Name == gate).Error;

    /// <summary>Evaluates all gates, in the order of the table.</summary>
    /// <param name="input">What was read.</param>
    /// <param name="skip">Gates whose refusal is overridden.</param>
    internal static IReadOnlyList<UkiSwapGateResult> Evaluate(SwapGateInput input, IReadOnlySet<UkiSwapGate> skip) =>
        [.. s_gates.Select(gate => gate.Evaluate(input, skip))];

    private static (bool? Holds, string Evidence) Complete(SwapGateInput x)
    {
        string[] missing = [.. s_sections.Where(n => !x.Uki.Sections.Any(s => s.Name == n && s.Size > 0))];
        return missing.Length == 0
            ? (true, "all sections are there")
            : (false, $"missing: {string.Join(", ", missing)}");
    }

    private static (bool? Holds, string Evidence) Architecture(SwapGateInput x) =>
        x.Facts.Architecture == TalosArchitecture.Unknown
            ? (null, "the node's architecture is not known")
            : (
                x.Uki.Architecture == x.Facts.Architecture,
                Compare("UKI", x.Uki.Architecture, "node", x.Facts.Architecture)
            );

    private static (bool? Holds, string Evidence) HaltFlag(SwapGateInput x) =>
        x.Uki.HaltsIfInstalled
            ? (false, "the command line has talos.halt_if_installed")
            : (true, "the command line has no talos.halt_if_installed");

    private static (bool? Holds, string Evidence) WipeFlag(SwapGateInput x) =>
        KernelCommandLine.ValuesOf(x.Uki.CommandLine, "talos.experimental.wipe").FirstOrDefault() is { } wipe
            ? (false, $"the main command line has talos.experimental.wipe={wipe}")
            : (true, "the main command line wipes nothing");

    private static (bool? Holds, string Evidence) Space(SwapGateInput x) =>
        x.NamesWithoutRoom > 0
            ? (
                false,
                string.Create(
                    CultureInfo.InvariantCulture,
                    $"EFI/Linux has {x.FreeSlots} free name slots, {x.NamesWithoutRoom} needed in one piece each; a folder that grows breaks off when the power goes"
                )
            )
            : (
                x.Available >= x.Needed,
                string.Create(CultureInfo.InvariantCulture, $"{x.Available} bytes free, {x.Needed} needed")
            );

    private static (bool? Holds, string Evidence) Version(SwapGateInput x) =>
        x.Facts.TalosVersion is null
            ? (null, "the running version is not known")
            : (Same(x.Uki.Version, x.Facts.TalosVersion), Compare("UKI", x.Uki.Version, "node", x.Facts.TalosVersion));

    private static (bool? Holds, string Evidence) ResetProfile(SwapGateInput x) =>
        x.Uki.Profiles.FirstOrDefault(p => p.Id == "reset") is { } reset
            ? (false, $"menu entry '{reset.Title ?? reset.Id}'")
            : (true, "no entry 'reset'");

    private static (bool? Holds, string Evidence) Variant(SwapGateInput x)
    {
        if (x.Facts.KernelCommandLine is not { } running)
            return (null, "the running command line is not known");
        bool now = IsLockedDown(running),
            then = IsLockedDown(x.Uki.CommandLine);
        return (
            now == then,
            $"lockdown=confidentiality: {(then ? "in" : "not in")} the UKI, {(now ? "in" : "not in")} what runs"
        );
    }

    private static (bool? Holds, string Evidence) Signer(SwapGateInput x)
    {
        if (x.Uki.SignatureStatus is UkiSignatureStatus.DigestMismatch or UkiSignatureStatus.Invalid)
            return (false, $"the signature is {x.Uki.SignatureStatus}");
        if (x.Facts.SecureBoot == false)
            return (true, "Secure Boot is off");
        if (x.Facts.SecureBoot is null && x.Current is null)
            return (null, "neither Secure Boot nor the current signer is known");
        if (x.Current is { Signed: false } && x.Facts.SecureBoot is null)
            return (true, "the current image is not signed");
        if (x.Uki.Signer is null)
            return (false, "the UKI is not signed");
        return x.Current?.Signer is null
            ? (null, $"signed by '{x.Uki.Signer.Subject}'; the signer of the current image is not known")
            : (
                SameSigners(SignersOf(x.Current), SignersOf(x.Uki)),
                Compare("UKI", x.Uki.Signer.Subject, "current image", x.Current.Signer.Subject)
            );
    }

    // One signature that leads to a certificate in db is enough for the firmware (edk2). The image that boots has one,
    // but where it has several nobody knows which: only all of them are proof, and none of them is a refusal.
    private static bool? SameSigners(HashSet<string> current, HashSet<string> next) =>
        current.IsSubsetOf(next) ? true
        : current.Overlaps(next) ? null
        : false;

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

    private static (bool? Holds, string Evidence) PcrKey(SwapGateInput x)
    {
        if (x.Facts.SealedVolumes is null)
            return (null, "volume states could not be read");
        if (x.Facts.SealedVolumes.Count == 0)
            return (true, "no volume is sealed to the TPM");
        string now = string.IsNullOrEmpty(x.Facts.PcrKeyFingerprint)
            ? x.Current?.PcrKeyFingerprint ?? ""
            : x.Facts.PcrKeyFingerprint;
        return (
            Same(now, x.Uki.PcrKeyFingerprint ?? "none"),
            $"{string.Join(", ", x.Facts.SealedVolumes)} sealed; {Compare("UKI", x.Uki.PcrKeyFingerprint, "node", now)}"
        );
    }

    private static (bool? Holds, string Evidence) Extensions(SwapGateInput x)
    {
        if (x.Facts.Extensions is null)
            return (null, "the running extensions could not be read");
        if (!x.Uki.ExtensionsRead)
            return (null, "the UKI's extensions were not read");
        string[] lost = [.. x.Facts.Extensions.Where(name => !x.Uki.HasExtension(name))];
        return lost.Length == 0 ? (true, "none is lost") : (false, $"lost: {string.Join(", ", lost)}");
    }

    private static (bool? Holds, string Evidence) Tailscale(SwapGateInput x) =>
        x.Uki.ExtensionsRead
            ? (
                x.Uki.HasExtension("tailscale"),
                $"extensions: {string.Join(", ", x.Uki.Extensions.Where(e => !e.IsSchematic))}"
            )
            : (null, "the UKI's extensions were not read");

    private static (bool? Holds, string Evidence) Subnets(SwapGateInput x)
    {
        if (x.Facts.NodeSubnets is null)
            return (null, "the configuration could not be read");
        if (x.Facts is { IsControlPlane: null, EtcdSubnets: not true })
            return (null, "whether the node is a control plane is not known");
        var missing = new List<string>();
        if (x.Facts.NodeSubnets == false)
            missing.Add("machine.kubelet.nodeIP.validSubnets");
        if (x.Facts is { IsControlPlane: true, EtcdSubnets: false })
            missing.Add("cluster.etcd.advertisedSubnets");
        return missing.Count == 0 ? (true, "set") : (false, $"not set: {string.Join(", ", missing)}");
    }

    private static (bool? Holds, string Evidence) Stage(SwapGateInput x) =>
        x.Facts.Stage is null
            ? (null, "not known")
            : (x.Facts.Stage == "running", $"stage '{x.Facts.Stage}', expected 'running'");

    private static (bool? Holds, string Evidence) UkiBoot(SwapGateInput x) =>
        x.Facts.BootedWithUki switch
        {
            null => (null, "not known (Talos before 1.10)"),
            true => (true, "booted with a UKI"),
            false => (false, "not booted with a UKI"),
        };

    private static (bool? Holds, string Evidence) NextBoot(SwapGateInput x)
    {
        if (x.TargetName is null)
            return (false, $"'{x.Facts.BootedEntry ?? "(unknown)"}' is booted, but it is not in EFI/Linux");
        BootPrediction next = x.Esp.NextBoot;
        string how = x.Esp.VariablesRead ? $"{next.Reason}" : $"{next.Reason}, loader variables not known";
        bool same = Same(next.Entry?.FileName, x.TargetName) && next.Entry?.Profile == 0;
        if (!same && !x.Esp.VariablesRead && next.Order.Any(e => Same(e.FileName, x.TargetName)))
            return (null, $"'{x.TargetName}' is booted; without the loader variables '{next}' would be next");
        return (same, $"booted: '{x.TargetName}', next: '{next}' ({how})");
    }

    private static (bool? Holds, string Evidence) Quorum(SwapGateInput x)
    {
        if (x.Facts.IsControlPlane is null)
            return (null, "whether the node is a control plane is not known");
        if (x.Facts is not { EtcdMembers: { } all, OtherHealthyMembers: { } others })
            return (null, "etcd members could not be read");
        int needed = (all / 2) + 1;
        return (others >= needed, $"{others} of the other {all - 1} members healthy, {needed} needed");
    }

    private static (bool? Holds, string Evidence) ControlPlane(SwapGateInput x)
    {
        if (x.Facts.IsControlPlane is null)
            return (null, "whether the node is a control plane is not known");
        return x.Facts.OtherReadyControlPlanes is { } others
            ? (others > 0, $"{others} other control planes Ready")
            : (null, "Kubernetes nodes could not be read");
    }

    private static string? NoControlPlaneStops(SwapGateInput x) =>
        !x.Reboot ? "no reboot asked for"
        : x.Facts.IsControlPlane == false ? "not a control plane"
        : null;

    private static bool IsLockedDown(string commandLine) =>
        KernelCommandLine.ValuesOf(commandLine, "lockdown").Contains("confidentiality");

    private static bool Same(string? a, string? b) => string.Equals(a, b, StringComparison.OrdinalIgnoreCase);

    private static string Compare(string one, object? a, string other, object? b) =>
        $"{one}: {a ?? "(none)"}, {other}: {b ?? "(none)"}";

    private sealed record Gate(
        UkiSwapGate Name,
        TsError Error,
        bool CanSkip,
        Func<SwapGateInput, (bool? Holds, string Evidence)> Check
    )
    {
        /// <summary>What of the node the gate asks for, by the names of <see cref="SwapNodeFacts.Unread"/>.</summary>
        internal string[] Facts { get; init; } = [];

        /// <summary>Why the gate does not concern this swap; null where it does.</summary>
        internal Func<SwapGateInput, string?> Spares { get; init; } = _ => null;

        internal UkiSwapGateResult Evaluate(SwapGateInput input, IReadOnlySet<UkiSwapGate> skip)
        {
            if (Spares(input) is { } why)
                return Result(UkiSwapGateStatus.NotApplicable, why);
            (bool? holds, string evidence) = Check(input);
            if (holds == true)
                return Result(UkiSwapGateStatus.Passed, evidence);
            if (holds is null)
                evidence = string.Join("; ", Reasons(input.Facts.Unread).Prepend(evidence));
            if (CanSkip && skip.Contains(Name))
                return Result(UkiSwapGateStatus.Skipped, evidence);
            return Result(holds is null ? UkiSwapGateStatus.Unknown : UkiSwapGateStatus.Refused, evidence);
        }

        private IEnumerable<string> Reasons(IReadOnlyDictionary<string, string> unread) =>
            Facts.Where(unread.ContainsKey).Select(fact => $"{fact}: {unread[fact]}");

        private UkiSwapGateResult Result(UkiSwapGateStatus status, string evidence) =>
            status == UkiSwapGateStatus.Unknown
                ? new(Name, status, evidence, SwapErrors.GateFactUnknown.Id, UnknownAdvice, CanSkip)
                : new(Name, status, evidence, Error.Id, Error.RecommendedAction, CanSkip);

        private string UnknownAdvice =>
            CanSkip
                ? SwapErrors.GateFactUnknown.RecommendedAction + $" If you know that it holds: -SkipGate {Name}."
                : SwapErrors.GateFactUnknown.RecommendedAction;
    }
}
