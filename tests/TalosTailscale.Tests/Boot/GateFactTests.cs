using System.Reflection;
using TalosTailscale.Core.Boot;
using TalosTailscale.Core.Boot.Swap;
using TalosTailscale.Core.Images;
using TalosTailscale.Core.Talos;

namespace TalosTailscale.Tests.Boot;

/// <summary>Every gate of a swap with each of its facts taken away: none of them holds.</summary>
public sealed class GateFactTests(GateTable table) : IClassFixture<GateTable>
{
    public static TheoryData<string> Facts => [.. LostFacts.All.Select(fact => fact.Name)];

    [Fact]
    public async Task With_all_facts_every_gate_holds()
    {
        IReadOnlyList<UkiSwapGateResult> results = GateBench.Evaluate(await GateBench.InputAsync(GateBench.Facts));

        Assert.Equal(Enum.GetValues<UkiSwapGate>().Order(), results.Select(r => r.Gate).Order());
        Assert.All(results, result => Assert.Equal(UkiSwapGateStatus.Passed, result.Status));
    }

    [Fact]
    public void Every_fact_stands_in_the_table() =>
        Assert.Equal(
            LostFacts.All.Select(fact => fact.Name).Order(StringComparer.Ordinal),
            LostFacts.GatesOf.Keys.Order(StringComparer.Ordinal)
        );

    [Theory]
    [MemberData(nameof(Facts))]
    public async Task A_lost_fact_refuses_by_its_gates_and_by_no_other(string name)
    {
        PropertyInfo fact = LostFacts.All.Single(one => one.Name == name);
        UkiSwapGate[] expected = LostFacts.GatesOf[name];
        foreach (var way in LostFacts.Ways)
        {
            FactLoss loss = LostFacts.Of(name, way);
            SwapGateInput input = await GateBench.InputAsync(GateBench.Facts.Without(fact, loss));
            IReadOnlyList<UkiSwapGateResult> results = GateBench.Evaluate(input);

            foreach (UkiSwapGateResult result in results)
            {
                if (!expected.Contains(result.Gate))
                {
                    Assert.Equal((result.Gate, UkiSwapGateStatus.Passed), (result.Gate, result.Status));
                    continue;
                }

                Assert.Equal((result.Gate, UkiSwapGateStatus.Unknown), (result.Gate, result.Status));
                Assert.Equal("GateUnknown", result.ErrorId);
                Assert.StartsWith(
                    $"{name} is not known: Get {name} on 'ampone'",
                    result.Evidence,
                    StringComparison.Ordinal
                );
                Assert.Equal(
                    way.Name == "role missing",
                    result.Evidence.Contains("role 'os:admin'", StringComparison.Ordinal)
                );
                Assert.Contains(loss.Advice!, result.Advice, StringComparison.Ordinal);
                Assert.Equal(
                    result.CanSkip,
                    result.Advice.Contains($"-SkipGate {result.Gate}'", StringComparison.Ordinal)
                );
                table.Add(result.Gate.ToString(), name, way.Name, result.ToString().Split(' ')[1]);
            }

            // Named, they go on, and are told as skipped; but for those that nothing skips.
            Assert.All(expected, gate =>
                Assert.Equal(
                    SwapGates.CanSkip(gate) ? UkiSwapGateStatus.Skipped : UkiSwapGateStatus.Unknown,
                    GateBench.Evaluate(input, expected).Of(gate).Status
                )
            );
        }
    }

    [Theory]
    [MemberData(nameof(Facts))]
    public async Task A_fact_that_nobody_asked_for_is_lost_too(string name)
    {
        PropertyInfo fact = LostFacts.All.Single(one => one.Name == name);
        SwapNodeFacts facts = GateBench.Facts with { };
        fact.SetValue(facts, Activator.CreateInstance(fact.PropertyType));

        IReadOnlyList<UkiSwapGateResult> results = GateBench.Evaluate(await GateBench.InputAsync(facts));

        Assert.Equal(
            LostFacts.GatesOf[name].Order(),
            results.Where(r => r.Status == UkiSwapGateStatus.Unknown).Select(r => r.Gate).Order()
        );
    }

    // What of a worker or without a restart is not asked is not missed; all else is.
    [Theory]
    [InlineData(true, false)]
    [InlineData(false, true)]
    [InlineData(false, false)]
    public async Task What_does_not_apply_is_not_missed(bool controlPlane, bool reboot)
    {
        var none = new FactLoss("The health of etcd", "it was not asked for");
        SwapNodeFacts facts = GateBench.Facts with
        {
            IsControlPlane = controlPlane,
            Etcd = none,
            OtherControlPlanes = none,
            OtherReadyControlPlanes = none,
        };
        IReadOnlyList<UkiSwapGateResult> results = GateBench.Evaluate(await GateBench.InputAsync(facts, reboot));

        Assert.Equal(
            [UkiSwapGate.Quorum, UkiSwapGate.ControlPlane],
            results.Where(r => r.Status == UkiSwapGateStatus.NotApplicable).Select(r => r.Gate)
        );
        Assert.All(results.Where(r => r.Status != UkiSwapGateStatus.NotApplicable), r =>
            Assert.Equal(UkiSwapGateStatus.Passed, r.Status)
        );
    }

    [Fact]
    public async Task What_the_image_does_not_tell_is_lost_too()
    {
        SwapGateInput input = await GateBench.InputAsync(GateBench.Facts);
        UkiInfo unread = input.Uki with { ExtensionsRead = false };

        IReadOnlyList<UkiSwapGateResult> results = GateBench.Evaluate(input with { Uki = unread });
        IReadOnlyList<UkiSwapGateResult> noCurrent = GateBench.Evaluate(input with { Current = null });

        Assert.Equal([UkiSwapGate.Extensions, UkiSwapGate.Tailscale], Unknown(results));
        Assert.All(Unknown(results), gate =>
            Assert.Contains("-Path", results.Of(gate).Advice, StringComparison.Ordinal)
        );
        Assert.Equal([UkiSwapGate.Signer], Unknown(noCurrent));
        table.Add("Extensions", "extensions of the image", "not found", "Unknown");
        table.Add("Tailscale", "extensions of the image", "not found", "Unknown");
        table.Add("Signer", "the current image", "not found", "Unknown");
    }

    private static IEnumerable<UkiSwapGate> Unknown(IEnumerable<UkiSwapGateResult> results) =>
        results.Where(result => result.Status == UkiSwapGateStatus.Unknown).Select(result => result.Gate);
}
