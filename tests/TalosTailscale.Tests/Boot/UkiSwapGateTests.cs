using TalosTailscale.Core.Boot;
using TalosTailscale.Core.Boot.Swap;
using TalosTailscale.Core.Reporting;
using TalosTailscale.Core.Talos;
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
            f => f with { Extensions = Fact.Of<IReadOnlyList<string>>(["iscsi-tools"]) },
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
            f => f with { SealedVolumes = Fact.Of<IReadOnlyList<string>>(["STATE"]), PcrKeyFingerprint = "AB:CD" },
            new LabUkiSpec()
        ),
        ["sealed volume, other key"] = (
            UkiSwapGate.PcrKey,
            "UkiPcrKeyMismatch",
            f => f with { SealedVolumes = Fact.Of<IReadOnlyList<string>>(["STATE"]), PcrKeyFingerprint = "AB:CD" },
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
            f => f with { IsControlPlane = true, Etcd = new EtcdVotes(3, 2, 1) },
            new LabUkiSpec()
        ),
        ["last control plane"] = (
            UkiSwapGate.ControlPlane,
            "LastControlPlane",
            f =>
                f with
                {
                    IsControlPlane = true,
                    Etcd = new EtcdVotes(3, 2, 2),
                    OtherControlPlanes = 2,
                    OtherReadyControlPlanes = 0,
                },
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

    [Fact]
    public async Task Of_a_node_about_which_nothing_is_known_every_gate_refuses_but_those_of_the_image_alone()
    {
        using var esp = new EspFolder();
        await using EspSession session = Session(esp);
        UkiSwapSource source = await EspFolder.SourceAsync(EspFolder.New);
        var options = new UkiSwapOptions { Reboot = true };
        UkiSwapPlan plan = await session.PlanAsync(new SwapNodeFacts { Node = "ampone" }, source, options, Ct);

        Assert.False(plan.Allowed);
        Assert.Equal(
            [
                UkiSwapGate.Complete,
                UkiSwapGate.HaltFlag,
                UkiSwapGate.WipeFlag,
                UkiSwapGate.Space,
                UkiSwapGate.ResetProfile,
                UkiSwapGate.Tailscale,
            ],
            plan.Gates.Where(g => g.Status == UkiSwapGateStatus.Passed).Select(g => g.Gate)
        );
        UkiSwapGateResult[] rest = [.. plan.Gates.Where(g => g.Status != UkiSwapGateStatus.Passed)];
        Assert.All(rest, g => Assert.Equal((UkiSwapGateStatus.Unknown, "GateUnknown"), (g.Status, g.ErrorId)));
        Assert.Equal(rest.Length, EspSession.Refusals(plan).Count());
        Assert.Equal(
            "GateUnknown",
            (await Assert.ThrowsAsync<TsException>(() => session.SwapAsync(plan, source, Ct))).ErrorId
        );
    }

    [Fact]
    public async Task All_that_may_be_skipped_goes_on_unknown_and_what_may_not_refuses_even_when_it_is_named()
    {
        using var esp = new EspFolder();
        await using EspSession session = Session(esp);
        UkiSwapSource source = await EspFolder.SourceAsync(
            LabImages.Uki(
                new LabUkiSpec { Kind = LabUkiKind.Iso, ExtraKernelArgs = ["talos.experimental.wipe=system"] }
            )
        );
        var options = new UkiSwapOptions { Reboot = true, Skip = Enum.GetValues<UkiSwapGate>().ToHashSet() };
        UkiSwapPlan plan = await session.PlanAsync(new SwapNodeFacts { Node = "ampone" }, source, options, Ct);

        Assert.Equal(
            [
                (UkiSwapGate.Architecture, UkiSwapGateStatus.Unknown),
                (UkiSwapGate.HaltFlag, UkiSwapGateStatus.Refused),
                (UkiSwapGate.WipeFlag, UkiSwapGateStatus.Refused),
            ],
            plan.Gates.Where(g => g.Status is UkiSwapGateStatus.Unknown or UkiSwapGateStatus.Refused)
                .Select(g => (g.Gate, g.Status))
        );
        Assert.All(plan.Gates.Where(g => g.Status == UkiSwapGateStatus.Skipped), g => Assert.True(g.CanSkip));
        Assert.False(plan.Allowed);
    }

    [Fact]
    public async Task A_loss_names_the_fact_the_reason_the_missing_role_and_both_ways_out()
    {
        using var esp = new EspFolder();
        await using EspSession session = Session(esp);
        TsException denied = TalosErrors.TalosRoleMissing.New(
            "Get MachineConfigs.config.talos.dev/v1alpha1 on 'ampone' needs the role 'os:admin'; the certificate has 'os:reader'.",
            "ampone",
            recommendedAction: "Use a talosconfig with the role 'os:admin'."
        );
        SwapNodeFacts facts = EspFolder.Facts with
        {
            ServiceConfigActive = FactLoss.From("The active machine configuration", denied),
        };
        UkiSwapPlan plan = await session.PlanAsync(
            facts,
            await EspFolder.SourceAsync(EspFolder.New),
            new UkiSwapOptions(),
            Ct
        );

        TsException refusal = Assert.Single(EspSession.Refusals(plan));
        Assert.Equal("GateUnknown", refusal.ErrorId);
        Assert.Contains("gate ServiceConfig", refusal.Message, StringComparison.Ordinal);
        Assert.Contains("The active machine configuration is not known", refusal.Message, StringComparison.Ordinal);
        Assert.Contains("needs the role 'os:admin'", refusal.Message, StringComparison.Ordinal);
        Assert.Contains("the role 'os:admin'", refusal.RecommendedAction, StringComparison.Ordinal);
        Assert.Contains("-SkipGate ServiceConfig", refusal.RecommendedAction, StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_is_skipped_stands_in_the_result()
    {
        using var esp = new EspFolder();
        await using EspSession session = Session(esp);
        UkiSwapSource source = await EspFolder.SourceAsync(EspFolder.New);
        var options = new UkiSwapOptions
        {
            Skip = new HashSet<UkiSwapGate> { UkiSwapGate.Stage, UkiSwapGate.Version },
        };
        SwapNodeFacts facts = EspFolder.Facts with { Stage = new FactLoss("The machine status", "no answer in time") };
        UkiSwapPlan plan = await session.PlanAsync(facts, source, options, Ct);
        UkiSwapResult result = await session.SwapAsync(plan, source, Ct);

        // Version held, so that there was nothing to skip.
        UkiSwapGateResult skipped = Assert.Single(result.SkippedGates);
        Assert.Equal((UkiSwapGate.Stage, UkiSwapGateStatus.Skipped), (skipped.Gate, skipped.Status));
        Assert.Contains("no answer in time", skipped.Evidence, StringComparison.Ordinal);
    }

    [Fact]
    public void Going_back_skips_only_what_concerns_the_old_image()
    {
        Assert.Equal(
            [
                UkiSwapGate.Version,
                UkiSwapGate.Variant,
                UkiSwapGate.Extensions,
                UkiSwapGate.Tailscale,
                UkiSwapGate.ServiceConfig,
                UkiSwapGate.Subnets,
            ],
            UkiSwapGates.OfOldImage.Order()
        );
        Assert.Null(UkiSwapGates.RefuseToSkip(UkiSwapGates.OfOldImage));
    }

    [Theory]
    [InlineData("", false, UkiSwapGateStatus.Passed)] // the only entry: no variable can choose another
    [InlineData("Talos-v1.12.3.efi", false, UkiSwapGateStatus.Unknown)]
    [InlineData("Talos-v1.12.3.efi", true, UkiSwapGateStatus.Passed)]
    public async Task What_boots_next_is_known_without_variables_only_where_there_is_one_entry(
        string other,
        bool variables,
        UkiSwapGateStatus expected
    )
    {
        using var esp = new EspFolder();
        if (other.Length > 0)
            esp.Write(other, EspFolder.New);
        await using EspSession session = Session(esp);
        SwapNodeFacts facts = variables
            ? EspFolder.Facts
            : EspFolder.Facts with
            {
                Variables = new FactLoss("The loader variables", "input/output error"),
            };
        UkiSwapPlan plan = await session.PlanAsync(
            facts,
            await EspFolder.SourceAsync(EspFolder.New),
            new UkiSwapOptions(),
            Ct
        );

        Assert.Equal(expected, plan.Gates.Single(g => g.Gate == UkiSwapGate.NextBoot).Status);
    }

    [Fact]
    public async Task Nothing_sealed_no_reboot_and_a_worker_are_not_applicable_and_allowed()
    {
        using var esp = new EspFolder();
        await using EspSession session = Session(esp);
        UkiSwapSource source = await EspFolder.SourceAsync(EspFolder.New);
        foreach (bool reboot in (bool[])[false, true])
        {
            UkiSwapPlan plan = await session.PlanAsync(
                EspFolder.Facts,
                source,
                new UkiSwapOptions { Reboot = reboot },
                Ct
            );
            Assert.True(plan.Allowed);
            Assert.Equal(
                [UkiSwapGate.PcrKey, UkiSwapGate.Quorum, UkiSwapGate.ControlPlane],
                plan.Gates.Where(g => g.Status == UkiSwapGateStatus.NotApplicable).Select(g => g.Gate)
            );
        }
    }

    private static EspSession Session(EspFolder esp) =>
        new(new FolderNodeShell(ShellKind.Dash, esp.Root), "/dev/nvme0n1p1", SilentReporter.Instance);
}
