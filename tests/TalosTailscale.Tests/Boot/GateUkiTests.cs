using TalosTailscale.Core.Boot;
using TalosTailscale.Core.Boot.Swap;
using TalosTailscale.Core.Images;
using TalosTailscale.Core.Talos;

namespace TalosTailscale.Tests.Boot;

/// <summary>What each gate says of the image, of the partition and of numbers at their limits.</summary>
public sealed class GateUkiTests
{
    private static readonly UkiSigner s_ours = new() { Subject = "CN=ours", Sha256 = "aa" };
    private static readonly UkiSigner s_second = new() { Subject = "CN=second", Sha256 = "bb" };
    private static readonly UkiSigner s_theirs = new() { Subject = "CN=theirs", Sha256 = "cc" };

    [Theory]
    [InlineData(".osrel")]
    [InlineData(".cmdline")]
    [InlineData(".linux")]
    [InlineData(".initrd")]
    public async Task An_image_without_one_of_its_sections_or_with_an_empty_one_is_refused(string section)
    {
        SwapGateInput input = await InputAsync();
        UkiInfo without = input.Uki with { Sections = [.. input.Uki.Sections.Where(s => s.Name != section)] };
        UkiInfo empty = input.Uki with
        {
            Sections = [.. input.Uki.Sections.Select(s => s.Name == section ? s with { Size = 0 } : s)],
        };

        foreach (UkiInfo uki in new[] { without, empty })
        {
            UkiSwapGateResult result = Judge(input with { Uki = uki }, UkiSwapGate.Complete);
            Assert.Equal((UkiSwapGateStatus.Refused, "UkiIncomplete"), (result.Status, result.ErrorId));
            Assert.Equal($"missing: {section}", result.Evidence);
            Assert.Equal(
                UkiSwapGateStatus.Refused,
                GateBench.Evaluate(input with { Uki = uki }, UkiSwapGate.Complete).Of(UkiSwapGate.Complete).Status
            );
        }

        Assert.Equal("all sections are there", Judge(input, UkiSwapGate.Complete).Evidence);
    }

    [Theory]
    [InlineData(100, 100, UkiSwapGateStatus.Passed)]
    [InlineData(101, 100, UkiSwapGateStatus.Refused)]
    [InlineData(0, 0, UkiSwapGateStatus.Passed)]
    public async Task Space_is_enough_when_all_that_is_needed_is_free(long needed, long free, UkiSwapGateStatus status)
    {
        SwapGateInput input = await InputAsync() with { Needed = needed, Available = free };

        Assert.Equal(status, Judge(input, UkiSwapGate.Space).Status);
        foreach (int slots in new[] { 1, 2 })
        {
            UkiSwapGateResult full = Judge(input with { NamesWithoutRoom = slots, FreeSlots = 0 }, UkiSwapGate.Space);
            Assert.Equal(UkiSwapGateStatus.Refused, full.Status);
            Assert.Contains($"0 free name slots, {slots} needed", full.Evidence, StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task What_halts_wipes_or_resets_is_refused()
    {
        SwapGateInput input = await InputAsync();
        UkiInfo uki = input.Uki with
        {
            HaltsIfInstalled = true,
            CommandLine = input.Uki.CommandLine + " talos.experimental.wipe=system",
            Profiles = [.. input.Uki.Profiles, Profile("reset"), Profile("main")],
        };
        IReadOnlyList<UkiSwapGateResult> results = GateBench.Evaluate(input with { Uki = uki });

        Assert.Equal(
            [UkiSwapGate.HaltFlag, UkiSwapGate.WipeFlag, UkiSwapGate.ResetProfile],
            results.Where(r => r.Status == UkiSwapGateStatus.Refused).Select(r => r.Gate)
        );
        Assert.Equal("menu entry 'reset'", results.Of(UkiSwapGate.ResetProfile).Evidence);
    }

    [Theory]
    [InlineData(UkiSignatureStatus.Invalid)]
    [InlineData(UkiSignatureStatus.DigestMismatch)]
    public async Task A_broken_signature_is_refused_whatever_the_firmware_asks_for(UkiSignatureStatus status)
    {
        foreach (Fact<bool> on in new Fact<bool>[] { true, false, new FactLoss("The security state", "no answer") })
        {
            SwapGateInput input = await GateBench.InputAsync(GateBench.Facts with { SecureBoot = on });
            UkiSwapGateResult result = Judge(
                input with
                {
                    Uki = input.Uki with { SignatureStatus = status },
                },
                UkiSwapGate.Signer
            );
            Assert.Equal(UkiSwapGateStatus.Refused, result.Status);
        }
    }

    // The signers of the image that boots, and of the one that is to: all of them are proof, none is a refusal.
    [Theory]
    [InlineData("ours", "ours", UkiSwapGateStatus.Passed)]
    [InlineData("ours", "ours second", UkiSwapGateStatus.Passed)]
    [InlineData("ours second", "ours", UkiSwapGateStatus.Unknown)]
    [InlineData("ours second", "ours theirs", UkiSwapGateStatus.Unknown)]
    [InlineData("ours second", "theirs", UkiSwapGateStatus.Refused)]
    [InlineData("ours", "theirs", UkiSwapGateStatus.Refused)]
    [InlineData("ours !second", "ours", UkiSwapGateStatus.Passed)] // a signature that does not hold is nobody's
    [InlineData("!second ours", "ours", UkiSwapGateStatus.Passed)]
    [InlineData("ours ?second", "ours", UkiSwapGateStatus.Unknown)] // one that was not checked may be the one
    public async Task Under_Secure_Boot_the_signers_decide(string current, string next, UkiSwapGateStatus status)
    {
        SwapGateInput input = await InputAsync();
        UkiSwapGateResult result = Judge(
            input with
            {
                Uki = Signed(input.Uki, next),
                Current = Signed(input.Uki, current),
            },
            UkiSwapGate.Signer
        );

        Assert.Equal(status, result.Status);
    }

    [Fact]
    public async Task An_image_whose_signatures_are_not_listed_goes_by_its_signer()
    {
        SwapGateInput input = await InputAsync();
        UkiInfo ours = input.Uki with { Signatures = [], Signer = s_ours };
        UkiInfo theirs = input.Uki with { Signatures = [], Signer = s_theirs };

        Assert.Equal(UkiSwapGateStatus.Passed, Signer(ours, ours));
        Assert.Equal(UkiSwapGateStatus.Refused, Signer(theirs, ours));
        Assert.Equal(UkiSwapGateStatus.Refused, Signer(ours with { Signer = null }, ours));
        Assert.Equal(UkiSwapGateStatus.Unknown, Signer(ours, ours with { Signer = null }));

        UkiSwapGateStatus Signer(UkiInfo next, UkiInfo current) =>
            Judge(input with { Uki = next, Current = current }, UkiSwapGate.Signer).Status;
    }

    // What is sealed opens with the key that the node has now: by its own word, or by the image that it runs.
    [Theory]
    [InlineData("k1", null, "k1", UkiSwapGateStatus.Passed)]
    [InlineData("K1", null, "k1", UkiSwapGateStatus.Passed)]
    [InlineData("k1", "k2", "k2", UkiSwapGateStatus.Refused)]
    [InlineData("", "k1", "k1", UkiSwapGateStatus.Passed)]
    [InlineData("", "k1", "k2", UkiSwapGateStatus.Refused)]
    [InlineData("", "k1", null, UkiSwapGateStatus.Refused)]
    [InlineData("", null, "k1", UkiSwapGateStatus.Refused)]
    [InlineData("", null, null, UkiSwapGateStatus.Refused)]
    public async Task A_sealed_volume_needs_the_same_key(
        string node,
        string? current,
        string? next,
        UkiSwapGateStatus status
    )
    {
        SwapGateInput input = await GateBench.InputAsync(GateBench.Facts with { PcrKeyFingerprint = node });
        UkiSwapGateResult result = Judge(
            input with
            {
                Uki = input.Uki with { PcrKeyFingerprint = next },
                Current = input.Uki with { PcrKeyFingerprint = current },
            },
            UkiSwapGate.PcrKey
        );

        Assert.Equal(status, result.Status);
        Assert.StartsWith("STATE sealed; UKI: ", result.Evidence, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(true, true, true, "set")]
    [InlineData(true, false, true, "not set: machine.kubelet.nodeIP.validSubnets")]
    [InlineData(true, true, false, "not set: cluster.etcd.advertisedSubnets")]
    [InlineData(true, false, false, "not set: machine.kubelet.nodeIP.validSubnets, cluster.etcd.advertisedSubnets")]
    [InlineData(false, true, false, "set")]
    [InlineData(false, false, false, "not set: machine.kubelet.nodeIP.validSubnets")]
    public async Task Subnets_of_etcd_are_asked_of_a_control_plane(bool control, bool node, bool etcd, string evidence)
    {
        SwapNodeFacts facts = GateBench.Facts with { IsControlPlane = control, NodeSubnets = node, EtcdSubnets = etcd };
        UkiSwapGateResult result = Judge(await GateBench.InputAsync(facts), UkiSwapGate.Subnets);

        Assert.Equal(evidence, result.Evidence);
        Assert.Equal(evidence == "set" ? UkiSwapGateStatus.Passed : UkiSwapGateStatus.Refused, result.Status);
    }

    [Theory]
    [InlineData(2, 0, UkiSwapGateStatus.Refused)]
    [InlineData(2, 1, UkiSwapGateStatus.Refused)]
    [InlineData(3, 1, UkiSwapGateStatus.Refused)]
    [InlineData(3, 2, UkiSwapGateStatus.Passed)]
    [InlineData(4, 2, UkiSwapGateStatus.Refused)]
    [InlineData(4, 3, UkiSwapGateStatus.Passed)]
    [InlineData(5, 2, UkiSwapGateStatus.Refused)]
    [InlineData(5, 3, UkiSwapGateStatus.Passed)]
    public async Task The_others_must_be_a_majority_of_all(int members, int others, UkiSwapGateStatus status)
    {
        SwapNodeFacts facts = GateBench.Facts with { Etcd = new EtcdVotes(members, members - 1, others) };

        Assert.Equal(status, Judge(await GateBench.InputAsync(facts), UkiSwapGate.Quorum).Status);
    }

    // A learner that restarts beside the one voter takes no vote away, but does not make up for it either.
    [Theory]
    [InlineData(1, 0, 0, UkiSwapGateStatus.Passed)]
    [InlineData(1, 1, 1, UkiSwapGateStatus.Passed)]
    [InlineData(1, 1, 0, UkiSwapGateStatus.Refused)]
    public async Task One_voter_is_no_quorum_to_lose_where_it_is_the_node_itself(
        int all,
        int others,
        int healthy,
        UkiSwapGateStatus status
    )
    {
        SwapNodeFacts facts = GateBench.Facts with { Etcd = new EtcdVotes(all, others, healthy) };

        Assert.Equal(status, Judge(await GateBench.InputAsync(facts), UkiSwapGate.Quorum).Status);
    }

    // The only control plane is let pass, and asked about; one of several in etcd or in Kubernetes is not.
    [Theory]
    [InlineData(1, 0, UkiSwapGateStatus.Passed)]
    [InlineData(3, 0, UkiSwapGateStatus.Refused)]
    [InlineData(1, 1, UkiSwapGateStatus.Refused)]
    [InlineData(1, null, UkiSwapGateStatus.Unknown)]
    public async Task Where_none_is_Ready_it_must_be_the_only_one(int members, int? others, UkiSwapGateStatus status)
    {
        SwapNodeFacts facts = GateBench.Facts with
        {
            Etcd = new EtcdVotes(members, members - 1, members - 1),
            OtherReadyControlPlanes = 0,
            OtherControlPlanes = others is { } known
                ? known
                : new FactLoss("Which control planes there are", "no answer"),
        };

        Assert.Equal(status, Judge(await GateBench.InputAsync(facts), UkiSwapGate.ControlPlane).Status);
    }

    [Theory]
    [InlineData(0, UkiSwapGateStatus.Refused)]
    [InlineData(1, UkiSwapGateStatus.Passed)]
    public async Task One_other_control_plane_must_be_Ready(int others, UkiSwapGateStatus status) =>
        Assert.Equal(
            status,
            Judge(
                await GateBench.InputAsync(GateBench.Facts with { OtherReadyControlPlanes = others }),
                UkiSwapGate.ControlPlane
            ).Status
        );

    // The entry that boots next is the booted one, in its own profile.
    [Theory]
    [InlineData("talos-v1.12.4.efi", UkiSwapGateStatus.Passed)]
    [InlineData("talos-v1.12.3.efi", UkiSwapGateStatus.Refused)]
    [InlineData("talos-v1.12.4.efi@other", UkiSwapGateStatus.Refused)]
    public async Task Another_entry_or_another_profile_next_is_refused(string next, UkiSwapGateStatus status)
    {
        SwapNodeFacts facts = GateBench.Facts with { Variables = new LoaderState { OneShot = next } };
        SwapGateInput input = await GateBench.InputAsync(facts);

        Assert.Equal(status, Judge(input, UkiSwapGate.NextBoot).Status);
    }

    // systemd-boot knows 'preferred' from 260 on; where it decides, who chooses has to be known.
    [Theory]
    [InlineData(null, UkiSwapGateStatus.Unknown)]
    [InlineData("systemd-boot 261.2", UkiSwapGateStatus.Passed)]
    public async Task A_preferred_entry_counts_where_the_boot_manager_is_known(string? loader, UkiSwapGateStatus status)
    {
        var preferred = new LoaderState { Preferred = "talos-v1.12.4.efi", Info = loader };
        SwapGateInput input = await GateBench.InputAsync(GateBench.Facts with { Variables = preferred });

        Assert.Equal(status, Judge(input, UkiSwapGate.NextBoot).Status);
    }

    [Fact]
    public async Task The_only_entry_needs_no_variables_unless_it_is_another()
    {
        SwapNodeFacts facts = GateBench.Facts with { Variables = new FactLoss("The loader variables", "no answer") };
        SwapGateInput input = await GateBench.InputAsync(facts);
        SwapGateInput alone = input with { Esp = Esp(EspFolder.Entry) };

        Assert.Equal(UkiSwapGateStatus.Passed, Judge(alone, UkiSwapGate.NextBoot).Status);
        Assert.Equal(
            UkiSwapGateStatus.Unknown,
            Judge(input with { Esp = Esp("Talos-v1.12.3.efi") }, UkiSwapGate.NextBoot).Status
        );
        Assert.Equal(UkiSwapGateStatus.Refused, Judge(alone with { TargetName = null }, UkiSwapGate.NextBoot).Status);
    }

    [Fact]
    public async Task What_cannot_be_skipped_advises_no_skipping()
    {
        var bare = new FactLoss("The node's architecture", "Version names none that is known");
        SwapGateInput input = await GateBench.InputAsync(
            GateBench.Facts with
            {
                Architecture = bare,
                TalosVersion = bare,
                Stage = bare with { Advice = "Ask again." },
            }
        );
        IReadOnlyList<UkiSwapGateResult> results = GateBench.Evaluate(input);

        Assert.Equal(SwapErrors.GateUnknown.RecommendedAction, results.Of(UkiSwapGate.Architecture).Advice);
        Assert.Equal("'-SkipGate Version' goes on without knowing.", results.Of(UkiSwapGate.Version).Advice);
        Assert.Equal("Ask again. '-SkipGate Stage' goes on without knowing.", results.Of(UkiSwapGate.Stage).Advice);
        Assert.Equal(SwapErrors.UkiVariantMismatch.RecommendedAction, results.Of(UkiSwapGate.Variant).Advice);
    }

    [Fact]
    public async Task With_Secure_Boot_off_any_whole_signature_or_none_will_do()
    {
        SwapGateInput input = await GateBench.InputAsync(GateBench.Facts with { SecureBoot = false });

        foreach (UkiInfo uki in new[] { input.Uki, input.Uki with { Signer = null, Signatures = [] } })
            Assert.Equal("Secure Boot is off", Passed(input with { Uki = uki }, UkiSwapGate.Signer));
    }

    [Fact]
    public async Task What_was_found_is_told_in_words()
    {
        SwapGateInput input = await InputAsync();
        SwapGateInput other = await GateBench.InputAsync(
            GateBench.Facts with
            {
                BootedWithUki = false,
                Extensions = Fact.Of<IReadOnlyList<string>>(["tailscale", "iscsi-tools"]),
            }
        );

        Assert.Equal("none is lost", Passed(input, UkiSwapGate.Extensions));
        Assert.Equal("booted with a UKI", Passed(input, UkiSwapGate.UkiBoot));
        Assert.Equal("lost: iscsi-tools", Judge(other, UkiSwapGate.Extensions).Evidence);
        Assert.Equal("not booted with a UKI", Judge(other, UkiSwapGate.UkiBoot).Evidence);
    }

    [Fact]
    public async Task What_holds_is_not_told_as_skipped()
    {
        IReadOnlyList<UkiSwapGateResult> results = GateBench.Evaluate(
            await InputAsync(),
            Enum.GetValues<UkiSwapGate>()
        );

        Assert.All(results, result => Assert.Equal(UkiSwapGateStatus.Passed, result.Status));
    }

    private static Task<SwapGateInput> InputAsync() => GateBench.InputAsync(GateBench.Facts);

    private static UkiSwapGateResult Judge(SwapGateInput input, UkiSwapGate gate) => GateBench.Evaluate(input).Of(gate);

    private static string Passed(SwapGateInput input, UkiSwapGate gate)
    {
        UkiSwapGateResult result = Judge(input, gate);
        Assert.Equal(UkiSwapGateStatus.Passed, result.Status);
        return result.Evidence;
    }

    private static UkiProfile Profile(string id) => new() { Id = id };

    private static EspInfo Esp(string entry) =>
        new()
        {
            Node = "ampone",
            Device = "/dev/nvme0n1p1",
            NextBoot = BootPredictor.Predict(
                [new BootFile { Name = entry, OsRelease = "ID=talos\nVERSION_ID=v1.12.4\n" }],
                LoaderState.Empty
            ),
        };

    // '!' before a name: the signature does not hold; '?': it was not checked.
    private static UkiInfo Signed(UkiInfo uki, string signers)
    {
        UkiSignature[] all =
        [
            .. signers
                .Split(' ')
                .Select(name => new UkiSignature
                {
                    Status = name[0] switch
                    {
                        '!' => UkiSignatureStatus.Invalid,
                        '?' => UkiSignatureStatus.NotChecked,
                        _ => UkiSignatureStatus.Valid,
                    },
                    Signer = name.TrimStart('!', '?') switch
                    {
                        "ours" => s_ours,
                        "second" => s_second,
                        _ => s_theirs,
                    },
                }),
        ];
        return uki with { Signatures = all, Signer = all[0].Signer };
    }
}
