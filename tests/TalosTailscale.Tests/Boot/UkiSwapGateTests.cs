using TalosTailscale.Core.Boot;
using TalosTailscale.Core.Boot.Esp;
using TalosTailscale.Core.Boot.Swap;
using TalosTailscale.Core.Reporting;
using TalosTailscale.Lab.Images;

namespace TalosTailscale.Tests.Boot;

public class UkiSwapGateTests
{
    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    public static TheoryData<string> Changes => [.. s_changes.Keys];

    // What is changed about node or image, and the one gate that has to refuse it.
    private static readonly Dictionary<
        string,
        (UkiSwapGate Gate, string ErrorId, Func<SwapNodeFacts, SwapNodeFacts> Facts, LabUkiSpec Uki)
    > s_changes = new()
    {
        ["installer ISO"] = (
            UkiSwapGate.HaltFlag,
            "UkiHaltsIfInstalled",
            f => f,
            new LabUkiSpec { Kind = LabUkiKind.Iso }
        ),
        ["ISO's reset entry"] = (
            UkiSwapGate.ResetProfile,
            "UkiHasResetProfile",
            f => f,
            new LabUkiSpec { Kind = LabUkiKind.Iso }
        ),
        ["other architecture"] = (
            UkiSwapGate.Architecture,
            "UkiArchitectureMismatch",
            f => f,
            new LabUkiSpec { Architecture = TalosArchitecture.Amd64 }
        ),
        ["other version"] = (UkiSwapGate.Version, "UkiVersionMismatch", f => f, new LabUkiSpec { Version = "v1.13.0" }),
        ["wipes"] = (
            UkiSwapGate.WipeFlag,
            "UkiWipesDisk",
            f => f,
            new LabUkiSpec { ExtraKernelArgs = ["talos.experimental.wipe=system"] }
        ),
        ["no tailscale"] = (UkiSwapGate.Tailscale, "UkiWithoutTailscale", f => f, new LabUkiSpec { Extensions = [] }),
        ["extension lost"] = (
            UkiSwapGate.Extensions,
            "UkiExtensionsLost",
            f => f with { Extensions = ["iscsi-tools"] },
            new LabUkiSpec()
        ),
        ["secure boot variant"] = (
            UkiSwapGate.Variant,
            "UkiVariantMismatch",
            f => f,
            new LabUkiSpec { SecureBoot = true }
        ),
        ["plain on a locked down node"] = (
            UkiSwapGate.Variant,
            "UkiVariantMismatch",
            f => f with { KernelCommandLine = "lockdown=confidentiality" },
            new LabUkiSpec()
        ),
        ["unsigned under Secure Boot"] = (
            UkiSwapGate.Signer,
            "UkiSignerMismatch",
            f => f with { SecureBoot = true },
            new LabUkiSpec()
        ),
        ["sealed volume, no key"] = (
            UkiSwapGate.PcrKey,
            "UkiPcrKeyMismatch",
            f => f with { SealedVolumes = ["STATE"], PcrKeyFingerprint = "AB:CD" },
            new LabUkiSpec()
        ),
        ["sealed volume, other key"] = (
            UkiSwapGate.PcrKey,
            "UkiPcrKeyMismatch",
            f => f with { SealedVolumes = ["STATE"], PcrKeyFingerprint = "AB:CD" },
            new LabUkiSpec { SecureBoot = true }
        ),
        ["no service config"] = (
            UkiSwapGate.ServiceConfig,
            "ServiceConfigMissing",
            f => f with { ServiceConfigActive = false },
            new LabUkiSpec()
        ),
        ["service config not on disk"] = (
            UkiSwapGate.ServiceConfig,
            "ServiceConfigMissing",
            f => f with { ServiceConfigPersistent = false },
            new LabUkiSpec()
        ),
        ["no valid subnets"] = (
            UkiSwapGate.Subnets,
            "NodeSubnetsMissing",
            f => f with { NodeSubnets = false },
            new LabUkiSpec()
        ),
        ["no etcd subnets"] = (
            UkiSwapGate.Subnets,
            "NodeSubnetsMissing",
            f => f with { IsControlPlane = true, EtcdSubnets = false },
            new LabUkiSpec()
        ),
        ["upgrading"] = (UkiSwapGate.Stage, "NodeNotRunning", f => f with { Stage = "upgrading" }, new LabUkiSpec()),
        ["GRUB"] = (UkiSwapGate.UkiBoot, "NodeNotUkiBooted", f => f with { BootedWithUki = false }, new LabUkiSpec()),
        ["booted entry gone"] = (
            UkiSwapGate.NextBoot,
            "NextBootIsAnother",
            f => f with { BootedEntry = "talos-v1.11.0.efi" },
            new LabUkiSpec()
        ),
        ["one-shot of another"] = (
            UkiSwapGate.NextBoot,
            "NextBootIsAnother",
            f => f with { Variables = new LoaderState { OneShot = "talos-v1.12.4~1.efi" } },
            new LabUkiSpec()
        ),
        ["quorum"] = (
            UkiSwapGate.Quorum,
            "QuorumAtRisk",
            f => f with { IsControlPlane = true, EtcdMembers = 3, OtherHealthyMembers = 1 },
            new LabUkiSpec()
        ),
        ["last control plane"] = (
            UkiSwapGate.ControlPlane,
            "LastControlPlane",
            f => f with { IsControlPlane = true, OtherReadyControlPlanes = 0 },
            new LabUkiSpec()
        ),
        ["full"] = (UkiSwapGate.Space, "EspFull", f => f, new LabUkiSpec { Size = 350_000 }),
    };

    [Theory]
    [MemberData(nameof(Changes))]
    public async Task Each_gate_refuses_with_an_id_and_an_advice_and_nothing_is_written(string change)
    {
        var (gate, errorId, facts, spec) = s_changes[change];
        using var esp = new EspFolder();
        if (change == "one-shot of another")
            esp.Write("Talos-v1.12.4~1.efi", EspFolder.New);
        var before = esp.Contents();
        var shell = new FolderNodeShell(ShellKind.Dash, esp.Root) { FreeKilobytes = change == "full" ? 100 : 100_000 };
        UkiSwapSource source = await EspFolder.SourceAsync(LabImages.Uki(spec));
        await using EspSession session = new EspSession(shell, "/dev/nvme0n1p1", SilentReporter.Instance);

        UkiSwapPlan plan = await session.PlanAsync(
            facts(EspFolder.Facts),
            source,
            new UkiSwapOptions { Reboot = true },
            Ct
        );
        TsException thrown = await Assert.ThrowsAsync<TsException>(() => session.SwapAsync(plan, source, Ct));

        UkiSwapGateResult refused = Assert.Single(plan.Gates, g => g.Gate == gate);
        Assert.Equal((UkiSwapGateStatus.Refused, errorId), (refused.Status, refused.ErrorId));
        Assert.NotEmpty(refused.Advice);
        Assert.Contains(EspSession.Refusals(plan), e => e.ErrorId == errorId && e.RecommendedAction == refused.Advice);
        Assert.False(plan.Allowed);
        Assert.Equal(EspSession.Refusals(plan).First().ErrorId, thrown.ErrorId);
        Assert.Equal(before, esp.Contents());
        Assert.DoesNotContain(shell.Commands, c =>
            c.Split(' ')[0] is "lock" or "stage" or "exchange" or "remove" or "rename"
        );
    }

    [Fact]
    public async Task All_gates_are_evaluated_whatever_one_of_them_says()
    {
        using var esp = new EspFolder();
        UkiSwapSource source = await EspFolder.SourceAsync(
            LabImages.Uki(
                new LabUkiSpec
                {
                    Kind = LabUkiKind.Iso,
                    Architecture = TalosArchitecture.Amd64,
                    Version = "v1.11.0",
                }
            )
        );
        await using EspSession session = new EspSession(
            new FolderNodeShell(ShellKind.Dash, esp.Root),
            "/dev/nvme0n1p1",
            SilentReporter.Instance
        );
        UkiSwapPlan plan = await session.PlanAsync(EspFolder.Facts, source, new UkiSwapOptions(), Ct);

        Assert.Equal(Enum.GetValues<UkiSwapGate>().Order(), plan.Gates.Select(g => g.Gate).Order());
        Assert.Equal(
            [UkiSwapGate.Architecture, UkiSwapGate.HaltFlag, UkiSwapGate.Version, UkiSwapGate.ResetProfile],
            plan.Gates.Where(g => g.Status == UkiSwapGateStatus.Refused).Select(g => g.Gate)
        );
        Assert.Equal(4, EspSession.Refusals(plan).Count());
    }

    [Fact]
    public void The_gates_that_save_a_boot_cannot_be_skipped()
    {
        UkiSwapGate[] fixedOnes =
        [
            UkiSwapGate.HaltFlag,
            UkiSwapGate.Architecture,
            UkiSwapGate.Space,
            UkiSwapGate.Complete,
            UkiSwapGate.WipeFlag,
        ];
        foreach (UkiSwapGate gate in Enum.GetValues<UkiSwapGate>())
        {
            TsException? refusal = UkiSwapGates.RefuseToSkip([gate]);
            Assert.Equal(fixedOnes.Contains(gate) ? "GateNotSkippable" : null, refusal?.ErrorId);
        }
    }

    [Fact]
    public async Task A_skipped_gate_is_said_to_be_skipped()
    {
        using var esp = new EspFolder();
        UkiSwapSource source = await EspFolder.SourceAsync(
            LabImages.Uki(new LabUkiSpec { Version = "v1.12.5" }),
            "Talos-v1.12.5.efi"
        );
        await using EspSession session = new EspSession(
            new FolderNodeShell(ShellKind.Dash, esp.Root),
            "/dev/nvme0n1p1",
            SilentReporter.Instance
        );
        var options = new UkiSwapOptions { Skip = new HashSet<UkiSwapGate> { UkiSwapGate.Version } };
        UkiSwapPlan plan = await session.PlanAsync(EspFolder.Facts, source, options, Ct);

        Assert.True(plan.Allowed);
        Assert.Equal(UkiSwapGateStatus.Skipped, Assert.Single(plan.Gates, g => g.Gate == UkiSwapGate.Version).Status);
    }

    // What is taken away, and the gate that then has no answer.
    private static readonly Dictionary<
        string,
        (UkiSwapGate Gate, Func<SwapNodeFacts, SwapNodeFacts> Without)
    > s_unread = new()
    {
        ["version call"] = (UkiSwapGate.Architecture, f => f with { Architecture = TalosArchitecture.Unknown }),
        ["version"] = (UkiSwapGate.Version, f => f with { TalosVersion = null }),
        ["KernelCmdline"] = (UkiSwapGate.Variant, f => f with { KernelCommandLine = null }),
        ["VolumeStatuses"] = (UkiSwapGate.PcrKey, f => f with { SealedVolumes = null }),
        ["ExtensionStatuses"] = (UkiSwapGate.Extensions, f => f with { Extensions = null }),
        ["MachineConfig v1alpha1"] = (UkiSwapGate.Subnets, f => f with { NodeSubnets = null }),
        ["MachineConfig persistent"] = (UkiSwapGate.ServiceConfig, f =>
            f with
            {
                ServiceConfigActive = null,
                ServiceConfigPersistent = null,
            }
        ),
        ["MachineStatus"] = (UkiSwapGate.Stage, f => f with { Stage = null }),
        ["SecurityState"] = (UkiSwapGate.UkiBoot, f => f with { BootedWithUki = null }),
        ["MachineType"] = (UkiSwapGate.Quorum, f => f with { IsControlPlane = null }),
        ["etcd"] = (UkiSwapGate.Quorum, f => f with { IsControlPlane = true, EtcdSubnets = true }),
        ["Kubernetes nodes"] = (UkiSwapGate.ControlPlane, f =>
            f with
            {
                IsControlPlane = true,
                EtcdSubnets = true,
                EtcdMembers = 3,
                OtherHealthyMembers = 2,
            }
        ),
    };

    public static TheoryData<string> Unread => [.. s_unread.Keys];

    [Theory]
    [MemberData(nameof(Unread))]
    public async Task A_gate_without_its_fact_refuses_and_says_why(string fact)
    {
        (UkiSwapGate gate, Func<SwapNodeFacts, SwapNodeFacts> without) = s_unread[fact];
        using var esp = new EspFolder();
        await using EspSession session = new EspSession(
            new FolderNodeShell(ShellKind.Dash, esp.Root),
            "/dev/nvme0n1p1",
            SilentReporter.Instance
        );
        SwapNodeFacts facts = without(EspFolder.Facts) with
        {
            Unread = new Dictionary<string, string> { [fact] = "the role os:reader may not do that" },
        };
        UkiSwapSource source = await EspFolder.SourceAsync(EspFolder.New);
        var options = new UkiSwapOptions { Reboot = true };

        UkiSwapPlan plan = await session.PlanAsync(facts, source, options, Ct);

        UkiSwapGateResult refused = Assert.Single(plan.Gates, g => g.Gate == gate);
        Assert.Equal((UkiSwapGateStatus.Unknown, "GateFactUnknown"), (refused.Status, refused.ErrorId));
        Assert.False(plan.Allowed);
        TsException thrown = await Assert.ThrowsAsync<TsException>(() => session.SwapAsync(plan, source, Ct));
        Assert.Equal("GateFactUnknown", thrown.ErrorId);

        // Following the advice: all gates that were named may be skipped, and those that save a boot may not.
        UkiSwapGate[] open = [.. plan.Gates.Where(g => g.Status == UkiSwapGateStatus.Unknown).Select(g => g.Gate)];
        Assert.All(plan.Gates.Where(g => open.Contains(g.Gate)), g =>
            Assert.Equal(g.CanSkip, g.Advice.Contains($"-SkipGate {g.Gate}.", StringComparison.Ordinal))
        );
        plan = await session.PlanAsync(facts, source, options with { Skip = open.ToHashSet() }, Ct);
        Assert.Equal(open.All(SwapGates.CanSkip), plan.Allowed);
        if (fact is not ("version call" or "version"))
            Assert.Contains("os:reader may not", refused.Evidence, StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_does_not_concern_a_node_does_not_hinder()
    {
        using var esp = new EspFolder();
        await using EspSession session = new EspSession(
            new FolderNodeShell(ShellKind.Dash, esp.Root),
            "/dev/nvme0n1p1",
            SilentReporter.Instance
        );
        UkiSwapPlan plan = await session.PlanAsync(
            EspFolder.Facts,
            await EspFolder.SourceAsync(EspFolder.New),
            new UkiSwapOptions { Reboot = true },
            Ct
        );

        Assert.True(plan.Allowed, string.Join("; ", plan.Gates));
        Assert.All([UkiSwapGate.Quorum, UkiSwapGate.ControlPlane], gate =>
            Assert.Equal(UkiSwapGateStatus.NotApplicable, Assert.Single(plan.Gates, g => g.Gate == gate).Status)
        );
    }

    [Theory]
    [InlineData("nvme0n1", "EFI:vfat:nvme0n1 META::nvme0n1", "/dev/nvme0n1p1", null)]
    [InlineData("nvme0n1", "META::nvme0n1", null, "EspNotFound")]
    [InlineData("nvme0n1", "EFI:xfs:nvme0n1", null, "EspNotFound")]
    [InlineData(null, "EFI:vfat:nvme0n1", null, "EspNotFound")]
    [InlineData("nvme0n1", "EFI:vfat:nvme0n1 EFI:vfat:sda", null, "EspAmbiguous")]
    [InlineData("nvme0n1", "EFI:vfat:nvme0n1 BIOS::nvme0n1 BOOT:xfs:nvme0n1", null, "EspIsGrub")]
    public void The_partition_is_found_by_its_label_on_the_system_disk(
        string? disk,
        string volumes,
        string? device,
        string? errorId
    )
    {
        TalosDiscoveredVolume[] discovered =
        [
            .. volumes
                .Split(' ')
                .Select(
                    (v, i) =>
                        v.Split(':') is [var label, var fs, var parent]
                            ? new TalosDiscoveredVolume
                            {
                                Node = "n",
                                Id = $"{parent}p{i + 1}",
                                DevicePath = $"/dev/{parent}p{i + 1}",
                                Parent = parent,
                                FileSystem = fs,
                                PartitionLabel = label,
                                Type = "partition",
                            }
                            : throw new InvalidOperationException(v)
                ),
        ];
        if (errorId is null)
            Assert.Equal(device, EspLocator.Find("n", disk, discovered).DevicePath);
        else
            Assert.Equal(errorId, Assert.Throws<TsException>(() => EspLocator.Find("n", disk, discovered)).ErrorId);
    }
}
