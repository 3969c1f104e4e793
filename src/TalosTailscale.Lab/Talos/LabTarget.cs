using Grpc.Core;
using Microsoft.AspNetCore.Http;
using TalosTailscale.Lab.Pki;

namespace TalosTailscale.Lab.Talos;

/// <summary>The node or nodes that a call is for, found as apid's director does (internal/app/apid/pkg/director).</summary>
/// <param name="Names">The targets as the client named them; one empty name for the endpoint itself.</param>
/// <param name="IsFanOut">Whether the client asked by <c>nodes</c>, so that replies carry metadata.</param>
internal sealed record LabTarget(IReadOnlyList<string> Names, bool IsFanOut)
{
    private static readonly object s_key = new();

    /// <summary>The target of a call that has passed the gate.</summary>
    internal static LabTarget Of(ServerCallContext context) => (LabTarget)context.UserState[s_key];

    internal void Attach(ServerCallContext context) => context.UserState[s_key] = this;

    internal static LabTarget Parse(ServerCallContext context, LabEndpoint endpoint)
    {
        // HTTP joins repeated headers by commas, and no node has one in its name.
        var node = Values(context, "node");
        var nodes = Values(context, "nodes");
        if (node.Count > 1)
            throw Failure(StatusCode.InvalidArgument, "node metadata must be single-valued");
        if (node.Count == 0 && nodes.Count > 0 && context.Method.StartsWith("/cosi.", StringComparison.Ordinal))
            throw Failure(StatusCode.InvalidArgument, "one-2-many proxying is not supported for COSI methods");
        var target =
            node.Count == 1 ? new LabTarget(node, IsFanOut: false)
            : nodes.Count > 0 ? new LabTarget(nodes, IsFanOut: true)
            : new LabTarget([""], IsFanOut: false);
        foreach (var name in target.Names)
            CheckForwarding(name, endpoint);
        return target;
    }

    /// <summary>The node of one name, if it answers.</summary>
    internal static LabNode Resolve(LabCluster cluster, LabEndpoint endpoint, string name)
    {
        var node =
            name.Length == 0
                ? endpoint.Node ?? cluster.Nodes.FirstOrDefault(n => n.IsControlPlane && n.IsApiUp)
                : cluster.Nodes.FirstOrDefault(n =>
                    n.Address == name
                    || n.TailnetAddress == name
                    || n.Hostname.Equals(name, StringComparison.OrdinalIgnoreCase)
                    || n.Fqdn.Equals(name, StringComparison.OrdinalIgnoreCase)
                );
        if (node is { IsApiUp: true })
            return node;
        var why = node is null ? "no route to host" : "connection refused";
        throw Failure(
            StatusCode.Unavailable,
            $"connection error: desc = \"transport: Error while dialing: dial tcp {name}:50000: connect: {why}\""
        );
    }

    internal static RpcException Failure(StatusCode code, string text) => new(new Status(code, text));

    internal static LabEndpoint EndpointOf(ServerCallContext context) =>
        context.GetHttpContext().Features.Get<LabEndpoint>()!;

    internal static LabTlsConnection ConnectionOf(ServerCallContext context) =>
        context.GetHttpContext().Features.Get<LabTlsConnection>()!;

    private static List<string> Values(ServerCallContext context, string key) =>
        [
            .. context
                .RequestHeaders.Where(h => h.Key == key)
                .SelectMany(h => h.Value.Split(',', StringSplitOptions.TrimEntries)),
        ];

    private static void CheckForwarding(string name, LabEndpoint endpoint)
    {
        if (name.Length == 0)
            return;
        if (name.Contains(':', StringComparison.Ordinal) && !System.Net.IPAddress.TryParse(name, out _))
            throw Failure(StatusCode.Internal, "invalid target");
        if (endpoint.Node is { IsControlPlane: false } worker && name != worker.Address && name != worker.Hostname)
            throw Failure(StatusCode.PermissionDenied, "no request forwarding");
    }
}
