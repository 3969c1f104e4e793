using TalosTailscale.Core.Boot;
using TalosTailscale.Core.Boot.Swap;
using TalosTailscale.Core.Reporting;
using TalosTailscale.Core.Talos;
using TalosTailscale.Lab;
using TalosTailscale.Lab.Nodes;
using TalosTailscale.Tests.Lab.Talos;

namespace TalosTailscale.Tests.Boot;

/// <summary>
/// The node answers each call that the gates go by with each gRPC status: from the wire to the refusal. A node that is not
/// to be reached ends the reading as a whole, which refuses too.
/// </summary>
public sealed class GateCallTests(GateLab lab, GateTable table) : IClassFixture<GateLab>, IClassFixture<GateTable>
{
    private const string Efivars = "/sys/firmware/efi/efivars";
    private const string NotFound = "not found";
    private const string Silent = "peer silent";

    // What hangs on a call, and on that the resource is not there, where this is an answer or another place is asked then.
    private static readonly Dictionary<string, (UkiSwapGate[] Gates, UkiSwapGate[]? WhenNotFound)> s_calls = new()
    {
        ["MachineTypes.config.talos.dev"] = ([UkiSwapGate.Subnets, UkiSwapGate.Quorum, UkiSwapGate.ControlPlane], null),
        ["MachineStatuses.runtime.talos.dev"] = ([UkiSwapGate.Stage], null),
        ["ExtensionStatuses.runtime.talos.dev"] = ([UkiSwapGate.Extensions], null),
        ["VolumeStatuses.block.talos.dev"] = ([UkiSwapGate.Variant, UkiSwapGate.PcrKey], null),
        ["SecurityStates.talos.dev"] = ([UkiSwapGate.Variant, UkiSwapGate.Signer, UkiSwapGate.UkiBoot], null),
        ["BootedEntries.talos.dev"] = ([UkiSwapGate.NextBoot], []),
        [Efivars] = ([UkiSwapGate.NextBoot], null),
        [$"{Efivars}/LoaderEntryDefault-{LabLoaderVariables.Guid}"] = ([UkiSwapGate.NextBoot], null),
        ["AddressStatuses.net.talos.dev"] = ([UkiSwapGate.LanInTailnetRange], null),
        ["KernelCmdlines.runtime.talos.dev"] = ([], []),
        ["MachineConfigs.config.talos.dev/v1alpha1"] = ([UkiSwapGate.ServiceConfig, UkiSwapGate.Subnets], null),
        ["MachineConfigs.config.talos.dev/persistent"] = ([UkiSwapGate.ServiceConfig], null),
        ["EtcdMemberList"] = ([UkiSwapGate.Quorum], null),
        ["EtcdStatus"] = ([UkiSwapGate.Quorum], null),
        ["Nodenames.kubernetes.talos.dev"] = ([UkiSwapGate.ControlPlane], null),
        ["/proc/sys/kernel/random/boot_id"] = ([], null),
    };

    public static TheoryData<string> Calls => [.. s_calls.Keys];

    [Fact]
    public async Task Without_a_fault_no_gate_is_unknown() =>
        Assert.DoesNotContain(await lab.JudgeAsync(), result => result.Status == UkiSwapGateStatus.Unknown);

    [Theory]
    [MemberData(nameof(Calls))]
    public async Task A_call_that_fails_refuses_by_its_gates(string call)
    {
        IReadOnlyList<UkiSwapGateResult> before = await lab.JudgeAsync();
        foreach (var way in LostFacts.Ways)
        {
            using IDisposable failing = GateLab.Failing(lab.Node, call, way);
            if (way.Name == Silent)
            {
                TsException e = await Assert.ThrowsAsync<TsException>(() => lab.JudgeAsync());
                Assert.Equal("TalosNodeUnavailable", e.ErrorId);
                table.Add("swap (all gates)", call, way.Name, e.ErrorId);
                continue;
            }

            UkiSwapGate[] expected =
                way.Name == NotFound ? s_calls[call].WhenNotFound ?? s_calls[call].Gates : s_calls[call].Gates;
            IReadOnlyList<UkiSwapGateResult> after = await lab.JudgeAsync();
            foreach (UkiSwapGateResult result in after)
            {
                UkiSwapGateStatus status = expected.Contains(result.Gate)
                    ? UkiSwapGateStatus.Unknown
                    : before.Of(result.Gate).Status;
                Assert.Equal((call, way.Name, result.Gate, status), (call, way.Name, result.Gate, result.Status));
                if (status != UkiSwapGateStatus.Unknown)
                    continue;
                Assert.Equal("GateUnknown", result.ErrorId);
                Assert.Equal(
                    way.Name == "role missing",
                    result.Evidence.Contains("needs the role 'os:", StringComparison.Ordinal)
                );
            }

            table.Add("swap (all gates)", call, way.Name, Told(expected));
        }
    }

    [Fact]
    public async Task Without_a_version_nothing_is_judged()
    {
        foreach (var way in LostFacts.Ways)
        {
            using IDisposable failing = GateLab.Failing(lab.Node, "Version", way);
            TsException e = await Assert.ThrowsAsync<TsException>(() => lab.JudgeAsync());
            table.Add("swap (all gates)", "Version", way.Name, e.ErrorId);
        }
    }

    [Fact]
    public async Task Kubernetes_that_does_not_tell_refuses_by_one_gate()
    {
        IReadOnlyList<UkiSwapGateResult> none = await lab.JudgeAsync(kubernetes: false);
        lab.KubernetesFaults.Forbidden["list nodes"] = true;
        IReadOnlyList<UkiSwapGateResult> forbidden = await lab.JudgeAsync();
        lab.KubernetesFaults.Forbidden.Clear();

        foreach (IReadOnlyList<UkiSwapGateResult> results in new[] { none, forbidden })
            Assert.Equal(
                [UkiSwapGate.ControlPlane],
                results.Where(r => r.Status == UkiSwapGateStatus.Unknown).Select(r => r.Gate)
            );
        Assert.Contains("-KubeConfig", none.Of(UkiSwapGate.ControlPlane).Advice, StringComparison.Ordinal);
        Assert.Contains("'list'", forbidden.Of(UkiSwapGate.ControlPlane).Evidence, StringComparison.Ordinal);
        table.Add("swap (all gates)", "nodes of Kubernetes", "role missing", "Unknown: ControlPlane");
        table.Add("swap (all gates)", "a kubeconfig", NotFound, "Unknown: ControlPlane");
    }

    // A peer that does not tell how it is counts as one that is not well: of three, none may then stop.
    [Theory]
    [InlineData("EtcdStatus")]
    [InlineData("MachineStatuses.runtime.talos.dev")]
    public async Task A_peer_that_does_not_tell_is_not_counted_on(string call)
    {
        LabNode altra = lab.Lab.Cluster.Node("altra");
        foreach (var way in LostFacts.Ways)
        {
            using IDisposable failing = GateLab.Failing(altra, call, way);

            UkiSwapGateResult quorum = (await lab.JudgeAsync()).Of(UkiSwapGate.Quorum);
            TsException e = await Assert.ThrowsAsync<TsException>(() =>
                EtcdQuorum.CheckRestartAsync(lab.Client, EtcdQuorum.Force, SilentReporter.Instance, TalosLab.Stop)
            );

            Assert.Equal((call, way.Name, UkiSwapGateStatus.Refused), (call, way.Name, quorum.Status));
            Assert.Equal("EtcdQuorumAtRisk", e.ErrorId);
            table.Add("swap (all gates)", $"{call} of a peer", way.Name, "Refused: Quorum");
            table.Add("may this one stop", $"{call} of a peer", way.Name, e.ErrorId);
        }
    }

    // Restart, upgrade, rollout: no gate table, so that the error of the call is the refusal.
    [Theory]
    [InlineData("MachineTypes.config.talos.dev")]
    [InlineData("EtcdMemberList")]
    [InlineData("EtcdStatus")]
    public async Task A_restart_without_the_answer_is_refused(string call)
    {
        foreach (var way in LostFacts.Ways)
        {
            using IDisposable failing = GateLab.Failing(lab.Node, call, way);
            TsException e = await Assert.ThrowsAsync<TsException>(() =>
                EtcdQuorum.CheckRestartAsync(lab.Client, EtcdQuorum.Force, SilentReporter.Instance, TalosLab.Stop)
            );
            if (way.Name == "role missing")
                Assert.Contains("needs the role 'os:reader'", e.Message, StringComparison.Ordinal);
            table.Add("may this one stop", call, way.Name, e.ErrorId);
        }
    }

    [Theory]
    [InlineData("ExtensionStatuses.runtime.talos.dev")]
    public async Task An_upgrade_without_the_answer_is_refused(string call)
    {
        foreach (var way in LostFacts.Ways)
        {
            using IDisposable failing = GateLab.Failing(lab.Node, call, way);
            TsException e = await Assert.ThrowsAsync<TsException>(() =>
                UpgradeAsync("ghcr.io/siderolabs/installer:v1.12.4")
            );
            if (way.Name == "role missing")
                Assert.Contains("needs the role 'os:reader'", e.Message, StringComparison.Ordinal);
            table.Add("upgrade", call, way.Name, e.ErrorId);
        }
    }

    [Theory]
    [InlineData("MachineConfigs.config.talos.dev/v1alpha1")]
    [InlineData("MachineConfigs.config.talos.dev/persistent")]
    public async Task An_upgrade_to_an_image_that_needs_a_configuration_is_refused_without_it(string call)
    {
        foreach (var way in LostFacts.Ways)
        {
            using IDisposable failing = GateLab.Failing(lab.Node, call, way);
            TsException e = await Assert.ThrowsAsync<TsException>(() =>
                ServiceConfigGate.CheckAsync(
                    lab.Client,
                    $"factory.talos.dev/metal-installer/{new string('a', 64)}:v1.12.4",
                    (_, _) => Task.FromResult<IReadOnlyList<string>?>(["siderolabs/tailscale"]),
                    SilentReporter.Instance,
                    TalosLab.Stop
                )
            );
            Assert.Equal(way.Name == Silent ? "TalosNodeUnavailable" : "GateUnknown", e.ErrorId);
            table.Add("upgrade, service config", call, way.Name, e.ErrorId);
        }
    }

    private Task UpgradeAsync(string image) =>
        UpgradeGate.CheckAsync(
            lab.Client,
            image,
            (_, _) => Task.FromResult<IReadOnlyList<string>?>(null),
            SilentReporter.Instance,
            TalosLab.Stop
        );

    private static string Told(UkiSwapGate[] gates) =>
        gates.Length == 0 ? "as before" : $"Unknown: {string.Join(", ", gates)}";
}
