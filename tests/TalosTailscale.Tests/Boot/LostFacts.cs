using System.Reflection;
using Grpc.Core;
using TalosTailscale.Core.Boot;
using TalosTailscale.Core.Boot.Swap;
using TalosTailscale.Core.Talos;

namespace TalosTailscale.Tests.Boot;

/// <summary>The ways in which a fact goes missing, and the gates that must then refuse.</summary>
internal static class LostFacts
{
    /// <summary>The six ways: name, gRPC status, and the node's own words.</summary>
    internal static IReadOnlyList<(string Name, string Status, string Words)> Ways { get; } =
    [
        ("role missing", "PermissionDenied", "not authorized"),
        ("not found", "NotFound", "resource doesn't exist"),
        ("unimplemented", "Unimplemented", "unknown method"),
        ("internal", "Internal", "something broke"),
        ("time-out", "DeadlineExceeded", "context deadline exceeded"),
        ("peer silent", "Unavailable", "connection error: dial tcp 192.168.1.203:50000: i/o timeout"),
    ];

    /// <summary>The facts that are asked of a node, by their names.</summary>
    internal static IReadOnlyList<PropertyInfo> All { get; } =
    [
        .. typeof(SwapNodeFacts)
            .GetProperties()
            .Where(p => p.PropertyType.IsGenericType && p.PropertyType.GetGenericTypeDefinition() == typeof(Fact<>)),
    ];

    /// <summary>Which gates each fact decides on this node; those of no gate serve the plan and the shell.</summary>
    internal static IReadOnlyDictionary<string, UkiSwapGate[]> GatesOf { get; } =
        new Dictionary<string, UkiSwapGate[]>(StringComparer.Ordinal)
        {
            [nameof(SwapNodeFacts.Architecture)] = [UkiSwapGate.Architecture],
            [nameof(SwapNodeFacts.TalosVersion)] = [UkiSwapGate.Version],
            [nameof(SwapNodeFacts.Stage)] = [UkiSwapGate.Stage],
            [nameof(SwapNodeFacts.BootedWithUki)] = [UkiSwapGate.UkiBoot],
            [nameof(SwapNodeFacts.SecureBoot)] = [UkiSwapGate.Variant, UkiSwapGate.Signer],
            [nameof(SwapNodeFacts.PcrKeyFingerprint)] = [UkiSwapGate.PcrKey],
            [nameof(SwapNodeFacts.BootedEntry)] = [UkiSwapGate.NextBoot],
            [nameof(SwapNodeFacts.KernelCommandLine)] = [],
            [nameof(SwapNodeFacts.Variables)] = [UkiSwapGate.NextBoot],
            [nameof(SwapNodeFacts.Extensions)] = [UkiSwapGate.Extensions],
            [nameof(SwapNodeFacts.SchematicId)] = [],
            [nameof(SwapNodeFacts.SealedVolumes)] = [UkiSwapGate.PcrKey],
            [nameof(SwapNodeFacts.ServiceConfigActive)] = [UkiSwapGate.ServiceConfig],
            [nameof(SwapNodeFacts.ServiceConfigPersistent)] = [UkiSwapGate.ServiceConfig],
            [nameof(SwapNodeFacts.NodeSubnets)] = [UkiSwapGate.Subnets],
            [nameof(SwapNodeFacts.EtcdSubnets)] = [UkiSwapGate.Subnets],
            [nameof(SwapNodeFacts.LansInTailnetRange)] = [UkiSwapGate.LanInTailnetRange],
            [nameof(SwapNodeFacts.LeavesLan)] = [UkiSwapGate.LanInTailnetRange],
            [nameof(SwapNodeFacts.IsControlPlane)] =
            [
                UkiSwapGate.Subnets,
                UkiSwapGate.Quorum,
                UkiSwapGate.ControlPlane,
            ],
            [nameof(SwapNodeFacts.Etcd)] = [UkiSwapGate.Quorum],

            // Asked only where none is Ready; GateUkiTests takes it away there.
            [nameof(SwapNodeFacts.OtherControlPlanes)] = [],
            [nameof(SwapNodeFacts.OtherReadyControlPlanes)] = [UkiSwapGate.ControlPlane],
            [nameof(SwapNodeFacts.BootId)] = [],
        };

    /// <summary>The facts without one of them.</summary>
    internal static SwapNodeFacts Without(this SwapNodeFacts facts, PropertyInfo fact, FactLoss loss)
    {
        SwapNodeFacts copy = facts with { };
        fact.SetValue(
            copy,
            Activator.CreateInstance(
                fact.PropertyType,
                BindingFlags.Instance | BindingFlags.NonPublic,
                null,
                [loss],
                null
            )
        );
        return copy;
    }

    /// <summary>What a call of Talos that ends so makes of a fact.</summary>
    internal static FactLoss Of(string fact, (string Name, string Status, string Words) way) =>
        FactLoss.From(
            fact,
            TalosFailure.Explain(
                new RpcException(new Status(Enum.Parse<StatusCode>(way.Status), way.Words)),
                TalosCall.Read($"Get {fact}", TalosCall.Admin),
                "ampone",
                new TalosEndpoint("192.168.1.194", 50000),
                ["os:reader"]
            )
        );
}
